"""The turn: from one moment on the library lives on the other side, and nobody noticed.

Reads go on all the time. Writers are kept waiting while the last of what changed is brought,
compared and written down; then they go on, over there. If that takes longer than it may, or
anything is not as it should be, they go on where they were.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from gallery import dwelling, purges, usage
from gallery.errors import StartRefused, Unavailable
from gallery.generation import Generation, Record, Stores
from migrate.follow import Follow
from migrate.journal import Journal
from migrate.links import Links
from migrate.pace import Pace, Stopped
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
    """From the source to the target of ``sides``, which the record is to name ``stores``.
    ``ready`` raises StartRefused as long as a server process could not follow."""

    def __init__(
        self, sides: Sides, journal: Journal, pace: Pace, record: Record, stores: Stores,
        ready: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._source = sides.source
        self._target = sides.target
        self._journal = journal
        self._pace = pace
        self._record = record
        self._stores = stores
        self._ready = ready
        self._follow = Follow(sides, journal, pace)
        self._links = Links(sides.source.blobs, sides.target.blobs)
        self._aside: set[str] = set()
        """Owners of whom something was put aside: their sums differ for ever."""

    def run(
        self, position: str, entries: Iterable[dict[str, Any]], *, budget: float, wait: float
    ) -> Turned:
        """Writers wait for at most ``budget`` seconds, after at most ``wait`` until those
        under way have ended. Raises Unavailable when that is not enough, StartRefused when the
        sides differ, and Stopped; then nothing is changed."""
        entries = list(entries)
        self._aside = {entry["owner"] for entry in entries if entry["did"] == "quarantine"}
        self._links.bring()
        usage.bring(self._source.catalog.notes, self._target.catalog.notes)
        position = self._nearly_level(position, entries, budget / _SHARE)
        apart = self._apart()
        with (
            ThreadPoolExecutor(1, "turn") as pool,  # left when the fence is open again
            self._source.catalog.fence(wait) as held,
        ):
            began, before = time.monotonic(), len(self._follow.brought)
            ending = pool.submit(self._end, position, apart, held)
            if not futures.wait([ending], budget).done:
                self._pace.stop()
                raise Unavailable(f"writers had to wait for more than {budget:g} s")
            catalogs = self._source.catalog, self._target.catalog
            dwelling.turn(self._record, catalogs, ending.result(), _HELD_SECONDS)
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

    def _apart(self) -> set[str]:
        """The owners whose sums differ now: they have to be level when the library turns."""
        source, target = self._source.catalog, self._target.catalog
        owners = {*source.owners(), *target.owners()}
        return {owner for owner in owners if source.totals(owner) != target.totals(owner)}

    def _end(self, position: str, apart: set[str], held: Callable[[], None]) -> Generation:
        """All that is done while writers wait, but for writing down what it gives. What the
        journal tells of a turn counts only if the record is as new."""
        for owner in self._source.catalog.owners():
            self._source.catalog.catch_up(owner)
        self._follow.run(position)
        self._links.bring()
        if self._pace.stopped:
            raise Stopped
        self._compare(apart)
        self._ready()
        known = self._record.read()
        number = (known.number if known else 0) + 1
        position = self._target.catalog.changes(None).position
        at = round(time.time())
        self._journal.append(did="turn", number=number, position=position, at=at)
        self._journal.sync()
        purges.begin(self._target.catalog.notes, position, whole=not self._aside)
        held()
        return Generation(number, self._stores)

    def _compare(self, apart: set[str]) -> None:
        """Of what was brought since the turn began, each record, and the sums of its owners."""
        source, target = self._source.catalog, self._target.catalog
        for owner, month, id in self._follow.brought:
            here, there = source.get(owner, id, month), target.get(owner, id, month)
            if (here and here.raw) != (there and there.raw):
                raise StartRefused(f"{owner}, {id}: the sides differ; look with verify")
        owners = apart.union(owner for owner, _, _ in self._follow.brought)
        for owner in owners - self._aside:
            if source.totals(owner) != target.totals(owner):
                raise StartRefused(f"{owner}: the sides' sums differ; look with verify")
