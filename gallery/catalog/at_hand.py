"""Pages that are answered at once, on the event loop: the first ones from the ring, those
further down from loaded manifests (``now``). What is not at hand, ``pages`` finds in a thread,
and leaves it here for the next who asks."""

from __future__ import annotations

import contextlib

from gallery.catalog import Page
from gallery.catalog.held import Held, Owner
from gallery.catalog.now import Files, Rows, rows_now
from gallery.catalog.query import Cursor, Query
from gallery.catalog.select import Row
from gallery.catalog.shard import Shard
from gallery.encoding import item
from gallery.totals import Totals

_PAGES = 8
_PATIENCE = 0.001


def is_plain(query: Query) -> bool:
    """Whether the ring can answer: an owner's active outputs, all of them, newest first."""
    return (
        query.owner is not None
        and query.kinds == ("output",)
        and query.statuses == ("active",)
        and query.order == "created"
        and not query.filters
        and not query.count
    )


class AtHand:
    """Answers plain queries, from what is held."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._owners = held.owners
        self._lock = held.lock
        self._ring = held.ring
        self._files = Files()

    def page_now(self, query: Query) -> Page | None:
        """The page, if it can be had without waiting for a disk. Waits a millisecond at most,
        for a thread that needs microseconds."""
        owner = self._owners.get(query.owner or "")
        if owner is None:
            return None
        if found := owner.pages.get(query):
            return found
        if not self._lock.acquire(timeout=_PATIENCE):
            return None
        try:
            return self.ring_page(owner, query) or self._rows_page(owner, query)
        finally:
            self._lock.release()

    def ring_page(self, owner: Owner, query: Query) -> Page | None:
        """The page, if the ring holds it. The caller holds the lock."""
        name = query.owner or ""
        offset: int | None = query.offset
        if query.cursor:
            key = (query.cursor.at, bytes.fromhex(query.cursor.id))
            offset = self._ring.position(name, key)
        found = None if offset is None else self._ring.page(name, offset, query.size)
        if found is None or offset is None:
            return None
        items, last = found
        more = offset + len(items) < owner.sums()[0].get("output", Totals()).active
        page = self._page(owner, query, Rows(items, last, more and bool(items)))
        if len(owner.pages) < _PAGES:
            owner.pages[query] = page
        return page

    def _rows_page(self, owner: Owner, query: Query) -> Page | None:
        rows = rows_now(owner.months, query, self._files)
        return self._page(owner, query, rows) if rows else None

    def _page(self, owner: Owner, query: Query, rows: Rows) -> Page:
        totals, version = owner.sums()
        at, id = rows.last
        cursor = Cursor(at, id.hex()).encode(query.order) if rows.more else None
        return Page(rows.items, totals.get("output", Totals()).active, cursor, version)

    # -- what is left for the next --------------------------------------------------------

    def keep_open(self, shard: Shard) -> None:
        """A page was read from it, and the next one may be asked for."""
        with self._lock, contextlib.suppress(FileNotFoundError):
            self._files.add(shard)

    def close_files(self) -> None:
        """They may be others by now. The caller holds the lock."""
        self._files.clear()

    def ring_wants(self) -> int:
        """How many of an owner's images the ring would hold."""
        return self._ring.room

    def ring_fill(self, name: str, version: str, rows: list[Row], *, whole: bool) -> None:
        """Gives the ring an owner's newest images, unless they changed since ``version``."""
        newest = [(key, item(raw)) for key, raw in rows]
        with self._lock:
            if self._held.owner(name).sums()[1] == version:
                self._ring.fill(name, newest, whole=whole)
