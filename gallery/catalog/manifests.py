"""The catalog on files: manifests, the feed, and what is held of them in memory.

    manifests/library.json                  names the library
    manifests/users/{owner}/{month}.jsonl   see ``shard``
    manifests/users/{owner}/.lock           the owner's lock; never renamed or removed
    manifests/users/{owner}/ops/            see ``ops``
    manifests/begun/                        see ``begun``
    manifests/.lock                         held while library.json is made
    manifests/jobs.lock                     held by the process that runs the periodic jobs
    manifests/feed/                         see ``feed``
    manifests/scrub.json, clock, …          see ``notes``

Nothing is read ahead: an owner's last lines when they first ask, a month's lines when a
page reaches it. ``mirror`` is that memory.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import orjson

from gallery import keys
from gallery.catalog import Changes, Entry, Expired, Listener, Page, history
from gallery.catalog.begun import Begun
from gallery.catalog.facets import NEWEST, Facets, facets
from gallery.catalog.feed import Feed
from gallery.catalog.mirror import Mirror
from gallery.catalog.notes import FileNotes
from gallery.catalog.ops import FileOps
from gallery.catalog.query import Cursor, Query
from gallery.catalog.select import Row, Selection
from gallery.catalog.swallowed import unannounced
from gallery.catalog.writer import COMPACT_BYTES, Writer
from gallery.changes import Change
from gallery.durable import fdatasync, fsync_folder, locked, replace_file, try_lock
from gallery.encoding import item
from gallery.errors import Moved, StartRefused, Unavailable, storage
from gallery.fence import FileFence
from gallery.keys import Kind, folder_of
from gallery.records import Record, Seen
from gallery.totals import Totals, TotalsByKind, counted

log = logging.getLogger(__name__)

FORMAT = 1
_FILL = 200
CATCH_UP_SECONDS = 5.0
"""How long who catches up waits for a change that is under way. Its process may be stopped."""


class ManifestCatalog:
    """Fulfils Catalog and Immediate. ``memory_bytes`` bounds ring and loaded manifests.
    ``alone`` is why no other process may have it open, if none may. ``has_moved`` says
    whether the library lives elsewhere by now."""

    def __init__(
        self, root: str, *, memory_bytes: int, ring_items: int = 10_000, alone: str = "",
        has_moved: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.root = os.path.abspath(root)
        self._has_moved = has_moved
        self._fence = FileFence(self.root, self._is_there)
        self._begun = Begun(self.root, self._is_there)
        self.library = ""
        self._users = os.path.join(self.root, "users")
        self._memory = (memory_bytes, ring_items)
        self._alone = alone
        self._mirror: Mirror | None = None
        self._writer: Writer | None = None
        self._jobs_fd: int | None = None
        self.ops = FileOps(self._users)
        self.notes = FileNotes(self.root)

    # -- opening --------------------------------------------------------------------------

    def start(self, library: str) -> None:
        self.library = library
        try:
            os.makedirs(self._users, exist_ok=True)
            with locked(os.path.join(self.root, ".lock")):
                known = library_of(self.root)
                if known is None:
                    marker = orjson.dumps({"format": FORMAT, "library": library}) + b"\n"
                    replace_file(os.path.join(self.root, "library.json"), marker)
            if known not in (None, library):
                raise StartRefused(f"{self.root} is of library {known}, the images of {library}")
            feed = Feed(os.path.join(self.root, "feed"), library, alone=self._alone)
            feed.open()
            self._fence.make()
        except OSError as error:
            raise StartRefused(f"cannot open {self.root}: {error}") from error
        memory_bytes, ring_items = self._memory
        self._mirror = Mirror(self._users, feed, memory_bytes=memory_bytes, ring_items=ring_items)
        self._writer = Writer(self._mirror, library, self._begun)

    def close(self) -> None:
        if self._mirror:
            with self._mirror.lock:
                self._mirror.feed.close()
                self._mirror = self._writer = None
        if self._jobs_fd is not None:
            os.close(self._jobs_fd)
            self._jobs_fd = None

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

    def listen(self, listener: Listener) -> None:
        self.mirror.listeners.append(listener)

    # -- asking ---------------------------------------------------------------------------

    def fresh(self) -> bool:
        return self._mirror is not None and self._mirror.fresh()

    def page_now(self, query: Query) -> Page | None:
        return self.mirror.page_now(query) if _is_plain(query) else None

    def page(self, query: Query) -> Page:
        return self.mirror.ask(lambda: self._page(query))

    def _page(self, query: Query) -> Page:
        if _is_plain(query):
            self._fill(query)
            with self.mirror.lock:
                owner = self.mirror.owner(query.owner or "")
                if found := self.mirror.ring_page(owner, query):
                    return found
        selection, version = self._select(query)
        rows = selection.rows(query.size + 1)
        rows, more = rows[: query.size], len(rows) > query.size
        if _is_plain(query):
            for month in {_month(row) for row in rows}:
                self.mirror.keep_open(self.mirror.shard(query.owner or "", month))
        cursor = None
        if more:
            at, id = rows[-1][0]
            cursor = Cursor(at, id.hex()).encode(query.order)
        total, size = self._sum(query)
        return Page([item(raw) for _, raw in rows], total, cursor, version, size)

    def _fill(self, query: Query) -> None:
        """Gives the ring an owner who is not in it, or not deep enough for the query."""
        owner, end = query.owner or "", query.offset + query.size
        want = min(self.mirror.ring_wants(), max(_FILL, 2 * end))
        with self.mirror.lock:
            if want < end or query.cursor or self.mirror.ring_page(self.mirror.owner(owner), query):
                return
        selection, version = self._select(Query(owner, size=want))
        rows = selection.rows(want + 1)
        self.mirror.ring_fill(owner, version, rows[:want], whole=len(rows) <= want)

    def _select(self, query: Query) -> tuple[Selection, str]:
        names = [query.owner] if query.owner else self.owners()
        with self.mirror.lock:
            states = [self.mirror.owner(name) for name in names]
            version = "|".join(state.sums()[1] for state in states)
            shards = [shard for state in states for shard in state.months.values()]
        return Selection(query, shards, self.mirror), version

    def _sum(self, query: Query) -> tuple[int | None, int | None]:
        """How many images there are, and their bytes, as far as that is asked for."""
        if query.count:
            return self._select(replace(query, page=1, cursor=None))[0].sum()
        return None if query.filters else self._total(query), None

    def _total(self, query: Query) -> int:
        total = 0
        for name in [query.owner] if query.owner else self.owners():
            with self.mirror.lock:
                totals, _ = self.mirror.owner(name).sums()
            for kind in query.kinds:
                sums = totals.get(kind, Totals())
                total += sum(getattr(sums, status) for status in query.statuses)
        return total

    def timeline(self, query: Query, starts: Callable[[int, int], list[int]]) -> list[int]:
        every = replace(query, page=1, cursor=None)
        return self.mirror.ask(lambda: self._select(every)[0].histogram(starts))

    def facets(self, owner: str, kind: Kind) -> Facets:
        def found() -> Facets:
            selection, _ = self._select(Query(owner, kinds=(kind,)))
            return facets(map(orjson.loads, selection.newest(NEWEST)))

        return self.mirror.ask(found)

    def get(self, owner: str, id: str, month: str | None = None) -> Entry | None:
        return self.mirror.ask(lambda: self._get(owner, id, month))

    def _get(self, owner: str, id: str, month: str | None) -> Entry | None:
        with self.mirror.lock:
            months = self.mirror.owner(owner).months
            wanted = [months[m] for m in sorted(months, reverse=True) if month in (None, m)]
        for shard in wanted:
            if entry := self.mirror.entry(shard, self.mirror.load(shard), id):
                return entry
        return None

    def totals(self, owner: str) -> TotalsByKind:
        return self.mirror.ask(lambda: self._totals(owner))

    def _totals(self, owner: str) -> TotalsByKind:
        with self.mirror.lock:
            return dict(self.mirror.owner(owner).sums()[0])

    def version(self, owner: str) -> str:
        return self.mirror.ask(lambda: self._version(owner))

    def _version(self, owner: str) -> str:
        with self.mirror.lock:
            return self.mirror.owner(owner).sums()[1]

    def _is_there(self) -> bool:
        return library_of(self.root) == self.library

    def check(self) -> None:
        if not self._is_there():
            raise Unavailable(f"{self.root} is away")

    def owners(self) -> list[str]:
        with storage(self._users, ours=True), os.scandir(self._users) as entries:
            folders = (entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
            return sorted(name for name in folders if keys.is_owner(name))

    def whole(self) -> tuple[int, Totals]:
        each = [sum(self.totals(owner).values(), Totals()) for owner in self.owners()]
        return counted(each)

    def months(self, owner: str) -> list[str]:
        with storage(self._users):
            return self.mirror.months(owner)

    def find(self, id: str) -> list[str]:
        return [owner for owner in self.owners() if self._mentions(owner, id)]

    def _mentions(self, owner: str, id: str) -> bool:
        needle = f'"id":"{id}"'.encode()
        for month in self.months(owner):
            path = self.mirror.path(owner, month)
            with storage(path), open(path, "rb") as file:
                if any(needle in line for line in file) and self.get(owner, id, month):
                    return True
        return False

    def expired(self, before: int) -> Iterator[Expired]:
        for owner in self.owners():
            yield from self.mirror.ask(lambda owner=owner: self._expired(owner, before))  # type: ignore[misc]

    def _expired(self, owner: str, before: int) -> list[Expired]:
        with self.mirror.lock:
            shards = list(self.mirror.owner(owner).months.values())
        found: list[Expired] = []
        for shard in shards:
            oldest = (totals.oldest_deleted for totals in shard.totals.values())
            if any(at is not None and at < before for at in oldest):
                index = self.mirror.load(shard)
                with self.mirror.lock:
                    trash = [
                        slot
                        for v, slots in index.views.items()
                        if v[1] == "trash"
                        for slot in slots
                    ]
                    found += [
                        Expired(owner, index.ids[slot].hex(), index.deleted[slot])
                        for slot in trash
                        if index.deleted[slot] < before
                    ]
        return found

    def seen(self, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
        return self.mirror.ask(lambda: self._seen(owner, month, kind))

    def _seen(self, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
        index = self.mirror.load(self.mirror.shard(owner, month))
        with self.mirror.lock:
            slots = [*index.views[kind, "active"], *index.views[kind, "trash"]]
            return {index.ids[slot].hex(): index.seen(slot) for slot in slots}

    def lines(self, owner: str, month: str) -> int:
        path = self.mirror.path(owner, month)
        with storage(path, ours=True), open(path, "rb") as file:
            return sum(1 for _ in file) - 1  # without the header

    def changes(self, since: str | None, *, owner: str | None = None, limit: int = 1000) -> Changes:
        self.mirror.sync()
        now = self.mirror.position()
        if since is None:
            return Changes([], now, level=True)
        with storage(self.mirror.feed.folder, ours=True):
            return history.changes(self.mirror.feed, since, now, owner, limit)

    # -- changing -------------------------------------------------------------------------

    @contextmanager
    def lock(self, owner: str) -> Iterator[None]:
        with self._fence.passed():
            if self._has_moved():
                raise Moved(f"{self.root} is not where the library lives now")
            with self._held(owner):
                yield

    @contextmanager
    def _held(self, owner: str, seconds: float | None = None) -> Iterator[None]:
        path = os.path.join(self._users, owner, ".lock")
        with ExitStack() as held:
            with storage(path, ours=True):
                if not os.path.exists(path):
                    self._make_folder(owner)
                held.enter_context(locked(path, seconds))
            yield

    def fence(self, seconds: float) -> AbstractContextManager[Callable[[], None]]:
        return self._fence.closed(seconds)

    def _make_folder(self, owner: str) -> None:
        """Only where the library still is: a volume that is away is not filled anew."""
        self.check()
        os.makedirs(os.path.join(self._users, owner), exist_ok=True)
        fsync_folder(self._users)

    def apply(self, change: Change) -> None:
        """Manifest line, durable, then feed line."""
        self.mirror.ask(lambda: self.writer.apply(change))

    def apply_all(self, changes: Sequence[Change]) -> None:
        """Each is seen at once by everybody, and durable with the others. In between, a power
        cut takes back lines of changes that their sidecars tell of."""
        for change in changes:
            self.mirror.ask(partial(self.writer.apply, change, durable=False))
        for path in {self.mirror.path(change.owner, change.month) for change in changes}:
            with storage(path, ours=True):
                fdatasync(path)

    def rebuild(self, owner: str, month: str, records: list[tuple[Record, Seen]]) -> None:
        self.writer.rebuild(owner, month, records)

    def catch_up(self, owner: str) -> int:
        count = 0
        begun = {month for name, month in self._begun.all() if name == owner}
        for month in sorted(begun.union(self.months(owner))):
            count += self.mirror.ask(partial(self._catch_up, owner, month, is_begun=month in begun))
        return count

    def _catch_up(self, owner: str, month: str, *, is_begun: bool) -> int:
        shard = self.mirror.shard(owner, month)
        if not is_begun and not unannounced(self.mirror.feed, shard, self.mirror.position()):
            return 0
        # No change, so the fence is not passed: who closed it wants to be told as well.
        with self._held(owner, CATCH_UP_SECONDS):
            self.mirror.sync()
            count = self.writer.announce_swallowed(self.mirror.shard(owner, month))
            self._begun.end(owner, month)
            return count

    def swallowed(self) -> list[str]:
        with storage(self.root, ours=True):
            return sorted({owner for owner, _ in self._begun.all()})

    def damaged(self) -> list[tuple[str, str]]:
        return self.mirror.damaged()

    def leads(self) -> bool:
        if self._jobs_fd is None:
            path = os.path.join(self.root, "jobs.lock")
            with storage(path):
                fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            if not try_lock(fd):
                os.close(fd)
                return False
            self._jobs_fd = fd
        return True

    def maintain(self) -> None:
        self.mirror.sync()
        with storage(self.root):
            self.mirror.feed.maintain(now=time.time())
        self.ops.expire(time.time())
        for owner in self.owners():
            for month in self.months(owner):
                path = self.mirror.path(owner, month)
                with contextlib.suppress(FileNotFoundError):
                    if os.path.getsize(path) > COMPACT_BYTES:
                        with self.lock(owner):
                            self.writer.compact(owner, month)


def _is_plain(query: Query) -> bool:
    """Whether the ring can answer: an owner's active outputs, all of them, newest first."""
    return (
        query.owner is not None
        and query.kinds == ("output",)
        and query.statuses == ("active",)
        and query.order == "created"
        and not query.filters
        and not query.count
    )


def _month(row: Row) -> str:
    return folder_of("", "output", row[0][0]).month


def library_of(root: str) -> str | None:
    """The library that the manifests under ``root`` are of; None when they know none.
    Raises StartRefused when that cannot be told."""
    path = os.path.join(root, "library.json")
    try:
        with open(path, "rb") as file:
            return str(orjson.loads(file.read(65_536))["library"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartRefused(f"{path} cannot be read: {error}") from error
