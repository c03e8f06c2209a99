"""The side that was left is emptied in two steps, and of what the library has for certain only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gallery.blobs import ASIDE
from gallery.encoding import encode_sidecar
from gallery.keys import Key
from gallery.library import Library
from migrate.cleanup import Cleaned, Cleanup
from migrate.sides import Sides
from tests.migrate.moves import Move, fill, stored
from tests.samples import OWNER, ident, pixels, plant, put, record


@pytest.fixture
def ways() -> tuple[str, str]:
    return "files", "memory"


@pytest.fixture
def cleaning(move: Move) -> Cleaning:
    """Of the files that a library left for stores in memory."""
    fill(move.source)
    move.all()
    return Cleaning(move)


class Cleaning:
    def __init__(self, move: Move) -> None:
        self.move = move
        self.here, self.left = move.target, move.source
        self.position = self.here.catalog.changes(None).position
        self.before = stored(self.left)

    def run(self, *, remove: bool = False, dry: bool = False) -> Cleaned:
        with self.move.folder.journal() as journal:
            sides = Sides(self.here, self.left, "left")
            cleanup = Cleanup(sides, self.position, None if dry else journal)
            return cleanup.remove() if remove else cleanup.set_aside()

    def aside(self) -> dict[str, bytes]:
        found = self.left.blobs.list(ASIDE)
        return {at.key.removeprefix(ASIDE): self.left.blobs.read(at.key) for at in found}

    def rows(self) -> int:
        totals = [self.left.catalog.totals(owner) for owner in self.left.catalog.owners()]
        return sum(kind.active + kind.trash for kinds in totals for kind in kinds.values())


def test_a_dry_run_changes_nothing(cleaning: Cleaning) -> None:
    cleaned = cleaning.run(dry=True)
    assert cleaned.images.total() == 6
    assert cleaned.bytes.total() == sum(len(pixels(n)) for n in range(1, 7))
    assert (stored(cleaning.left), cleaning.rows()) == (cleaning.before, 6)


def test_all_is_set_aside_and_then_removed(cleaning: Cleaning) -> None:
    here = stored(cleaning.here)
    assert cleaning.run().images.total() == 6
    assert (stored(cleaning.left), cleaning.aside()) == ({}, cleaning.before)
    assert cleaning.rows() == 0
    assert cleaning.run(remove=True, dry=True).images.total() == 6
    assert cleaning.aside() == cleaning.before
    cleaned = cleaning.run(remove=True)
    assert (cleaned.images.total(), cleaned.left) == (6, {})
    assert cleaning.aside() == {}
    assert stored(cleaning.here) == here


def _lost(cleaning: Cleaning) -> None:
    cleaning.here.blobs.delete(_key(cleaning).folder.image(ident(1), "png"))


def _short(cleaning: Cleaning) -> None:
    cleaning.here.blobs.put(_key(cleaning).folder.image(ident(1), "png"), pixels(1)[:-1])


def _unknown(cleaning: Cleaning) -> None:
    cleaning.here.trash(OWNER, ident(1))
    cleaning.here.purge(OWNER, ident(1))


def _another(cleaning: Cleaning) -> None:
    """Changed since it was verified, so it is read once more."""
    cleaning.here.edit(OWNER, ident(1), tags=("since",))
    size = len(pixels(1))
    cleaning.here.blobs.put(_key(cleaning).folder.image(ident(1), "png"), b"x" * size)


def _key(cleaning: Cleaning) -> Key:
    entry = cleaning.left.catalog.get(OWNER, ident(1))
    assert entry is not None
    return Key(entry.record.folder, ident(1), "sidecar", "json")


UNSURE: dict[Callable[[Cleaning], None], str] = {
    _lost: "the library's original is not there",
    _short: "the library's original has 100 bytes instead of 101",
    _unknown: "the library does not know it",
    _another: "the library's original is another than its record says",
}


@pytest.mark.parametrize("what", UNSURE, ids=lambda what: what.__name__)
def test_what_the_library_has_not_for_certain_stays(
    cleaning: Cleaning, what: Callable[[Cleaning], None]
) -> None:
    name = str(_key(cleaning).folder.sidecar(ident(1)))
    what(cleaning)
    cleaned = cleaning.run()
    assert cleaned.left == {name: UNSURE[what]}
    assert cleaned.images.total() == 5
    assert {key for key in stored(cleaning.left) if ident(1) in key} == {
        key for key in cleaning.before if ident(1) in key
    }


def test_names_that_are_no_keys_and_images_without_sidecar_stay(cleaning: Cleaning) -> None:
    odd, left = record(50), cleaning.left
    left.blobs.put(f"{odd.folder}/holiday.png", b"theirs")
    left.blobs.put(odd.image, pixels(50))
    cleaned = cleaning.run()
    assert cleaned.left == {
        f"{odd.folder}/holiday.png": "not a name of ours",
        odd.folder.sidecar(odd.id): "nothing says what it is",
    }
    assert stored(left).keys() == {f"{odd.folder}/holiday.png", odd.image}


def test_an_image_whose_row_was_lost_is_known_by_its_sidecar(cleaning: Cleaning) -> None:
    month = _key(cleaning).folder.month
    with cleaning.left.catalog.lock(OWNER):
        cleaning.left.catalog.rebuild(OWNER, month, [])
    assert cleaning.run().images.total() == 6
    assert stored(cleaning.left) == {}


def test_what_was_set_aside_stays_when_the_library_lost_it_since(cleaning: Cleaning) -> None:
    name = _key(cleaning).folder.image(ident(1), "png")
    cleaning.run()
    cleaning.here.blobs.delete(name)
    cleaned = cleaning.run(remove=True)
    assert set(cleaned.left.values()) == {"the library's original is not there"}
    assert cleaning.aside().keys() == {key for key in cleaning.before if ident(1) in key}


def test_when_the_feed_no_longer_tells_what_changed_all_is_read(cleaning: Cleaning) -> None:
    cleaning.position = "no.1.position"
    size = len(pixels(1))
    cleaning.here.blobs.put(_key(cleaning).folder.image(ident(1), "png"), b"x" * size)
    cleaned = cleaning.run()
    assert list(cleaned.left.values()) == [UNSURE[_another]]


class Killed(BaseException):
    """The process is gone."""


STEPS = ("rename", "delete", "apply_all")


def _dying(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the stores take one step, and no other."""
    taken: list[str] = []
    for store in (library.blobs, library.catalog):
        for name in STEPS:
            if real := getattr(store, name, None):

                def stepped(*args: Any, _real: Any = real, _name: str = name) -> Any:
                    if taken:
                        raise Killed
                    taken.append(_name)
                    return _real(*args)

                monkeypatch.setattr(store, name, stepped)


