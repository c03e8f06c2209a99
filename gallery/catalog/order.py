"""Which images of some manifests a query may ask for, in its order: as memory knows it.

Views are copied under the catalog's lock and walked outside it. Months come newest first
and are loaded one after the other, so a page near the top touches one manifest however
many there are.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import orjson

from gallery.catalog.index import Index, SortKey
from gallery.catalog.query import Query
from gallery.catalog.search import PromptText
from gallery.catalog.shard import Shard, read_lines
from gallery.lines import record_in_line
from gallery.records import Status
from gallery.totals import Totals

BATCH = 256
"""Records that are read at once."""
_STALE = 5_000
"""Images whose prompts came or changed since a manifest's text was made; then it is made anew."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some slots of one manifest, ascending in the query's order."""

    shard: Shard
    index: Index
    slots: array[int]
    status: Status

    def key(self, slot: int) -> SortKey:
        return self.index.key(slot, self.status)


Placed = tuple[SortKey, Part, int]


class Loader(Protocol):
    """Who holds the manifests in memory. ``lock`` guards them."""

    lock: threading.RLock

    def load(self, shard: Shard) -> Index:
        """Its index, read if need be. Raises Replaced."""

    def trim(self) -> None:
        """Lets go of what was used longest ago, if there is too much."""


class Order:
    """Places of images, newest first. What they contain is looked into for words alone."""

    def __init__(self, query: Query, shards: list[Shard], held: Loader) -> None:
        self._query = query
        self._months = _by_month(query, shards)
        self._held = held
        self._lock = held.lock

    def placed(self, skip: int) -> Iterator[Placed]:
        """The places one by one, without the first ``skip``."""
        for parts, left in self.groups(skip):
            if len(parts) == 1:
                yield from _stream(parts[0], left)
            else:
                streams = map(_stream, parts)
                merged = heapq.merge(*streams, key=lambda placed: placed[0], reverse=True)
                yield from itertools.islice(merged, left, None)

    def groups(self, skip: int) -> Iterator[tuple[list[Part], int]]:
        """Month by month (all at once when ordered by deletion), and how many to skip
        within; months that are skipped whole are not loaded."""
        for shards in self._months:
            if skip and self._query.cursor is None and not self._query.filters:
                known = sum(self._known(shard) for shard in shards)
                if skip >= known:
                    skip -= known
                    continue
            parts = [part for shard in shards for part in self._parts(shard)]
            if parts:
                count = sum(len(part.slots) for part in parts)
                if skip < count:
                    yield parts, skip
                skip = max(0, skip - count)

    def _known(self, shard: Shard) -> int:
        with self._lock:  # at once: an image may be on its way from one count to another
            return sum(
                getattr(shard.totals.get(kind, Totals()), status)
                for kind in self._query.kinds
                for status in self._query.statuses
            )

    def _parts(self, shard: Shard) -> Iterator[Part]:
        if not self._known(shard):
            return
        index = self._held.load(shard)
        by: Status = "trash" if self._query.order == "deleted" else "active"
        wanted = list(itertools.product(self._query.kinds, self._query.statuses))
        with self._lock:  # at once: an image may be on its way from one view to another
            views = [(index.views[view][:], view[1]) for view in wanted]
        possible = self._with_words(shard, index)
        for view, status in views:
            slots = self._cut(index, view, status, by)
            if possible is not None:
                slots = array("I", [slot for slot in slots if slot in possible])
            if slots:
                yield Part(shard, index, slots, by)

    def _with_words(self, shard: Shard, index: Index) -> set[int] | None:
        """The slots whose prompts match, as far as memory tells, and those of which it does
        not; None when no words are asked for."""
        if self._query.words is None:
            return None
        text = self._text(shard, index)
        with self._lock:
            unknown = index.edited | {*range(text.covered, len(index.ids))}
        return text.matching(self._query.words) | unknown

    def _text(self, shard: Shard, index: Index) -> PromptText:
        """The text of the manifest's prompts, made anew if there is none or it is too old."""
        with self._lock:
            text = shard.text
            stale = 0 if text is None else len(index.ids) - text.covered + len(index.edited)
            if text is not None and stale < _STALE:
                return text
            covered = len(index.ids)
            index.edited = set()
            slots = sorted(index.slots.values())
        prompts: list[tuple[int, str | None]] = []
        for start in range(0, len(slots), BATCH):
            batch = slots[start : start + BATCH]
            with self._lock:
                spans = [(index.offset[slot], index.length[slot]) for slot in batch]
            found = map(record_in_line, read_lines(shard, spans))
            prompts += [
                (slot, orjson.loads(raw).get("prompt"))
                for slot, raw in zip(batch, found, strict=True)
            ]
        text = PromptText(prompts, covered)
        with self._lock:
            if shard.index is index:
                shard.text = text
        self._held.trim()
        return text

    def _cut(self, index: Index, slots: array[int], status: Status, by: Status) -> array[int]:
        """A view in the query's order, without what its times and cursor exclude."""
        query = self._query
        if status != by:
            slots = array("I", sorted(slots, key=lambda slot: index.key(slot, by)))
        low, high = 0, len(slots)
        if by == "active":
            if query.start is not None:
                low = bisect.bisect_left(slots, query.start, key=lambda s: index.created[s])
            if query.end is not None:
                high = bisect.bisect_left(slots, query.end, key=lambda s: index.created[s])
        elif query.filters:
            slots = array("I", (s for s in slots if query.in_range(index.created[s])))
            high = len(slots)
        if query.cursor is not None:
            key = (query.cursor.at, bytes.fromhex(query.cursor.id))
            after = bisect.bisect_left(slots, key, key=lambda slot: index.key(slot, by))
            high = min(high, after)
        return slots[low:high]


def _stream(part: Part, skip: int = 0) -> Iterator[Placed]:
    slots = part.slots[: len(part.slots) - skip]
    return ((part.key(slot), part, slot) for slot in reversed(slots))


def _by_month(query: Query, shards: list[Shard]) -> list[list[Shard]]:
    """Groups that follow each other in the query's order."""
    if query.order == "deleted":
        return [shards]
    months: dict[str, list[Shard]] = {}
    for shard in sorted(shards, key=lambda shard: shard.month, reverse=True):
        months.setdefault(shard.month, []).append(shard)
    return list(months.values())
