"""What one process writes: lines of manifests, and of the feed after them.

A manifest line is durable before the feed tells of it. The callers hold the owner's lock
from reading the sidecar on, so a manifest has one writer at a time.
"""

from __future__ import annotations

import errno
import logging
import os

from gallery.catalog.begun import Begun
from gallery.catalog.index import Index
from gallery.catalog.lines import header, line_of, read_generation
from gallery.catalog.mirror import Mirror
from gallery.catalog.shard import Replaced, Shard, whole
from gallery.catalog.swallowed import feed_line, unannounced
from gallery.changes import Change
from gallery.durable import fsync_folder
from gallery.errors import storage
from gallery.records import Record, Seen

log = logging.getLogger(__name__)

COMPACT_BYTES = 1 << 20
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Writer:
    """Writes for one library. What it wrote, the mirror reads back through the feed."""

    def __init__(self, mirror: Mirror, library: str, begun: Begun) -> None:
        self._mirror = mirror
        self._begun = begun
        self._library = library

    def apply(self, change: Change, *, durable: bool = True) -> None:
        self.announce_swallowed(self._mirror.shard(change.owner, change.month))
        shard = self._mirror.shard(change.owner, change.month)
        index = self._mirror.load(shard)
        if self._is_known(change, shard, index):
            return
        with self._begun.change(change.owner, change.month):
            generation, end = self._append(change, shard, index, durable=durable)
            head = {"op": change.op, "id": change.id, "kind": change.kind, "rev": change.rev}
            self._mirror.announce(feed_line(head, shard, generation, end))

    def announce_swallowed(self, shard: Shard) -> int:
        """The caller holds the owner's lock, so nobody is about to announce them."""
        try:
            size = os.path.getsize(shard.path)
        except FileNotFoundError:
            size = 0
        if shard.told == size:
            return 0
        missing = unannounced(self._mirror.feed, shard, self._mirror.position())
        for line in missing:
            self._mirror.announce(line)
            log.info("the feed was told what a crash kept from it: %s", line)
        shard.told = size
        return len(missing)

    def _is_known(self, change: Change, shard: Shard, index: Index) -> bool:
        entry = self._mirror.entry(shard, index, change.id)
        if entry is None or change.record is None:
            return entry is None and change.record is None
        return entry.seen == change.seen and entry.record == change.record

    def _append(
        self, change: Change, shard: Shard, index: Index, *, durable: bool
    ) -> tuple[str, int]:
        """The manifest line. Gives the manifest's generation and the line's end."""
        fd = os.open(shard.path, _APPEND, 0o640)
        try:
            size = os.fstat(fd).st_size
            # Removed, cut or replaced: its totals are no longer these.
            if size < shard.end or (shard.end and read_generation(fd) != shard.generation):
                raise Replaced(shard)
            with self._mirror.lock:
                if size > shard.end:  # lines that a crash kept from the feed, or a torn one
                    self._mirror.read_on(shard)
                totals = index.totals_with(shard.totals, change)
            line = line_of(change, self._mirror.feed.position, totals)
            generation = shard.generation
            if size == 0:
                generation, first = header(self._library, change.owner, change.month)
                line = first + line
            elif os.pread(fd, 1, size - 1) != b"\n":
                line = b"\n" + line
            if os.write(fd, line) != len(line):
                raise OSError(errno.ENOSPC, "the manifest line was cut short")
            if durable:
                os.fdatasync(fd)
        finally:
            os.close(fd)
        if size == 0:
            fsync_folder(os.path.dirname(shard.path))
        return generation, size + len(line)

    def rebuild(self, owner: str, month: str, records: list[tuple[Record, Seen]]) -> None:
        shard = Shard(self._mirror.path(owner, month), owner, month)
        with storage(shard.path):
            os.makedirs(os.path.dirname(shard.path), exist_ok=True)
            with open(f"{shard.path}.new", "wb") as file:
                file.writelines(whole(shard, self._library, records, self._mirror.feed.position))
                file.flush()
                os.fsync(file.fileno())
            with self._begun.change(owner, month):
                os.rename(f"{shard.path}.new", shard.path)
                load = feed_line({"op": "load"}, shard, shard.generation, shard.end)
                self._mirror.announce(load)

    def compact(self, owner: str, month: str) -> None:
        """Rewrites a manifest whose dead lines exceed the live ones and 1 MiB."""
        self._mirror.sync()
        shard = self._mirror.shard(owner, month)
        index = self._mirror.load(shard)
        with self._mirror.lock:  # lines that a crash kept from the feed
            self._mirror.read_on(shard)
        dead = shard.end - index.live_bytes
        if shard.damaged or dead <= max(COMPACT_BYTES, index.live_bytes):
            return
        entries = [self._mirror.entry(shard, index, id.hex()) for id in list(index.slots)]
        self.rebuild(owner, month, [(e.record, e.seen) for e in entries if e])
        log.info("%s: compacted, %d bytes were dead", shard.path, dead)
