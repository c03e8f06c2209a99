"""The turn: from one moment on the library lives on the other side, and nobody noticed.

Reads go on all the time. Writers are kept waiting while the last of what changed is brought,
compared and written down; then they go on, over there. If that takes longer than it may, or
anything is not as it should be, they go on where they were.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gallery import carried, dwelling, usage
from gallery.errors import NotFound, StartRefused, Unavailable
from gallery.generation import Generation, Record, Stores
from gallery.keys import KINDS
from migrate.copying import THREADS
from migrate.follow import Follow, Image, Round
from migrate.journal import Journal, put_aside_in
from migrate.links import Links
from migrate.pace import Pace, Stopped
from migrate.sides import Sides

_HELD_SECONDS = 2.0
"""How long the record may be held by who has a note say the same."""
_SHARE = 4
"""Of the time that writers may wait, what the last round before may have taken."""
_ENOUGH_SECONDS = 0.1
_SHRINKS = 0.7
"""A round that took more than this of one before is as short as they will be."""
_PATIENCE = 5
"""Rounds that are not shorter by as much, until it is given up."""


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
        self._aside: set[Image] = set()
        """What was put aside and never brought: the sums of its owners differ for ever."""
        self._apart: set[str] = set()
        self._differing: set[Image] = set()
        """Owners whose sums were not equal when they were looked at last, and images that were
        not: they have to be when the library turns."""

    def run(
        self, position: str, entries: Iterable[dict[str, Any]], *, budget: float, wait: float
    ) -> Turned:
        """Writers wait for at most ``budget`` seconds, after at most ``wait`` until those
        under way have ended; and once more, where a process died and its last change is told
        of for it in between. Raises Unavailable when that is not enough, StartRefused when the
        sides differ, and Stopped; then nothing is changed."""
        entries = list(entries)
        self._links.bring()
        usage.bring(self._source.catalog.notes, self._target.catalog.notes)
        self._follow.recover(entries)
        owners = {*self._source.catalog.owners(), *self._target.catalog.owners()}
        self._catch_up(owners)
        put_aside = put_aside_in(entries)
        self._aside = {image for image in put_aside if self._stays_behind(image)}
        self._apart = self._of_these_apart(owners)
        if known_to_both := put_aside - self._aside:
            # It was not always brought when it was told of, and sums tell no content.
            self._look_at(known_to_both)
        try:
            return self._turn(position, budget, wait)
        except StartRefused:
            if not self._adopted():
                raise
        return self._turn(position, budget, wait)

    def _adopted(self) -> bool:
        """Whether images differed because the source's catalog had not heard of their sidecars: a
        process died in between. Now it has."""
        source, found = self._source, False
        for owner, month, id in self._differing:
            if self._pace.stopped:
                raise Stopped
            # Of an owner whom it does not know, a lock would make one.
            if before := source.catalog.get(owner, id, month):
                with suppress(NotFound), source.catalog.lock(owner):
                    found |= source.effects.current(owner, id).raw != before.raw
        return found

    def _turn(self, position: str, budget: float, wait: float) -> Turned:
        position = self._nearly_level(position, budget / _SHARE)
        self._differing.update(self._on_one_side())
        with (
            ThreadPoolExecutor(1, "turn") as pool,  # left when the fence is open again
            self._source.catalog.fence(wait) as held,
        ):
            began = time.monotonic()
            ending = pool.submit(self._end, position, held)
            if not futures.wait([ending], budget).done:
                self._pace.stop()
                raise Unavailable(f"writers had to wait for more than {budget:g} s")
            catalogs = self._source.catalog, self._target.catalog
            dwelling.turn(self._record, catalogs, ending.result(), _HELD_SECONDS)
            return Turned(len(self._follow.brought), time.monotonic() - began)

    def _nearly_level(self, position: str, seconds: float) -> str:
        """Follows in rounds, each of what was written during the one before, until they are as
        short as they become and shorter than these seconds: what is written during the last
        is left for the fence."""
        best, stuck, so_far = math.inf, 0, _Figures()
        while stuck < _PATIENCE:
            done = self._follow.round(position)
            looking = time.monotonic()
            self._look_at(done.images)
            position, lag = done.position, done.behind + time.monotonic() - looking
            so_far.add(done)
            short = done.level and lag <= seconds
            if short and (lag <= _ENOUGH_SECONDS or lag > _SHRINKS * best):
                self._follow.brought.clear()
                return position
            # Of a backlog that is yet to be told every round counts that comes nearer.
            is_progress = lag < best * (_SHRINKS if done.level else 1)
            best, stuck = (lag, 0) if is_progress else (best, stuck + 1)
        raise Unavailable(
            f"more is written than can be brought in time, {so_far}: the last round took "
            f"{done.seconds:.1f} s and may take {seconds:.2g}; try at a calmer hour, or with a "
            "larger --budget"
        )

    def _look_at(self, images: Iterable[Image]) -> None:
        """Compares what was just brought. What was changed again is yet to be brought."""
        images = [*{*images} - self._aside]
        with ThreadPoolExecutor(THREADS, "compare") as pool:
            found = zip(images, pool.map(self._is_equal, images), strict=True)
            self._differing = self._differing.difference(images).union(
                image for image, equal in found if not equal
            )
        self._apart = self._of_these_apart({*self._apart, *(owner for owner, _, _ in images)})

    def _is_equal(self, image: Image) -> bool:
        owner, month, id = image
        here, there = (
            library.catalog.get(owner, id, month) for library in (self._source, self._target)
        )
        return (here and here.raw) == (there and there.raw)

    def _of_these_apart(self, owners: Iterable[str]) -> set[str]:
        def sums(owner: str) -> tuple[str, bool]:
            source, target = self._source.catalog, self._target.catalog
            return owner, source.totals(owner) == target.totals(owner)

        with ThreadPoolExecutor(THREADS, "compare") as pool:
            return {owner for owner, equal in pool.map(sums, owners) if not equal}

    def _stays_behind(self, image: Image) -> bool:
        owner, month, id = image
        sides = self._source, self._target
        return [side.catalog.get(owner, id, month) for side in sides].count(None) == 1

    def _owners_aside(self) -> set[str]:
        return {owner for owner, _, _ in self._aside}

    def _on_one_side(self) -> set[Image]:
        """Images of owners of whom something was put aside, beside that, which one of the sides
        does not know: of these owners, sums do not tell."""
        catalogs = self._source.catalog, self._target.catalog
        found = set[Image]()
        for owner in self._owners_aside():
            for month in {month for catalog in catalogs for month in catalog.months(owner)}:
                for kind in KINDS:
                    here, there = (catalog.seen(owner, month, kind).keys() for catalog in catalogs)
                    found.update((owner, month, id) for id in here ^ there)
        return found - self._aside

    def _catch_up(self, owners: Iterable[str]) -> None:
        for owner in owners:
            self._source.catalog.catch_up(owner)

    def _end(self, position: str, held: Callable[[], None]) -> Generation:
        """All that is done while writers wait, but for writing down what it gives. What the
        journal tells of a turn counts only if the record is as new."""
        self._catch_up(self._source.catalog.swallowed())
        self._follow.run(position)
        self._links.bring()
        if self._pace.stopped:
            raise Stopped
        self._compare()
        self._ready()
        number = self._record.turns() + 1
        position = self._target.catalog.changes(None).position
        at = round(time.time())
        self._journal.append(did="turn", number=number, position=position, at=at)
        self._journal.sync()
        carried.begin(self._target.catalog.notes, position, whole=not self._aside)
        held()
        return Generation(number, self._stores)

    def _compare(self) -> None:
        """Of what was brought now, and what differed before, each record; and the sums of
        their owners and of those that were apart."""
        self._look_at({*self._follow.brought, *self._differing})
        for owner, _, id in self._differing:
            raise StartRefused(f"{owner}, {id}: the sides differ; look with verify")
        for owner in self._apart - self._owners_aside():
            raise StartRefused(f"{owner}: the sides' sums differ; look with verify")


@dataclass(slots=True)
class _Figures:
    """How much was written and brought, for who has to be told why that is too slow."""

    began: float = field(default_factory=time.monotonic)
    rounds: int = 0
    changes: int = 0
    images: int = 0
    seconds: float = 0.0

    def add(self, done: Round) -> None:
        """What the first round is told was written before."""
        if self.rounds:
            self.changes += done.changes
        self.rounds += 1
        self.images += len(done.images)
        self.seconds += done.seconds

    def __str__(self) -> str:
        written = self.changes / max(time.monotonic() - self.began, 1e-6)
        brought = self.images / max(self.seconds, 1e-6)
        return f"{written:.0f} changes/s against {brought:.0f} images/s"
