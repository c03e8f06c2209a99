"""The catalog on files: manifests, the feed, and what is held of them in memory.

    folder       what lies where, and whose it is
    locks        who may write; which process runs the periodic jobs

    mirror       how a process learns what any process wrote: it asks the feed
    held         what is then in memory: owners, and the manifests in use
    at_hand      pages that are answered at once, from the ring or (``now``) further down
    pages        the other pages, and all that is asked with a query: its rows (``select``,
                 ``search``) in its ``order``, and ``facets``, what a filter can be chosen from
    lookups      what is asked without a query
    history      the feed from a position on, for who was away

    writer       how a change is written: manifest line, then feed line
    swallowed    what a crash kept from the feed in between, and ``begun``, where to look
    damage       how it is noticed that a manifest is damaged

    shard        one manifest, with its ``index`` in memory; ``manifest_lines``, its lines
    ring         the newest images
    feed         the feed, in files that are each a ``segment``

Every question begins with a look at the feed, so its answer is of what any process wrote
before. A change is known here when it was read back from there.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial

from gallery.catalog import Changes, Entry, Expired, Listener, Page, history, lookups, pages
from gallery.catalog.at_hand import is_plain
from gallery.catalog.begun import Begun
from gallery.catalog.facets import Facets
from gallery.catalog.feed import Feed
from gallery.catalog.folder import ManifestFolder
from gallery.catalog.locks import Leader, OwnerLocks
from gallery.catalog.mirror import Mirror
from gallery.catalog.notes import FileNotes
from gallery.catalog.ops import FileOps
from gallery.catalog.query import Query
from gallery.catalog.swallowed import Swallowed
from gallery.catalog.writer import COMPACT_BYTES, Writer
from gallery.changes import Change
from gallery.errors import GalleryError, StartRefused, Unavailable, storage
from gallery.keys import Kind
from gallery.records import Record, Seen
from gallery.totals import Totals, TotalsByKind, counted

log = logging.getLogger(__name__)


class ManifestCatalog:
    """Fulfils Catalog and Immediate. ``memory_bytes`` bounds ring and loaded manifests.
    ``alone`` is why no other process may have it open, if none may. ``has_moved`` says
    whether the library lives elsewhere by now."""

    def __init__(
        self, root: str, *, memory_bytes: int, ring_items: int = 10_000, alone: str = "",
        has_moved: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.root = os.path.abspath(root)
        self._folder = ManifestFolder(self.root)
        self._locks = OwnerLocks(self._folder, has_moved)
        self._begun = Begun(self.root, self._folder.is_there)
        self._leader = Leader(self.root)
        self._memory = (memory_bytes, ring_items)
        self._alone = alone
        self._mirror: Mirror | None = None
        self._writer: Writer | None = None
        self.ops = FileOps(self._folder.users)
        self.notes = FileNotes(self.root)

    # -- opening --------------------------------------------------------------------------

    def start(self, library: str) -> None:
        try:
            self._folder.claim(library)
            feed = Feed(os.path.join(self.root, "feed"), library, alone=self._alone)
            feed.open()
            self._locks.fence.make()
        except OSError as error:
            raise StartRefused(f"cannot open {self.root}: {error}") from error
        memory_bytes, ring_items = self._memory
        mirror = Mirror(self._folder, feed, memory_bytes=memory_bytes, ring_items=ring_items)
        swallowed = Swallowed(mirror, self._begun, self._locks)
        self._mirror, self._writer = mirror, Writer(mirror, self._begun, swallowed)

    def close(self) -> None:
        if self._mirror:
            with self._mirror.held.lock:
                self._mirror.feed.close()
                self._mirror = self._writer = None
        self._leader.close()

    @property
    def mirror(self) -> Mirror:
        if self._mirror is None:
            raise Unavailable("the catalog is closed")
        return self._mirror

    @property
    def writer(self) -> Writer:
        if self._writer is None:
            raise Unavailable("the catalog is closed")
        return self._writer

    def check(self) -> None:
        self._folder.check()

    # -- asking, with a query -------------------------------------------------------------

    def fresh(self) -> bool:
        return self._mirror is not None and self._mirror.fresh()

    def page_now(self, query: Query) -> Page | None:
        if not is_plain(query):
            return None
        mirror = self.mirror
        return mirror.at_hand.page_now(query) if mirror.fresh() else None

    def page(self, query: Query) -> Page:
        return self.mirror.ask(lambda held: pages.page(held, self.mirror.at_hand, query))

    def timeline(self, query: Query, starts: Callable[[int, int], list[int]]) -> list[int]:
        return self.mirror.ask(lambda held: pages.timeline(held, query, starts))

    def facets(self, owner: str, kind: Kind) -> Facets:
        return self.mirror.ask(lambda held: pages.newest_facets(held, owner, kind))

    # -- asking of owners -----------------------------------------------------------------

    def get(self, owner: str, id: str, month: str | None = None) -> Entry | None:
        return self.mirror.ask(lambda held: lookups.get(held, owner, id, month))

    def totals(self, owner: str) -> TotalsByKind:
        return self.mirror.ask(lambda held: lookups.totals(held, owner))

    def version(self, owner: str) -> str:
        return self.mirror.ask(lambda held: lookups.version(held, owner))

    def owners(self) -> list[str]:
        return self._folder.owners()

    def months(self, owner: str) -> list[str]:
        return self._folder.months(owner)

    def lines(self, owner: str, month: str) -> int:
        return self._folder.lines(owner, month)

    def whole(self) -> tuple[int, Totals]:
        each = [sum(self.totals(owner).values(), Totals()) for owner in self.owners()]
        return counted(each)

    def find(self, id: str) -> list[str]:
        return [owner for owner in self.owners() if self._has(owner, id)]

    def _has(self, owner: str, id: str) -> bool:
        return any(self.get(owner, id, month) for month in self._folder.mentioning(owner, id))

    def expired(self, before: int) -> Iterator[Expired]:
        for owner in self.owners():
            try:
                yield from self.mirror.ask(partial(lookups.expired, owner=owner, before=before))
            except Unavailable as error:  # whose manifest cannot be read keeps nobody else's
                self.check()
                log.warning("what expires of %s is left out: %s", owner, error)

    def seen(self, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
        return self.mirror.ask(lambda held: lookups.seen(held, owner, month, kind))

    def damaged(self) -> list[tuple[str, str]]:
        return self.mirror.held.damaged()

    # -- following ------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        self.mirror.listeners.append(listener)

    def changes(self, since: str | None, *, owner: str | None = None, limit: int = 1000) -> Changes:
        self.mirror.sync()
        now = self.mirror.position()
        if since is None:
            return Changes([], now, level=True)
        with storage(self.mirror.feed.folder, ours=True):
            return history.changes(self.mirror.feed, since, now, owner, limit)

    def swallowed(self) -> list[str]:
        with storage(self.root, ours=True):
            return sorted({owner for owner, _ in self._begun.all()})

    def catch_up(self, owner: str) -> int:
        return self.writer.swallowed.catch_up(owner)

    # -- changing -------------------------------------------------------------------------

    def lock(self, owner: str) -> AbstractContextManager[None]:
        return self._locks.changing(owner)

    def check_lock(self, owner: str) -> None:
        """A lock of a file ends with its process."""

    def fence(self, seconds: float) -> AbstractContextManager[Callable[[], None]]:
        return self._locks.fence.closed(seconds)

    def apply(self, change: Change) -> None:
        self.writer.apply(change)

    def apply_all(self, changes: Sequence[Change]) -> None:
        self.writer.apply_all(changes)

    def rebuild(self, owner: str, month: str, records: list[tuple[Record, Seen]]) -> None:
        self.writer.rebuild(owner, month, records)

    # -- jobs -----------------------------------------------------------------------------

    def leads(self) -> bool:
        return self._leader.leads()

    def maintain(self) -> None:
        self.mirror.sync()
        with storage(self.root):
            self.mirror.feed.maintain(now=time.time())
        self.ops.expire(time.time())
        for owner in self.owners():
            try:
                self._compact(owner)
            except GalleryError as error:  # which keeps nobody else's from it
                log.warning("the manifests of %s are not compacted: %s", owner, error)

    def _compact(self, owner: str) -> None:
        for month in self.months(owner):
            path = self._folder.path(owner, month)
            with storage(path):
                large = os.path.getsize(path) > COMPACT_BYTES
            if large:
                with self.lock(owner):
                    self.writer.compact(owner, month)