@pytest.mark.parametrize("remove", [False, True], ids=["setting aside", "removing"])
def test_after_any_step_it_can_be_gone_on_with(
    move: Move, remove: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        put(move.source, number)
    move.all()
    cleaning, died = Cleaning(move), 0
    if remove:
        cleaning.run()
    while True:
        with monkeypatch.context() as dying:
            _dying(cleaning.left, dying)
            try:
                cleaning.run(remove=remove)
                break
            except Killed:
                died += 1
    assert died == (5 if remove else 6)
    assert (stored(cleaning.left), cleaning.rows()) == ({}, 0)
    assert cleaning.aside() == ({} if remove else cleaning.before)
    assert len(stored(cleaning.here)) == 6


def test_an_image_that_is_purged_meanwhile_is_not_set_aside(
    cleaning: Cleaning, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = cleaning.left.catalog.lock

    def late(owner: str) -> Any:
        if cleaning.here.catalog.get(OWNER, ident(1)):
            _unknown(cleaning)
        return lock(owner)

    monkeypatch.setattr(cleaning.left.catalog, "lock", late)
    assert cleaning.run().images.total() == 5
    assert not [key for key in cleaning.aside() if ident(1) in key]


def test_a_sidecar_that_says_another_original_stays(cleaning: Cleaning) -> None:
    other = record(60)
    plant(cleaning.left.blobs, other)
    mine = put(cleaning.here, 60)
    assert (mine.folder, mine.sha256) != (other.folder, other.sha256)
    cleaned = cleaning.run()
    assert list(cleaned.left) == [other.folder.sidecar(other.id)]
    assert encode_sidecar(other) in stored(cleaning.left).values()


def test_what_the_catalog_alone_does_not_know_stays_set_aside(cleaning: Cleaning) -> None:
    """It may have been lost, and the original with it."""
    cleaning.run()
    folder = cleaning.here.get(OWNER, ident(1)).record.folder
    cleaning.here.blobs.delete(folder.image(ident(1), "png"))
    with cleaning.here.catalog.lock(OWNER):
        cleaning.here.catalog.rebuild(OWNER, folder.month, [])
    cleaned = cleaning.run(remove=True)
    assert "the library does not know it" in cleaned.left.values()
    assert folder.image(ident(1), "png") in cleaning.aside()
