"""A library that turns from one side to the other, as one server process has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gallery.generation import Record, Stores
from gallery.library import Library
from migrate.follow import position_in
from migrate.pace import Pace
from migrate.sides import Sides
from migrate.turn import Turn, Turned
from tests.migrate.moves import Move
from tests.migrate.places import Place

HERE, THERE = Stores("here", "here"), Stores("there", "there")
WAYS = [("files", "services"), ("files", "files"), ("services", "files")]
on_each = pytest.mark.parametrize("ways", WAYS, ids=" to ".join)


class Living:
    """The library as a server process has it: it writes where the library lives."""

    def __init__(self, move: Move, places: tuple[Place, Place], folder: Path) -> None:
        self.move = move
        (folder / ".gallery").mkdir()
        self.record = Record(str(folder))
        self._sides = {
            stores: place.opened(partial(self._is_not, stores))
            for stores, place in zip((HERE, THERE), places, strict=True)
        }
        here, there = self._sides.values()
        here.successor, there.successor = there, here

    @property
    def lives(self) -> Stores:
        found = self.record.read()
        return found.stores if found else HERE

    def _is_not(self, stores: Stores) -> bool:
        return self.lives != stores

    @property
    def library(self) -> Library:
        return self._sides[self.lives]

    def turn(
        self, *, budget: float = 10.0, wait: float = 10.0, pace: Pace | None = None,
        ready: Callable[[], None] = lambda: None,
    ) -> Turned:  # fmt: skip
        """To the other side, by a migrator that has the stores open for itself."""
        move = self.move
        is_here = self.lives == HERE
        sides = move.sides if is_here else Sides(move.target, move.source, HERE.blobs)
        to = THERE if is_here else HERE
        with move.folder.journal() as journal:
            turn = Turn(sides, journal, pace or Pace(), self.record, to, ready)
            plan = {"position": move.position}
            start = position_in(move.folder.entries(), plan, self.record.turns())
            return turn.run(start, move.folder.entries(), budget=budget, wait=wait)

    @contextmanager
    def turned_within(self) -> Iterator[None]:
        """It turns in the block, before an owner's lock is taken for the second time."""
        times, locked = 0, Library.locked

        def turning(library: Library, owner: str, act: Any) -> Any:
            nonlocal times
            times += 1
            if times == 2:
                self.turn()
            return locked(library, owner, act)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Library, "locked", turning)
            yield

    def close(self) -> None:
        for library in self._sides.values():
            library.close()
