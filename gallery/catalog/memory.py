"""A catalog in memory: one dict, sorted and filtered anew for every question.

It says what the right answer is, slowly; the tests hold the other catalogs against it.
"""

from __future__ import annotations

import bisect
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from gallery.catalog import Changes, Entry, Expired, Listener, Noted, Page
from gallery.catalog.facets import NEWEST, Facets, facets
from gallery.catalog.notes import MemoryNotes
from gallery.catalog.ops import MemoryOps
from gallery.catalog.query import Cursor, Query
from gallery.changes import Change, Op
from gallery.encoding import as_json, encode, item
from gallery.errors import PositionGone, StartRefused, Unavailable
from gallery.keys import KINDS, Kind
from gallery.records import Record, Seen
from gallery.totals import Totals, TotalsByKind, counted

_Key = tuple[int, str]


class MemoryCatalog:
    """Fulfils Catalog, within one process."""

    def __init__(self) -> None:
        self.library = ""
        self._mutex = threading.Lock()
        self._held: dict[tuple[str, str], tuple[Record, Seen]] = {}
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._fence = threading.Condition()
        self._is_closed, self._within = False, 0
        self._listeners: list[Listener] = []
        self._generation = secrets.token_hex(8)
        self._noted: list[Noted] = []
        self.ops = MemoryOps()
        self.notes = MemoryNotes()

    def start(self, library: str) -> None:
        if self.library not in ("", library):
            raise StartRefused(f"this catalog is of library {self.library}, not of {library}")
        self.library = library

    def close(self) -> None:
        pass

    def check(self) -> None:
        pass

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def lines(self, owner: str, month: str) -> int:
        return sum(len(self.seen(owner, month, kind)) for kind in KINDS)

    # -- changing -------------------------------------------------------------------------

    @contextmanager
    def lock(self, owner: str) -> Iterator[None]:
        with self._fence:
            self._fence.wait_for(lambda: not self._is_closed)
            self._within += 1
        try:
            with self._mutex:
                lock = self._locks[owner]
            with lock:
                yield
        finally:
            with self._fence:
                self._within -= 1
                self._fence.notify_all()

    @contextmanager
    def fence(self, seconds: float) -> Iterator[Callable[[], None]]:
        with self._fence:
            self._is_closed = True
            free = self._fence.wait_for(lambda: not self._within, seconds)
        try:
            if not free:
                raise Unavailable("a change that is under way does not end", code="busy")
            yield lambda: None
        finally:
            with self._fence:
                self._is_closed = False
                self._fence.notify_all()

    def apply(self, change: Change) -> None:
        with self._mutex:
            if change.record is None:
                self._held.pop((change.owner, change.id), None)
            else:
                self._held[change.owner, change.id] = (change.record, change.seen)
            self._versions[change.owner] += 1
            self._note(change.op, change.owner, change.month, change.id, change.kind, change.rev)
        self._tell(change.owner, change.id)

    def apply_all(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.apply(change)

    def rebuild(self, owner: str, month: str, records: list[tuple[Record, Seen]]) -> None:
        with self._mutex:
            for record, _ in self._of(owner):
                if record.month == month:
                    del self._held[owner, record.id]
            self._held |= {(owner, pair[0].id): pair for pair in records}
            self._versions[owner] += 1
            self._note("load", owner, month)
        self._tell(owner, "")

    def _note(
        self,
        op: Op | Literal["load"],
        owner: str,
        month: str,
        id: str = "",
        kind: Kind | None = None,
        rev: int = 0,
    ) -> None:
        position = f"{self._generation}.1.{len(self._noted) + 1}"
        at = time.time_ns() // 1000
        self._noted.append(Noted(position, op, owner, month, id, kind, rev, at))

    def _tell(self, owner: str, id: str) -> None:
        for listener in self._listeners:
            listener(owner, id)

    def changes(self, since: str | None, *, owner: str | None = None, limit: int = 1000) -> Changes:
        with self._mutex:
            end = f"{self._generation}.1.{len(self._noted)}"
            found = self._noted[self._after(since) :] if since is not None else []
        found = [noted for noted in found if owner in (None, noted.owner)]
        if len(found) <= limit:
            return Changes(found, end, level=True)
        return Changes(found[:limit], found[limit - 1].position, level=False)

    def _after(self, since: str) -> int:
        """How many changes had been noted at a position. Raises PositionGone."""
        head, _, count = since.rpartition(".")
        if head != f"{self._generation}.1" or not count.isdecimal():
            raise PositionGone(since)
        if int(count) > len(self._noted):
            raise PositionGone(since)
        return int(count)

    def catch_up(self, owner: str) -> int:  # noqa: ARG002 - nothing is ever kept from anybody
        return 0

    def swallowed(self) -> list[str]:
        return []

    # -- asking ---------------------------------------------------------------------------

    def get(self, owner: str, id: str, month: str | None = None) -> Entry | None:
        with self._mutex:
            found = self._held.get((owner, id))
        if found is None or month not in (None, found[0].month):
            return None
        return Entry(encode(found[0]), found[1])

    def page(self, query: Query) -> Page:
        with self._mutex:
            rows = self._rows(query)
            total, size = self._sum(query)
            version = self._version(query.owner)
        start, end = query.offset, query.offset + query.size
        shown = rows[start:end]
        cursor = None
        if shown and len(rows) > end:
            at, id = shown[-1][0]
            cursor = Cursor(at, id).encode(query.order)
        return Page([item(encode(record)) for _, record in shown], total, cursor, version, size)

    def _rows(self, query: Query) -> list[tuple[_Key, Record]]:
        """All that match after the cursor, in the query's order."""
        rows = [(_sort_key(query, record), record) for record in self._matching(query)]
        if query.cursor is not None:
            after = (query.cursor.at, query.cursor.id)
            rows = [row for row in rows if row[0] < after]
        return sorted(rows, key=lambda row: row[0], reverse=True)

    def _matching(self, query: Query) -> Iterator[Record]:
        for record, _ in self._of(query.owner):
            if (
                record.kind in query.kinds
                and record.status in query.statuses
                and query.in_range(record.created_at)
                and query.match_content(as_json(record))
            ):
                yield record

    def _of(self, owner: str | None) -> list[tuple[Record, Seen]]:
        return [pair for key, pair in self._held.items() if owner in (None, key[0])]

    def _sum(self, query: Query) -> tuple[int | None, int | None]:
        rows = self._rows(replace(query, cursor=None))
        if query.count:
            return len(rows), sum(record.bytes for _, record in rows)
        return None if query.filters else len(rows), None

    def _version(self, owner: str | None) -> str:
        return str(sum(n for name, n in self._versions.items() if owner in (None, name)))

    def version(self, owner: str) -> str:
        with self._mutex:
            return self._version(owner)

    def totals(self, owner: str) -> TotalsByKind:
        totals: TotalsByKind = {}
        with self._mutex:
            for record, _ in self._of(owner):
                totals[record.kind] = totals.get(record.kind, Totals()) + _one(record)
        return totals

    def timeline(self, query: Query, starts: Callable[[int, int], list[int]]) -> list[int]:
        with self._mutex:
            times = sorted(record.created_at for record in self._matching(query))
        if not times:
            return []
        edges = [bisect.bisect_left(times, start) for start in starts(times[0], times[-1])]
        return [end - start for start, end in zip(edges, [*edges[1:], len(times)], strict=True)]

    def facets(self, owner: str, kind: Kind) -> Facets:
        with self._mutex:
            rows = self._rows(Query(owner, kinds=(kind,)))
        return facets(as_json(record) for _, record in rows[:NEWEST])

    def owners(self) -> list[str]:
        with self._mutex:
            return sorted(self._versions)

    def whole(self) -> tuple[int, Totals]:
        return counted(sum(self.totals(owner).values(), Totals()) for owner in self.owners())

    def find(self, id: str) -> list[str]:
        with self._mutex:
            return sorted(owner for owner, other in self._held if other == id)

    def expired(self, before: int) -> Iterator[Expired]:
        with self._mutex:
            trash = [r for r, _ in self._of(None) if r.status == "trash"]
        for record in trash:
            if (at := record.deleted_at or 0) < before:
                yield Expired(record.owner, record.id, at)

    def seen(self, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
        with self._mutex:
            return {r.id: s for r, s in self._of(owner) if (r.month, r.kind) == (month, kind)}

    def months(self, owner: str) -> list[str]:
        with self._mutex:
            return sorted({record.month for record, _ in self._of(owner)})

    def damaged(self) -> list[tuple[str, str]]:
        return []

    def leads(self) -> bool:
        return True

    def maintain(self) -> None:
        self.ops.expire(time.time())


def _sort_key(query: Query, record: Record) -> _Key:
    at = record.created_at if query.order == "created" else record.deleted_at or 0
    return at, record.id


def _one(record: Record) -> Totals:
    if record.status == "active":
        return Totals(1, 0, record.bytes, None, record.created_at, record.created_at)
    return Totals(0, 1, record.bytes, record.deleted_at)
