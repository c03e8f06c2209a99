"""The turn: from one moment on the library lives on the other side, and nobody noticed.

Reads go on all the time. Writers are kept waiting while the last of what changed is brought,
compared and written down; then they go on, over there. If that takes longer than it may, or
anything is not as it should be, they go on where they were.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gallery import dwelling
from gallery.errors import StartRefused, Unavailable
from gallery.generation import Generation, Record, Stores
from migrate.follow import Follow
from migrate.journal import Journal
from migrate.pace import Pace
from migrate.sides import Sides

ROUNDS = 20
_HELD_SECONDS = 2.0
"""How long the record may be held by who has a note say the same."""
_SHARE = 4
"""Of the time that writers may wait, what the last round before may have taken."""


@dataclass(frozen=True, slots=True)
class Turned:
    """``images`` were brought while writers waited, for so many ``seconds``."""

    images: int
    seconds: float


class Turn:
    """From the source to the target of ``sides``, which the record is to name ``stores``."""

    def __init__(
        self, sides: Sides, journal: Journal, pace: Pace, record: Record, stores: Stores
    ) -> None:
        self._source = sides.source
        self._target = sides.target
        self._journal = journal
        self._record = record
        self._stores = stores
        self._follow = Follow(sides, journal, pace)

    def run(
        self, position: str, entries: Iterable[dict[str, Any]], *, budget: float, wait: float
    ) -> Turned:
        """Writers wait for at most ``budget`` seconds, after at most ``wait`` until those
        under way have ended. Raises Unavailable when that is not enough, and StartRefused when
        the sides differ; then nothing is changed."""
        position = self._nearly_level(position, entries, budget / _SHARE)
        with self._source.catalog.fence(wait):
            began = time.monotonic()
            for owner in self._source.catalog.owners():
                self._source.catalog.catch_up(owner)
            before = len(self._follow.brought)
            self._follow.run(position)
            self._compare()
            if time.monotonic() - began > budget:
                raise Unavailable(f"writers had to wait for more than {budget:g} s")
            self._flip()
            return Turned(len(self._follow.brought) - before, time.monotonic() - began)

    def _nearly_level(
        self, position: str, entries: Iterable[dict[str, Any]], seconds: float
    ) -> str:
        """Follows until what happens meanwhile is brought within so many seconds."""
        for _ in range(ROUNDS):
            began = time.monotonic()
            position = self._follow.run(position, entries)
            entries = ()
            if time.monotonic() - began <= seconds:
                return position
        raise Unavailable("more is written than can be brought in time; try at a calmer hour")

    def _compare(self) -> None:
        """Of what was brought since the turn began, each record, and the sums of its owners."""
        source, target = self._source.catalog, self._target.catalog
        for owner, month, id in self._follow.brought:
            here, there = source.get(owner, id, month), target.get(owner, id, month)
            if (here and here.raw) != (there and there.raw):
                raise StartRefused(f"{owner}, {id}: the sides differ; look with verify")
        for owner in {owner for owner, _, _ in self._follow.brought}:
            if source.totals(owner) != target.totals(owner):
                raise StartRefused(f"{owner}: the sides' sums differ; look with verify")

    def _flip(self) -> None:
        """The journal first: what it tells of a turn counts only if the record is as new."""
        known = self._record.read()
        number = (known.number if known else 0) + 1
        position = self._target.catalog.changes(None).position
        self._journal.append(did="turn", number=number, position=position)
        self._journal.sync()
        catalogs = self._source.catalog, self._target.catalog
        dwelling.turn(self._record, catalogs, Generation(number, self._stores), _HELD_SECONDS)
