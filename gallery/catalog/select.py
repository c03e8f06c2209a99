"""From a query and some manifests to the rows it asks for.

What a record must be looked into for is read from the files, in batches.
"""

from __future__ import annotations

import bisect
import itertools
import threading
from collections.abc import Callable, Iterator

import orjson

from gallery.catalog.index import SortKey
from gallery.catalog.order import BATCH, Loader, Order, Placed
from gallery.catalog.query import Query
from gallery.catalog.shard import Shard, read_lines
from gallery.lines import record_in_line

Row = tuple[SortKey, bytes]


class Selection:
    """The images a query asks for, newest first."""

    def __init__(self, query: Query, shards: list[Shard], held: Loader) -> None:
        self.query = query
        self._order = Order(query, shards, held)
        self._lock = held.lock

    def rows(self, limit: int) -> list[Row]:
        """At most ``limit`` records after the query's offset or cursor."""
        query = self.query
        if not query.filters_content:
            placed = self._order.placed(query.offset if not query.filters else 0)
            start = query.offset if query.filters else 0
            return _read(self._lock, list(itertools.islice(placed, start, start + limit)))
        matching = (row for _, row in self._matching())
        return list(itertools.islice(matching, query.offset, query.offset + limit))

    def newest(self, limit: int) -> Iterator[bytes]:
        """At most so many records, whatever the query says of their content."""
        for batch in _batches(itertools.islice(self._order.placed(0), limit)):
            yield from (raw for _, raw in _read(self._lock, batch))

    def _matching(self) -> Iterator[tuple[Placed, Row]]:
        """What fits the query's content, from its cursor on, with where it was found."""
        needles = _needles(self.query)
        for batch in _batches(self._order.placed(0)):
            for placed, row in zip(batch, _read(self._lock, batch), strict=True):
                if all(text in row[1] for text in needles) and _matches(self.query, row[1]):
                    yield placed, row

    def sum(self) -> tuple[int, int]:
        """How many images there are from the query's cursor on, and their bytes."""
        if self.query.filters_content:
            found = [part.index.bytes[slot] for (_, part, slot), _ in self._matching()]
            return len(found), sum(found)
        count = size = 0
        for parts, _ in self._order.groups(0):
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
        parts = [part for group in self._order.groups(0) for part in group[0] if part.slots]
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


def _batches(placed: Iterator[Placed]) -> Iterator[list[Placed]]:
    while batch := list(itertools.islice(placed, BATCH)):
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
