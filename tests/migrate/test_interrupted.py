"""A move that is cut short, at any step, is gone on with; and what races it loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gallery.library import Library
from migrate.carry import Carrier
from migrate.journal import begun_in
from migrate.pace import Pace
from migrate.sides import Sides
from tests.migrate.moves import Move, fill, stored
from tests.samples import OWNER, ident, plant, put, record

_STEPS = ("put", "put_new", "delete", "stage", "commit", "replace", "doom", "finish")


class Killed(BaseException):
    """The process is gone: nothing that runs in it may tidy up."""


class Dying:
    """Lets a library's stores take so many steps, and none after that."""

    def __init__(self, library: Library, steps: int) -> None:
        self.left = steps
        self._undo: list[tuple[Any, str]] = []
        for store, names in ((library.blobs, _STEPS), (library.catalog, ("apply", "apply_all"))):
            for name in names:
                if hasattr(store, name):
                    self._wrap(store, name)

    def _wrap(self, store: Any, name: str) -> None:
        real = getattr(store, name)

        def stepped(*args: Any, **kwargs: Any) -> Any:
            if self.left <= 0:
                raise Killed
            result = real(*args, **kwargs)
            self.left -= 1
            if self.left == 0:
                raise Killed
            return result

        setattr(store, name, stepped)
        self._undo.append((store, name))

    def revive(self) -> None:
        for store, name in self._undo:
            delattr(store, name)


def _until_done(move: Move, act: Callable[[], Any], steps: int) -> bool:
    """Whether the act came to its end within so many steps."""
    dying = Dying(move.target, steps)
    try:
        act()
    except Killed:
        return False
    finally:
        dying.revive()
    return True


@pytest.mark.parametrize("ways", [("memory", "memory"), ("memory", "files")], ids=" to ".join)
def test_a_copy_that_dies_after_any_step_is_gone_on_with(move: Move) -> None:
    fill(move.source, 4)
    steps = 1
    while not _until_done(move, lambda: move.copy(threads=1), steps):
        steps += 1
        move.copy(threads=1)
        move.is_equal()
        assert stored(move.target) == stored(move.source)
        for entry in list(stored(move.target)):
            move.target.blobs.delete(entry)
        for owner in move.target.catalog.owners():
            move.target.healing.rebuild(owner)
        _forget(move)
    assert steps > 12


@pytest.mark.parametrize("ways", [("memory", "memory"), ("memory", "files")], ids=" to ".join)
def test_a_follow_that_dies_after_any_step_is_gone_on_with(move: Move) -> None:
    put(move.source, 1)
    move.plan()
    move.copy()
    number, steps, ended = 2, 1, False
    while not ended:
        move.source.edit(OWNER, ident(number - 1), tags=(f"round {number}",))
        move.source.trash(OWNER, ident(number - 1))
        put(move.source, number)
        if number > 2:
            move.source.purge(OWNER, ident(number - 2))
        ended = _until_done(move, move.follow, steps)
        steps += 1
        number += 1
        move.follow()
        move.is_equal()
        assert stored(move.target) == stored(move.source)
    assert steps > 8


def _forget(move: Move) -> None:
    with open(move.folder.journal_path, "wb"):
        pass


def _purge(library: Library) -> None:
    library.trash(OWNER, ident(1))
    library.purge(OWNER, ident(1))


RACES: dict[str, Callable[[Library], Any]] = {
    "an edit": lambda library: library.edit(OWNER, ident(1), tags=("raced",)),
    "its trashing": lambda library: library.trash(OWNER, ident(1)),
    "its purge": _purge,
}


