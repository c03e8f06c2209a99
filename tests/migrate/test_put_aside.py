"""What cannot be copied is put aside; and all else of its owner still has to be there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gallery.errors import StartRefused
from gallery.records import Record
from migrate.sides import Sides
from migrate.walk import Only
from tests.migrate.moves import Move
from tests.migrate.operator import Operator
from tests.migrate.turning import HERE, THERE, Living
from tests.samples import NOON, OWNER, SECOND, ident, pixels, upload

MONTH = 31 * 86_400 * SECOND


@pytest.fixture
def ways() -> tuple[str, str]:
    return "files", "files"


@pytest.fixture
def damaged(empty: Living) -> Record:
    """Of two images, each of a month of its own."""
    source = empty.move.source
    upload(source, pixels(1), id=ident(1), created_at=NOON - MONTH)
    damaged = upload(source, pixels(2), id=ident(2)).entry.record
    source.blobs.put(damaged.image, b"x" * damaged.bytes)
    empty.move.plan()
    return damaged


def _is_there(move: Move, n: int) -> bool:
    return move.target.catalog.get(OWNER, ident(n)) is not None


def test_it_stays_behind(empty: Living, damaged: Record) -> None:
    empty.move.copy(policy="quarantine")
    empty.turn()
    assert empty.lives == THERE
    assert [_is_there(empty.move, n) for n in (1, 2)] == [True, False]
    empty.turn()
    assert empty.lives == HERE
    assert empty.library.get(OWNER, ident(2)).record == damaged


def test_where_more_of_its_owner_is_missing_nothing_turns(empty: Living, damaged: Record) -> None:
    """A part was copied first, and the rest forgotten."""
    empty.move.copy(Only(month=damaged.month), policy="quarantine")
    with pytest.raises(StartRefused, match="differ"):
        empty.turn()
    assert empty.lives == HERE
    empty.move.copy(policy="quarantine")
    empty.turn()
    assert _is_there(empty.move, 1)


def test_one_that_was_mended_is_copied_by_the_next(empty: Living, damaged: Record) -> None:
    empty.move.copy(policy="quarantine")
    empty.move.source.blobs.put(damaged.image, pixels(2))
    assert empty.move.plan().anomalies == []
    assert empty.move.copy().outcomes == {"copied": 1}
    empty.turn()
    assert empty.library.get(OWNER, ident(2)).record == damaged
    empty.move.is_equal()


def test_whoever_changes_it_keeps_nobody_from_moving(empty: Living, damaged: Record) -> None:
    empty.move.copy(policy="quarantine")
    empty.move.source.edit(OWNER, ident(2), tags=("broken?",))
    empty.move.follow()
    trashed = empty.move.source.trash(OWNER, ident(2)).record
    empty.turn()
    assert empty.lives == THERE
    assert not _is_there(empty.move, 2)
    empty.turn()
    assert empty.library.get(OWNER, ident(2)).record == trashed


@pytest.mark.parametrize("how", ["by a copy back", "by a catalog that is made again"])
def test_it_is_not_dropped_where_it_stayed(empty: Living, damaged: Record, how: str) -> None:
    move = empty.move
    move.copy(policy="quarantine")
    empty.turn()
    if how == "by a copy back":  # to look at everything once more, or by a move of its own
        Move(Sides(move.target, move.source, "here"), Path(move.folder.path)).copy(again=True)
    else:
        upload(empty.library, pixels(3), id=ident(3))  # of the same month
        move.target.healing.rebuild(OWNER)
    empty.turn()
    assert empty.library.get(OWNER, ident(2)).record == damaged
    assert empty.library.blobs.stat(damaged.image)


def test_one_of_a_month_that_was_copied_is_put_aside_and_brought_when_it_is_mended(
    operator: Operator,
) -> None:
    operator.copied()
    with operator.library() as library:
        said: dict[str, Any] = {"id": ident(99), "created_at": NOON - MONTH}
        late = upload(library, pixels(99), **said).entry.record
        library.blobs.put(late.image, b"x" * late.bytes)
    assert "not what its sidecar says" in operator.refused("follow")
    aside = ("--policy", "quarantine")
    digest = operator.told("plan", code=1)["digest"]
    (found,) = operator.told("copy", "--plan", digest, *aside, code=1)["anomalies"]
    assert ident(99) in found["name"]
    operator.told("follow")
    with operator.library() as library:
        library.blobs.put(late.image, pixels(99))
    digest = operator.told("plan")["digest"]
    assert operator.told("copy", "--plan", digest)["outcomes"]["copied"] == 1
    operator.told("cutover")
    with closing(operator.opened(operator.there)) as library:
        assert library.get(OWNER, ident(99)).record == late


def test_one_that_both_sides_have_otherwise_keeps_the_library_where_it_is(empty: Living) -> None:
    """It was purged, and another put under its id that says it is as old: it is never sent over
    what lies there. What is told of it since stays with it."""
    move = empty.move
    said: dict[str, Any] = {"id": ident(1), "created_at": NOON}
    upload(move.source, b"1st render", **said)
    move.all()
    move.source.trash(OWNER, ident(1))
    move.source.purge(OWNER, ident(1))
    upload(move.source, b"2nd render", **said)
    assert len(move.copy(policy="quarantine", again=True).anomalies) == 1
    told = move.source.edit(OWNER, ident(1), tags=("acknowledged",)).record
    move.follow()
    with pytest.raises(StartRefused, match="differ"):
        empty.turn()
    assert empty.lives == HERE
    move.source.trash(OWNER, ident(1))
    move.source.purge(OWNER, ident(1))
    upload(move.source, b"2nd render", id=ident(2), tags=told.tags)
    empty.turn()
    assert empty.lives == THERE
    assert empty.library.get(OWNER, ident(2)).record.tags == told.tags
