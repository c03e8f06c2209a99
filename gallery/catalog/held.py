"""What is held in memory of the manifests: every asked-for owner's last lines, and the
indexes of the months in use. The ring beside it holds the newest images.

Nothing is read ahead: an owner's last lines when they are first asked for, a month's lines
when a question reaches it. What was used longest ago is let go of.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from gallery.catalog import Entry, Page
from gallery.catalog.damage import Damage
from gallery.catalog.folder import ManifestFolder
from gallery.catalog.index import Index
from gallery.catalog.query import Query
from gallery.catalog.ring import Ring
from gallery.catalog.shard import Replaced, Shard, load, read_lines, read_on, summarize
from gallery.encoding import item
from gallery.lines import record_in_line
from gallery.totals import Totals, TotalsByKind

MAX_OWNERS = 5_000


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


class Held:
    """Owners and loaded manifests. ``lock`` guards them and the ring, and is held briefly;
    the event loop waits a millisecond for it at most."""

    def __init__(self, folder: ManifestFolder, ring: Ring, *, shard_bytes: int) -> None:
        self.lock = threading.RLock()
        self.folder = folder
        self.ring = ring
        self.owners: OrderedDict[str, Owner] = OrderedDict()
        self._loaded: OrderedDict[tuple[str, str], Shard] = OrderedDict()
        self._shard_bytes = shard_bytes
        self.damage = Damage()

    # -- owners ---------------------------------------------------------------------------

    def owner(self, name: str) -> Owner:
        """What is known of an owner, from their last lines. The caller holds the lock."""
        owner = self.owners.get(name)
        if owner is None:
            months = self.folder.months(name)
            owner = Owner({month: self._summary(name, month) for month in months})
            self.owners[name] = owner
            while len(self.owners) > MAX_OWNERS:
                self._drop(next(iter(self.owners)))
        self.owners.move_to_end(name)
        return owner

    def _drop(self, name: str) -> None:
        del self.owners[name]
        self.ring.forget(name)
        for key in [key for key in self._loaded if key[0] == name]:
            del self._loaded[key]

    def shard(self, owner: str, month: str) -> Shard:
        """The manifest of a month, also one that is yet to be written."""
        with self.lock:
            months = self.owner(owner).months
            if month not in months:
                months[month] = self._summary(owner, month)
            return months[month]

    def _summary(self, owner: str, month: str) -> Shard:
        shard = Shard(self.folder.path(owner, month), owner, month)
        try:
            summarize(shard)
        except FileNotFoundError:
            self.folder.check_marker()
        self.damage.note(shard)
        return shard

    # -- a manifest that changed ----------------------------------------------------------

    def read_on(self, shard: Shard) -> None:
        """Takes in the lines of a manifest that are new. The caller holds the lock."""
        if owner := self.owners.get(shard.owner):
            owner.changed()
        for head, line in read_on(shard):
            self._show(shard.owner, head, line)
        self.damage.note(shard)

    def _show(self, owner: str, head: dict[str, Any], line: bytes) -> None:
        if head["kind"] != "output" or not self.ring.has(owner):
            return
        key = (head["at"], bytes.fromhex(head["id"]))
        if head["op"] != "put":
            self.ring.move(owner, key)
        if head["status"] == "active":
            self.ring.put(owner, key, item(record_in_line(line)))
        else:
            self.ring.remove(owner, key)

    def replace(self, owner: Owner, name: str, month: str) -> Shard:
        """Reads a manifest anew that is not the one that is known. The caller holds the lock."""
        owner.changed()
        self._loaded.pop((name, month), None)
        self.ring.forget(name)
        before = owner.months.get(month)
        after = owner.months[month] = self._summary(name, month)
        if before:
            self.damage.shortened(before, after)
        return after

    def renew(self, shard: Shard) -> None:
        """Replaces a manifest, unless that was done meanwhile."""
        with self.lock:
            owner = self.owners.get(shard.owner)
            if owner and owner.months.get(shard.month) is shard:
                self.replace(owner, shard.owner, shard.month)

    # -- loaded manifests -----------------------------------------------------------------

    def load(self, shard: Shard) -> Index:
        """The manifest's index, read outside the lock if need be. Raises Replaced."""
        fresh = None
        if shard.index is None:
            fresh = Shard(shard.path, shard.owner, shard.month)
            try:
                load(fresh)
            except FileNotFoundError:
                self.folder.check_marker()
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
            self.ring.forget(shard.owner)
            if owner := self.owners.get(shard.owner):
                owner.changed()
        shard.end, shard.crc, shard.totals = fresh.end, fresh.crc, fresh.totals
        shard.mtime_ns = fresh.mtime_ns
        shard.index = fresh.index or Index()
        shard.damaged = shard.damaged or fresh.damaged
        self.damage.note(shard)
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

    # -- all of it ------------------------------------------------------------------------

    def damaged(self) -> list[tuple[str, str]]:
        """(owner, month) of the manifests that want a rebuild."""
        with self.lock:
            return self.damage.places()

    def clear(self) -> None:
        """Everything is to be read again. The caller holds the lock."""
        self.owners.clear()
        self._loaded.clear()
        self.ring.clear()
        self.damage.clear()
