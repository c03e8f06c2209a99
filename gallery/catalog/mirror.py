"""What one process holds of the manifests in memory, kept level with the feed.

Everything here was read from the files, also what this process wrote itself. ``sync``
reads what is new; one fstat tells that nothing is.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gallery import keys
from gallery.catalog import Entry, Listener, Page
from gallery.catalog.feed import Feed, FeedLost
from gallery.catalog.index import Index
from gallery.catalog.now import Files, Rows, rows_now
from gallery.catalog.query import Cursor, Query
from gallery.catalog.ring import Ring
from gallery.catalog.select import Row
from gallery.catalog.shard import Replaced, Shard, load, read_lines, read_on, summarize
from gallery.encoding import item
from gallery.errors import Unavailable, storage
from gallery.lines import record_in_line
from gallery.totals import Totals, TotalsByKind

MAX_OWNERS = 5_000
_PAGES = 8
_PATIENCE = 0.001
_TRIES = 5
T = TypeVar("T")


@dataclass(slots=True)
class Owner:
    """The manifests of an owner, and their sums as long as nothing changes."""

    months: dict[str, Shard] = field(default_factory=dict)
    pages: dict[Query, Page] = field(default_factory=dict)
    """Pages that were answered from the ring. Looked up without the lock."""
    _sums: tuple[TotalsByKind, str] | None = None

    def changed(self) -> None:
        self._sums = None
        self.pages.clear()

    def sums(self) -> tuple[TotalsByKind, str]:
        """Totals by kind, and the version of all that the owner has."""
        if self._sums is None:
            totals: TotalsByKind = {}
            for shard in self.months.values():
                for kind, some in shard.totals.items():
                    totals[kind] = totals.get(kind, Totals()) + some
            # Months yet to be written are known here only because somebody asked.
            written = [month for month in sorted(self.months) if self.months[month].end]
            version = "|".join(self.months[month].version for month in written)
            self._sums = totals, version
        return self._sums


class Mirror:
    """Owners, loaded manifests and the ring. ``lock`` guards them and is held briefly; the
    event loop waits a millisecond for it at most."""

    def __init__(self, users: str, feed: Feed, *, memory_bytes: int, ring_items: int) -> None:
        self.lock = threading.RLock()
        self.feed = feed
        self._users = users
        self._marker = os.path.join(os.path.dirname(users), "library.json")
        self._owners: OrderedDict[str, Owner] = OrderedDict()
        self._loaded: OrderedDict[tuple[str, str], Shard] = OrderedDict()
        self._ring = Ring(ring_items, memory_bytes // 4)
        self._shard_bytes = memory_bytes * 3 // 4
        self._files = Files()
        self._damaged: set[tuple[str, str]] = set()
        self.listeners: list[Listener] = []
        self._learning = False

    # -- coherence ------------------------------------------------------------------------

    def fresh(self) -> bool:
        """Whether all that any process has written is known here. News that was read and
        not yet taken in is not known, so the size is looked at first."""
        return self.feed.fresh() and not self._learning

    def sync(self) -> None:
        """Reads what any process has written since."""
        with storage(self.feed.folder, ours=True), self.lock:
            if not self.feed.fresh():
                self._learn_from(self.feed.poll)

    def announce(self, line: Mapping[str, Any]) -> None:
        """Appends to the feed, and reads what is new up to and including that line."""
        with self.lock:
            self._learn_from(lambda: self.feed.append(line))

    def position(self) -> str:
        """Up to where in the feed everything is known here."""
        with self.lock:
            return self.feed.position

    def ask(self, question: Callable[[], T]) -> T:
        """The answer to ``question`` on what is known now; asked again when a manifest
        turns out to have been replaced meanwhile."""
        for _ in range(_TRIES):
            self.sync()
            try:
                with storage(self._users, ours=True):
                    return question()
            except Replaced as stale:
                self._renew(stale.shard)
        raise Unavailable("the manifests change faster than they can be read")

    def _learn_from(self, source: Callable[[], Iterable[dict[str, Any]]]) -> None:
        self._learning = True
        try:
            for line in source():
                if owner := self._owners.get(line["owner"]):
                    self._refresh(owner, line)
                self._tell(line["owner"], line.get("id", ""))
        except FeedLost:
            self._forget()
        except BaseException:
            self._forget()  # the lines that were not come to are not given again
            raise
        finally:
            self._learning = False

    def _forget(self) -> None:
        """Everything is to be read again."""
        self._owners.clear()
        self._loaded.clear()
        self._ring.clear()
        self._damaged.clear()
        self._files.clear()
        self._tell("", "")

    def _refresh(self, owner: Owner, line: dict[str, Any]) -> None:
        name, month = line["owner"], line["month"]
        shard = owner.months.get(month)
        if shard is None or shard.generation != line["generation"]:
            after = self._replace(owner, name, month)
            if shard and line["op"] != "load" and after.generation == line["generation"]:
                self._begun_anew(shard, after)
        elif shard.end < line["end"]:
            self.read_on(shard)
            if shard.end < line["end"]:  # replaced since, which the feed is yet to tell
                self._replace(owner, name, month)
        if shard is not None and shard.generation == line["generation"]:
            shard.told = line["end"]

    def read_on(self, shard: Shard) -> None:
        """Takes in the lines of a manifest that are new."""
        if owner := self._owners.get(shard.owner):
            owner.changed()
        for head, line in read_on(shard):
            self._show(shard.owner, head, line)
        self._note(shard)

    def _show(self, owner: str, head: dict[str, Any], line: bytes) -> None:
        if head["kind"] != "output" or not self._ring.has(owner):
            return
        key = (head["at"], bytes.fromhex(head["id"]))
        if head["op"] != "put":
            self._ring.move(owner, key)
        if head["status"] == "active":
            self._ring.put(owner, key, item(record_in_line(line)))
        else:
            self._ring.remove(owner, key)

    def _renew(self, shard: Shard) -> None:
        with self.lock:
            owner = self._owners.get(shard.owner)
            if owner and owner.months.get(shard.month) is shard:
                self._replace(owner, shard.owner, shard.month)

    def _begun_anew(self, before: Shard, after: Shard) -> None:
        """Only a rebuild begins a manifest anew. Who writes the first line of one that was
        emptied or removed can't tell it from a new one, and knows nothing of the lines it had."""
        if before.end or before.damaged:
            after.damaged = True
            self._note(after)

    def _replace(self, owner: Owner, name: str, month: str) -> Shard:
        owner.changed()
        self._loaded.pop((name, month), None)
        self._ring.forget(name)
        before = owner.months.get(month)
        after = owner.months[month] = self._summary(name, month)
        if before and after.end < before.end and after.generation in ("", before.generation):
            after.damaged = True  # removed or cut: the tree will tell what it said
            self._note(after)
        return after

    def _tell(self, owner: str, id: str) -> None:
        for listener in self.listeners:
            listener(owner, id)

    # -- owners and their manifests -------------------------------------------------------

    def path(self, owner: str, month: str) -> str:
        return os.path.join(self._users, owner, f"{month}.jsonl")

    def months(self, owner: str) -> list[str]:
        """The months that an owner has manifests of, ascending."""
        try:
            names = os.listdir(os.path.join(self._users, owner))
        except FileNotFoundError:
            self._check()
            return []
        months = (n.removesuffix(".jsonl") for n in names if n.endswith(".jsonl"))
        return sorted(m for m in months if keys.is_month(m))

    def owner(self, name: str) -> Owner:
        """What is known of an owner, from their last lines. The caller holds the lock."""
        owner = self._owners.get(name)
        if owner is None:
            owner = Owner({month: self._summary(name, month) for month in self.months(name)})
            self._owners[name] = owner
            while len(self._owners) > MAX_OWNERS:
                self._drop(next(iter(self._owners)))
        self._owners.move_to_end(name)
        return owner

    def shard(self, owner: str, month: str) -> Shard:
        """The manifest of a month, also one that is yet to be written."""
        with self.lock:
            months = self.owner(owner).months
            if month not in months:
                months[month] = self._summary(owner, month)
            return months[month]

    def _summary(self, owner: str, month: str) -> Shard:
        shard = Shard(self.path(owner, month), owner, month)
        try:
            summarize(shard)
        except FileNotFoundError:
            self._check()
        self._note(shard)
        return shard

    def _check(self) -> None:
        """A file that isn't there says nothing when the volume isn't there either."""
        if not os.path.exists(self._marker):
            raise Unavailable(f"{self._marker} is away")

    def _drop(self, name: str) -> None:
        del self._owners[name]
        self._ring.forget(name)
        for key in [key for key in self._loaded if key[0] == name]:
            del self._loaded[key]

    def load(self, shard: Shard) -> Index:
        """The manifest's index, read outside the lock if need be. Raises Replaced."""
        fresh = None
        if shard.index is None:
            fresh = Shard(shard.path, shard.owner, shard.month)
            try:
                load(fresh)
            except FileNotFoundError:
                self._check()
        with self.lock:
            index = self._install(shard, fresh)
            self._loaded[shard.owner, shard.month] = shard
            self._loaded.move_to_end((shard.owner, shard.month))
            if fresh is not None:
                self.trim()
            return index

    def _install(self, shard: Shard, fresh: Shard | None) -> Index:
        if shard.index is not None:
            return shard.index
        if fresh is None or fresh.generation != shard.generation:
            raise Replaced(shard)
        if fresh.end < shard.end:
            read_on(fresh)
        if fresh.end != shard.end:
            self._ring.forget(shard.owner)
            if owner := self._owners.get(shard.owner):
                owner.changed()
        shard.end, shard.crc, shard.totals = fresh.end, fresh.crc, fresh.totals
        shard.mtime_ns = fresh.mtime_ns
        shard.index = fresh.index or Index()
        shard.damaged = shard.damaged or fresh.damaged
        self._note(shard)
        return shard.index

    def entry(self, shard: Shard, index: Index, id: str) -> Entry | None:
        """The image, as a loaded manifest has it. Raises Replaced."""
        with self.lock:
            slot = index.slots.get(bytes.fromhex(id))
            if slot is None:
                return None
            span = (index.offset[slot], index.length[slot])
            seen = index.seen(slot)
        return Entry(record_in_line(read_lines(shard, [span])[0]), seen)

    def trim(self) -> None:
        """Lets go of what was used longest ago, if there is too much."""
        with self.lock:
            weight = sum(shard.weight() for shard in self._loaded.values())
            while weight > self._shard_bytes and len(self._loaded) > 1:
                _, shard = self._loaded.popitem(last=False)
                weight -= shard.weight()
                shard.index = shard.text = None

    def _note(self, shard: Shard) -> None:
        place = (shard.owner, shard.month)
        (self._damaged.add if shard.damaged else self._damaged.discard)(place)

    def damaged(self) -> list[tuple[str, str]]:
        """(owner, month) of the manifests that had bad lines."""
        with self.lock:
            return sorted(self._damaged)

    # -- the ring -------------------------------------------------------------------------

    def page_now(self, query: Query) -> Page | None:
        """The page of a plain query, if it can be had without waiting for a disk and is up
        to date. Waits a millisecond at most, for a thread that needs microseconds."""
        if not self.fresh():
            return None
        owner = self._owners.get(query.owner or "")
        if owner is None:
            return None
        if found := owner.pages.get(query):
            return found
        if not self.lock.acquire(timeout=_PATIENCE):
            return None
        try:
            return self.ring_page(owner, query) or self._rows_page(owner, query)
        finally:
            self.lock.release()

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

    def keep_open(self, shard: Shard) -> None:
        """A page was read from it, and the next one may be asked for."""
        with self.lock, contextlib.suppress(FileNotFoundError):
            self._files.add(shard)

    def ring_wants(self) -> int:
        """How many of an owner's images the ring would hold."""
        return self._ring.room

    def ring_fill(self, name: str, version: str, rows: list[Row], *, whole: bool) -> None:
        """Gives the ring an owner's newest images, unless they changed since ``version``."""
        newest = [(key, item(raw)) for key, raw in rows]
        with self.lock:
            if self.owner(name).sums()[1] == version:
                self._ring.fill(name, newest, whole=whole)
