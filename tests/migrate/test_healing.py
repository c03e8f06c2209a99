"""What a move leaves when it dies, and what a store loses afterwards, is found and put right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gallery.errors import Unavailable
from gallery.library import Library
from gallery.records import Record
from migrate.carry import Carrier
from tests.migrate.moves import Move, stored
from tests.migrate.test_interrupted import Dying, Killed
from tests.samples import OWNER, ident, put

WAYS = [("files", "services"), ("services", "files")]
on_each = pytest.mark.parametrize("ways", WAYS, ids=" to ".join)


@on_each
@pytest.mark.parametrize("step", ["copy", "follow"])
def test_what_was_sent_of_an_image_that_was_purged_before_it_was_all_there_goes(
    move: Move, step: str
) -> None:
    move.plan()
    one = put(move.source, 1)
    dying = Dying(move.target, 2)  # it is announced, and its original sent
    with pytest.raises(Killed):
        move.copy(threads=1) if step == "copy" else move.follow()
    dying.revive()
    assert one.image in stored(move.target)
    assert one.thumb not in stored(move.target)
    move.source.trash(OWNER, one.id)
    move.source.purge(OWNER, one.id)
    move.copy()
    move.follow()
    assert stored(move.target) == {}
    move.is_equal()


def test_the_same_when_only_an_attempt_died(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    put(move.source, 1)
    move.plan()
    move.copy()
    put(move.source, 2)
    bodies = Carrier._bodies

    def purged_and_failed(self: Carrier, record: Record, sidecar: bytes) -> bool:
        bodies(self, record, sidecar)
        move.source.trash(OWNER, record.id)
        move.source.purge(OWNER, record.id)
        raise Unavailable("the bucket went away")

    monkeypatch.setattr(Carrier, "_bodies", purged_and_failed)
    move.follow()
    move.is_equal()
    assert stored(move.target) == stored(move.source)


def _row(library: Library, one: Record) -> None:
    other = library.get(OWNER, ident(2))
    with library.catalog.lock(OWNER):
        library.catalog.rebuild(OWNER, one.month, [(other.record, other.seen)])


LOST: dict[str, Callable[[Library, Record], None]] = {
    "its original": lambda library, one: library.blobs.delete(one.image),
    "its sidecar": lambda library, one: library.blobs.delete(one.folder.sidecar(one.id)),
    "its row": _row,
    "its thumbnail": lambda library, one: library.blobs.delete(one.thumb),
}


@on_each
@pytest.mark.parametrize("what", LOST)
def test_a_target_that_lost(move: Move, what: str) -> None:
    """It said that it had it. A copy that looks at everything again brings it again."""
    one, _ = put(move.source, 1), put(move.source, 2)
    move.all()
    LOST[what](move.target, one)
    said = move.verify()[1]
    assert all(one.id in line for line in said)
    assert len(said) == (what != "its thumbnail")
    assert not move.copy().outcomes
    healed = "copied" if what == "its row" else "healed"
    assert move.copy(again=True).outcomes == {healed: 1, "same": 1}
    assert stored(move.target) == stored(move.source)
    move.is_equal()


@on_each
def test_a_target_that_lost_all_but_the_row(move: Move) -> None:
    one = put(move.source, 1)
    move.all()
    for key in stored(move.target):
        move.target.blobs.delete(key)
    assert move.verify()[0].exit_code == 1
    move.copy(again=True)
    assert stored(move.target) == stored(move.source)
    move.is_equal()
    assert one.id == ident(1)


@on_each
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_row_of_which_nothing_lies_there_is_named(move: Move, side: str) -> None:
    library: Library = getattr(move, side)
    one = put(library, 1)
    for key in stored(library):
        library.blobs.delete(key)
    report, said = move.verify()
    assert (report.exit_code, said) == (
        1,
        [f"* {one.folder.sidecar(one.id)}: {side}: nothing lies there of what the catalog knows"],
    )


def test_an_image_that_is_put_aside_does_not_keep_a_follow_from_going_on(move: Move) -> None:
    one = put(move.source, 1)
    move.source.blobs.put(one.image, b"x" * one.bytes)
    move.plan()
    move.copy(policy="quarantine")
    put(move.source, 2)
    move.follow()
    assert move.target.catalog.get(OWNER, ident(2)) is not None
