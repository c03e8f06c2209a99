"""Every sentence of Notes' contract, for the notes of every catalog."""

from __future__ import annotations

import threading

import pytest

from gallery.catalog.notes import Notes
from tests.conformance.stores import Catalogs

Pair = tuple[Notes, Notes]


@pytest.fixture
def notes(both: Catalogs) -> Pair:
    """Where to write and where to read."""
    return both.write.notes, both.read.notes


def test_a_note_that_nobody_wrote_is_none(notes: Pair) -> None:
    write, read = notes
    write.write("clock", b"now")
    assert read.read("scrub.json") is None


def test_a_note_is_read_as_it_was_last_written(notes: Pair) -> None:
    write, read = notes
    for body in (b"\0\xff\n of any bytes", b"", bytes(1 << 20), b"shorter"):
        write.write("clock", body)
        assert read.read("clock") == body


def test_a_note_is_known_by_its_name_alone(notes: Pair) -> None:
    write, read = notes
    write.write("clock", b"now")
    write.write("scrub.json", b"{}")
    assert (read.read("clock"), read.read("scrub.json")) == (b"now", b"{}")


def test_only_one_holds_a_lock(notes: Pair) -> None:
    write, other = notes
    order: list[str] = []

    def second() -> None:
        with other.lock("scrub"):
            order.append("second")

    with write.lock("scrub"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def tried(notes: Notes, name: str) -> bool:
    """As another thread would find it."""
    found: list[bool] = []

    def work() -> None:
        with notes.trying(name) as held:
            found.append(held)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    return found[0]


def test_a_lock_that_is_held_cannot_be_had_without_waiting(notes: Pair) -> None:
    write, other = notes
    with write.lock("scrub"):
        assert not tried(other, "scrub")
        assert tried(other, "something else")
    with write.trying("scrub") as held:
        assert held
        assert not tried(other, "scrub")
    assert tried(other, "scrub")


def test_a_lock_that_could_not_be_had_is_not_let_go_of_for_others(notes: Pair) -> None:
    write, other = notes
    with write.lock("scrub"):
        assert not tried(other, "scrub")
        assert not tried(other, "scrub")


def test_a_lock_is_no_note_and_keeps_nobody_from_reading(notes: Pair) -> None:
    write, read = notes
    with write.lock("scrub"):
        write.write("scrub.json", b"{}")
        assert read.read("scrub.json") == b"{}"
        assert read.read("scrub") is None


def test_a_lock_ends_with_an_error(notes: Pair) -> None:
    write, other = notes
    with pytest.raises(RuntimeError), write.lock("scrub"):
        raise RuntimeError
    assert tried(other, "scrub")
