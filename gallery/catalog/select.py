"""From a query and some manifests to the rows it asks for.

Views are copied under the catalog's lock and walked outside it. Months come newest first
and are loaded one after the other, so a page near the top touches one manifest however
many there are. What a record must be looked into for is read in batches.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import threading
from array import array
from collections.abc import Callable, Iterator
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

_BATCH = 256
_STALE = 5_000


@dataclass(frozen=True, slots=True)
class _Part:
    """Some slots of one manifest, ascending in the query's order."""

    shard: Shard
    index: Index
    slots: array[int]
    status: Status

    def key(self, slot: int) -> SortKey:
        return self.index.key(slot, self.status)


Placed = tuple[SortKey, _Part, int]
Row = tuple[SortKey, bytes]


class Loader(Protocol):
    """Who holds the manifests in memory. ``lock`` guards them."""

    lock: threading.RLock

    def load(self, shard: Shard) -> Index:
        """Its index, read if need be. Raises Replaced."""

    def trim(self) -> None:
        """Lets go of what was used longest ago, if there is too much."""


class Selection:
    """The images a query asks for, newest first."""

    def __init__(self, query: Query, shards: list[Shard], held: Loader) -> None:
        self.query = query
        self._months = _by_month(query, shards)
        self._held = held
        self._lock = held.lock

    def rows(self, limit: int) -> list[Row]:
        """At most ``limit`` records after the query's offset or cursor."""
        query = self.query
        if not query.filters_content:
            placed = self._placed(query.offset if not query.filters else 0)
            start = query.offset if query.filters else 0
            return _read(self._lock, list(itertools.islice(placed, start, start + limit)))
        matching = (row for _, row in self._matching())
        return list(itertools.islice(matching, query.offset, query.offset + limit))

    def newest(self, limit: int) -> Iterator[bytes]:
        """At most so many records, whatever the query says of their content."""
        for batch in _batches(itertools.islice(self._placed(0), limit)):
            yield from (raw for _, raw in _read(self._lock, batch))

    def _matching(self) -> Iterator[tuple[Placed, Row]]:
        """What fits the query's content, from its cursor on, with where it was found."""
        needles = _needles(self.query)
        for batch in _batches(self._placed(0)):
            for placed, row in zip(batch, _read(self._lock, batch), strict=True):
                if all(text in row[1] for text in needles) and _matches(self.query, row[1]):
                    yield placed, row

    def sum(self) -> tuple[int, int]:
        """How many images there are from the query's cursor on, and their bytes."""
        if self.query.filters_content:
            found = [part.index.bytes[slot] for (_, part, slot), _ in self._matching()]
            return len(found), sum(found)
        count = size = 0
        for parts, _ in self._groups(0):
            for part in parts:
                count += len(part.slots)
                size += sum(map(part.index.bytes.__getitem__, part.slots))
        return count, size

    def histogram(self, starts: Callable[[int, int], list[int]]) -> list[int]:
        """How many of the images were made from each start to the next."""
        if self.query.filters_content:
            times = sorted(key[0] for (key, _, _), _ in self._matching())
            edges = starts(times[0], times[-1]) if times else []
            at = [bisect.bisect_left(times, edge) for edge in edges]
            return [high - low for low, high in itertools.pairwise([*at, len(times)])]
        parts = [part for group in self._groups(0) for part in group[0] if part.slots]
        if not parts:
            return []
        first = min(part.key(part.slots[0])[0] for part in parts)
        last = max(part.key(part.slots[-1])[0] for part in parts)
        edges = starts(first, last)
        counts = [0] * len(edges)
        for part in parts:
            at = [bisect.bisect_left(part.slots, (e, b""), key=part.key) for e in edges]
            for n, (low, high) in enumerate(itertools.pairwise([*at, len(part.slots)])):
                counts[n] += high - low
        return counts

    # -- the order ------------------------------------------------------------------------

    def _placed(self, skip: int) -> Iterator[Placed]:
        for parts, left in self._groups(skip):
            if len(parts) == 1:
                yield from _stream(parts[0], left)
            else:
                streams = map(_stream, parts)
                merged = heapq.merge(*streams, key=lambda placed: placed[0], reverse=True)
                yield from itertools.islice(merged, left, None)

    def _groups(self, skip: int) -> Iterator[tuple[list[_Part], int]]:
        """Month by month (all at once when ordered by deletion), and how many to skip
        within; months that are skipped whole are not loaded."""
        for shards in self._months:
            if skip and self.query.cursor is None and not self.query.filters:
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
                for kind in self.query.kinds
                for status in self.query.statuses
            )

    def _parts(self, shard: Shard) -> Iterator[_Part]:
        if not self._known(shard):
            return
        index = self._held.load(shard)
        by: Status = "trash" if self.query.order == "deleted" else "active"
        wanted = list(itertools.product(self.query.kinds, self.query.statuses))
        with self._lock:  # at once: an image may be on its way from one view to another
            views = [(index.views[view][:], view[1]) for view in wanted]
        possible = self._with_words(shard, index)
        for view, status in views:
            slots = self._cut(index, view, status, by)
            if possible is not None:
                slots = array("I", [slot for slot in slots if slot in possible])
            if slots:
                yield _Part(shard, index, slots, by)

    def _with_words(self, shard: Shard, index: Index) -> set[int] | None:
        """The slots whose prompts match, as far as memory tells, and those of which it does
        not; None when no words are asked for."""
        if self.query.words is None:
            return None
        text = self._text(shard, index)
        with self._lock:
            unknown = index.edited | {*range(text.covered, len(index.ids))}
        return text.matching(self.query.words) | unknown

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
        for start in range(0, len(slots), _BATCH):
            batch = slots[start : start + _BATCH]
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
        query = self.query
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


def _stream(part: _Part, skip: int = 0) -> Iterator[Placed]:
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


def _batches(placed: Iterator[Placed]) -> Iterator[list[Placed]]:
    while batch := list(itertools.islice(placed, _BATCH)):
        yield batch


def _read(lock: threading.RLock, placed: list[Placed]) -> list[Row]:
    """The records at these places, in the same order. An image that was purged meanwhile
    is still as it was."""
    by_shard: dict[int, list[int]] = {}
    for n, (_, part, _) in enumerate(placed):
        by_shard.setdefault(id(part.shard), []).append(n)
    raw: dict[int, bytes] = {}
    for numbers in by_shard.values():
        part = placed[numbers[0]][1]
        with lock:
            index = part.index
            slots = [placed[n][2] for n in numbers]
            spans = [(index.offset[slot], index.length[slot]) for slot in slots]
        found = read_lines(part.shard, spans)
        raw.update(zip(numbers, map(record_in_line, found), strict=True))
    return [(key, raw[n]) for n, (key, _, _) in enumerate(placed)]


def _needles(query: Query) -> list[bytes]:
    """What the canonical form of every match contains: looking for it is thirty times
    faster than decoding."""
    needles = [orjson.dumps(text) for text in (query.tag, query.workflow_id) if text is not None]
    if query.aspect_ratio is not None:
        needles.append(b'"aspect_ratio":' + orjson.dumps(query.aspect_ratio))
    if query.favorite is not None:
        needles.append(b'"favorite":' + orjson.dumps(query.favorite))
    return needles


def _matches(query: Query, raw: bytes) -> bool:
    return query.match_content(orjson.loads(raw))