@pytest.mark.parametrize("what", RACES)
def test_between_original_and_sidecar_comes(
    move: Move, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(move.source, 1)
    move.plan()
    bodies = Carrier._bodies

    def raced(self: Carrier, record: Any, sidecar: bytes) -> bool:
        arrived = bodies(self, record, sidecar)
        RACES[what](move.source)
        return arrived

    monkeypatch.setattr(Carrier, "_bodies", raced)
    move.copy()
    monkeypatch.undo()
    assert stored(move.target) == stored(move.source)
    move.follow()
    move.is_equal()


@pytest.mark.parametrize("step", ["copy", "follow"])
def test_between_its_sidecar_and_its_original_comes_a_purge(
    move: Move, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone then, and not damaged."""
    move.plan()
    put(move.source, 1)
    bodies = Carrier._bodies

    def raced(self: Carrier, record: Any, sidecar: bytes) -> bool:
        _purge(move.source)
        return bodies(self, record, sidecar)

    monkeypatch.setattr(Carrier, "_bodies", raced)
    if step == "copy":
        assert move.copy().anomalies == []
    else:
        move.follow()
    monkeypatch.undo()
    move.follow()
    assert stored(move.target) == {}
    move.is_equal()


def test_a_paused_move_begins_nothing(move: Move) -> None:
    move.folder.pause(on=True)
    pace = Pace(paused=lambda: move.folder.is_paused)
    pace.start()
    while pace._may.is_set():
        pass
    move.folder.pause(on=False)
    pace.begin()  # returns
    pace.stop()


def test_what_was_sent_in_part_is_swept_when_it_is_purged_after_that_was_found(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process finds it on the source still, and dies or is too late."""
    move.plan()
    put(move.source, 1)
    assert not _until_done(move, move.follow, 2)
    assert len(stored(move.target)) == 2
    recover = Carrier.recover

    def raced(self: Carrier, entries: Any) -> None:
        recover(self, entries)
        if entries and move.source.catalog.get(OWNER, ident(1)):
            _purge(move.source)

    monkeypatch.setattr(Carrier, "recover", raced)
    move.follow()
    assert stored(move.target) == {}


def test_nothing_stays_of_what_was_purged_before_the_catalog_heard_of_it(move: Move) -> None:
    move.plan()
    put(move.source, 1)
    assert not _until_done(move, move.follow, 5)
    assert len(stored(move.target)) == 3
    assert move.target.catalog.get(OWNER, ident(1)) is None
    _purge(move.source)
    move.follow()
    assert stored(move.target) == {}


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_what_could_not_be_sent_is_not_dropped_when_the_roles_are_exchanged(
    move: Move, known: bool
) -> None:
    """By the folder of an earlier run, when another has turned the library."""
    if known:
        put(move.source, 1)
    plant(move.source.blobs, record(1), b"x" * record(1).bytes)
    move.plan()
    move.copy(policy="quarantine")
    before = stored(move.source)
    back = Move(Sides(move.target, move.source, "here"), Path(move.folder.path))
    back.position = move.target.catalog.changes(None).position
    back.follow()
    assert stored(move.source) == before
    assert (move.source.catalog.get(OWNER, ident(1)) is not None) is known


@pytest.mark.parametrize("levels", [1, 2])
def test_what_was_sent_in_part_is_swept_when_it_is_purged_later(move: Move, levels: int) -> None:
    """Each process after that found it on the source still, and came to its end."""
    for number in (1, 2):
        put(move.source, number)
    move.plan()
    assert not _until_done(move, lambda: move.copy(threads=1), 3)
    assert len(stored(move.target)) == 3
    for _ in range(levels):
        move.follow()
    _purge(move.source)
    assert move.copy().outcomes == {"copied": 1}
    move.follow()
    assert stored(move.target) == stored(move.source)
    move.is_equal()


def test_what_was_sent_in_part_is_no_reason_to_sweep_where_it_came_from(
    move: Move, tmp_path: Path
) -> None:
    """Its catalog doesn't know it yet, and the library has turned meanwhile."""
    plant(move.source.blobs, record(1))
    move.plan()
    assert not _until_done(move, move.copy, 2)
    before = stored(move.source)
    back = Move(Sides(move.target, move.source, "here"), Path(move.folder.path))
    back.position = move.target.catalog.changes(None).position
    back.follow()
    assert stored(move.source) == before
    assert move.copy().outcomes == {"copied": 1}
    assert stored(move.target) == before


@pytest.mark.parametrize(("steps", "known"), [(5, False), (7, True)])
def test_what_came_after_all_is_not_looked_at_for_ever(move: Move, steps: int, known: bool) -> None:
    put(move.source, 1)
    move.plan()
    assert not _until_done(move, lambda: move.copy(threads=1), steps)
    assert (move.target.catalog.get(OWNER, ident(1)) is not None) is known
    assert begun_in(move.folder.entries(), move.sides.to)
    move.follow()
    move.copy()
    assert begun_in(move.folder.entries(), move.sides.to) == {}
