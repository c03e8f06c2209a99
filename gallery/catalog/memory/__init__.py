"""A catalog in memory: one dict, sorted and filtered anew for every question.

    feed     what changed, in a list that is never cut
    locks    owners' locks within one process, and the fence around all of them

It says what the right answer is, slowly; the tests hold the other catalogs against it.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from gallery.catalog import Changes, Entry, Expired, Listener, Page
from gallery.catalog.facets import NEWEST, Facets, facets
from gallery.catalog.memory.feed import MemoryFeed
from gallery.catalog.memory.locks import Locks
from gallery.catalog.notes import MemoryNotes
from gallery.catalog.ops import MemoryOps
from gallery.catalog.query import Cursor, Query
from gallery.changes import Change
from gallery.encoding import as_json, encode, item
from gallery.errors import StartRefused
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
        self._locks = Locks()
        self._listeners: list[Listener] = []
        self._feed = MemoryFeed()
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

    def lock(self, owner: str) -> AbstractContextManager[None]:
        return self._locks.lock(owner)

    def check_lock(self, owner: str) -> None:
        """It ends with its process."""

    def fence(self, seconds: float) -> AbstractContextManager[Callable[[], None]]:
        return self._locks.fence(seconds)

    def apply(self, change: Change) -> None:
        with self._mutex:
            if change.record is None:
                self._held.pop((change.owner, change.id), None)
            else:
                self._held[change.owner, change.id] = (change.record, change.seen)
            self._versions[change.owner] += 1
            self._feed.append(
                change.op, change.owner, change.month, change.id, change.kind, change.rev
            )
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
            self._feed.append("load", owner, month)
        self._tell(owner, "")

    def _tell(self, owner: str, id: str) -> None:
        for listener in self._listeners:
            listener(owner, id)

    def changes(self, since: str | None, *, owner: str | None = None, limit: int = 1000) -> Changes:
        with self._mutex:
            return self._feed.changes(since, owner, limit)

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
