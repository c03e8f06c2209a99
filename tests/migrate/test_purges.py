"""What is purged where the library lives is purged where it lived: all of it, and nothing else."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gallery import carried
from gallery.blobs import ASIDE, QUARANTINE
from gallery.carried import Purges
from gallery.library import Library
from tests.migrate.moves import Move, fill, stored
from tests.samples import OWNER, ident, put

STEPS = ("doom", "delete", "finish", "apply", "write")
WAYS = [("files", "memory"), ("memory", "files"), ("services", "files"), ("files", "services")]


@pytest.fixture
def ways() -> tuple[str, str]:
    return "files", "memory"


@pytest.fixture
def here(move: Move) -> Library:
    """Where the library lives, after it left the source."""
    fill(move.source)
    move.all()
    carried.begin(move.target.catalog.notes, move.target.catalog.changes(None).position, whole=True)
    return move.target


def _purge(here: Library, n: int = 1) -> None:
    here.trash(OWNER, ident(n))
    here.purge(OWNER, ident(n))


def _carry(move: Move) -> None:
    """As a process does that was just started."""
    Purges(move.target, move.source).carry()


def _left(move: Move, n: int = 1) -> list[str]:
    every = [found.key for found in move.source.blobs.list("")]
    return [key for key in every if ident(n) in key]


@pytest.mark.parametrize("ways", WAYS, ids=" to ".join)
def test_a_purge_is_carried(move: Move, here: Library) -> None:
    _purge(here)
    here.edit(OWNER, ident(2), tags=("since",))
    _carry(move)
    assert _left(move) == []
    assert move.source.catalog.get(OWNER, ident(1)) is None
    assert stored(move.source).keys() == stored(here).keys()


def test_it_is_carried_once(move: Move, here: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _purge(here)
    _carry(move)
    touched: list[Any] = []
    for name in ("doom", "delete"):
        monkeypatch.setattr(move.source.blobs, name, lambda *args: touched.append(args))
    _carry(move)
    assert touched == []


class Killed(BaseException):
    """The process is gone."""


def test_a_process_that_dies_at_any_step_leaves_the_rest_to_the_next(
    move: Move, here: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, steps = False, 0
    while not ended:
        number, steps = 100 + steps, steps + 1
        put(here, number)
        put(move.source, number)
        _purge(here, number)
        with monkeypatch.context() as dying:
            _die_after(move, steps, dying)
            try:
                _carry(move)
                ended = True
            except Killed:
                pass
        _carry(move)
        assert _left(move, number) == []
        assert move.source.catalog.get(OWNER, ident(number)) is None
    assert steps > 10


def _die_after(move: Move, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = steps
    stores = (move.source.blobs, move.source.catalog, move.target.catalog.notes)
    for store in stores:
        for name in STEPS:
            if real := getattr(store, name, None):

                def stepped(*args: Any, _real: Any = real) -> Any:
                    nonlocal left
                    if left <= 0:
                        raise Killed
                    left -= 1
                    return _real(*args)

                monkeypatch.setattr(store, name, stepped)


def test_an_image_that_was_put_again_stays(move: Move, here: Library) -> None:
    _purge(here)
    put(here, 1)
    before = stored(move.source)
    _carry(move)
    assert stored(move.source) == before


def test_what_was_set_aside_is_purged_there(move: Move, here: Library) -> None:
    for key, body in stored(move.source).items():
        move.source.blobs.put(ASIDE + key, body)
    _purge(here)
    _carry(move)
    assert _left(move) == []
    assert len(_left(move, 2)) == 6


@pytest.mark.parametrize("aside", [ASIDE, QUARANTINE])
def test_what_a_move_put_aside_where_the_library_lives_is_purged(
    move: Move, here: Library, aside: str
) -> None:
    """Its pixels, when its sidecar was damaged; or all of it, by the cleanup of an earlier move."""
    for key, body in stored(here).items():
        here.blobs.put(aside + key, body)
    _purge(here)
    _carry(move)
    there = [found.key for found in here.blobs.list(aside)]
    assert not any(ident(1) in key for key in there)
    assert any(ident(2) in key for key in there)


# -- when the feed no longer tells --------------------------------------------------------------


@pytest.fixture
def forgotten(here: Library) -> Library:
    carried.begin(here.catalog.notes, "no.1.position", whole=True)
    return here


def test_what_is_gone_is_found_by_its_month(move: Move, forgotten: Library) -> None:
    _purge(forgotten)
    _carry(move)
    assert _left(move) == []
    assert stored(move.source) == stored(forgotten)
    position = orjson.loads(forgotten.catalog.notes.read(carried.NAME) or b"")["position"]
    assert forgotten.catalog.changes(position).noted == []


def test_a_catalog_that_was_lost_purges_nothing(move: Move, forgotten: Library) -> None:
    before = stored(move.source)
    for owner in forgotten.catalog.owners():
        for month in forgotten.catalog.months(owner):
            with forgotten.catalog.lock(owner):
                forgotten.catalog.rebuild(owner, month, [])
    _carry(move)
    assert stored(move.source) == before


def test_where_not_all_was_brought_nothing_is_purged_for_its_absence(
    move: Move, here: Library
) -> None:
    carried.begin(here.catalog.notes, "no.1.position", whole=False)
    put(move.source, 70)
    before = stored(move.source)
    _carry(move)
    assert stored(move.source) == before
    _purge(here)
    _carry(move)
    assert _left(move) == []


def test_how_far_it_came_is_kept_though_nothing_was_purged(
    move: Move, here: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the feed would hold it no more after a quiet week; and it is not written for each."""

    def left() -> int:
        note = orjson.loads(here.catalog.notes.read(carried.NAME) or b"")
        return len(here.catalog.changes(note["position"]).noted)

    purges = Purges(here, move.source)
    for kept, expected in ((3600.0, 0), (3600.0, 1), (0.0, 0)):
        monkeypatch.setattr(carried, "KEPT_SECONDS", kept)
        here.edit(OWNER, ident(2), tags=(f"{kept} {expected}",))
        purges.carry()
        assert left() == expected
