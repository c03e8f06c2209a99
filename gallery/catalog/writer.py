"""How a change is written: a line of a manifest, and one of the feed after it.

A manifest line is durable before the feed tells of it. The callers hold the owner's lock
from reading the sidecar on, so a manifest has one writer at a time.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from gallery.catalog.begun import Begun
from gallery.catalog.held import Held
from gallery.catalog.index import Index
from gallery.catalog.manifest_lines import header, line_of, read_generation
from gallery.catalog.mirror import Mirror
from gallery.catalog.shard import Replaced, Shard, whole
from gallery.catalog.swallowed import Swallowed, feed_line
from gallery.changes import Change
from gallery.durable import fdatasync, fsync_folder
from gallery.errors import storage
from gallery.records import Record, Seen

log = logging.getLogger(__name__)

COMPACT_BYTES = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Writer:
    """Writes for one library. What it wrote, the mirror reads back through the feed."""

    def __init__(self, mirror: Mirror, begun: Begun, swallowed: Swallowed) -> None:
        self._mirror = mirror
        self._held = mirror.held
        self._folder = mirror.held.folder
        self._begun = begun
        self.swallowed = swallowed

    def apply(self, change: Change) -> None:
        """Manifest line, durable, then feed line."""
        self._mirror.ask(partial(self._apply, change=change, durable=True))

    def apply_all(self, changes: Sequence[Change]) -> None:
        """Each is seen at once by everybody, and durable with the others. In between, a power
        cut takes back lines of changes that their sidecars tell of."""
        for change in changes:
            self._mirror.ask(partial(self._apply, change=change, durable=False))
        for path in {self._folder.path(change.owner, change.month) for change in changes}:
            with storage(path, ours=True):
                fdatasync(path)

    def _apply(self, held: Held, change: Change, *, durable: bool) -> None:
        self.swallowed.announce(held.shard(change.owner, change.month))
        shard = held.shard(change.owner, change.month)
        index = held.load(shard)
        if self._is_known(change, shard, index):
            return
        with self._begun.change(change.owner, change.month):
            generation, end = self._append(change, shard, index, durable=durable)
            head = {"op": change.op, "id": change.id, "kind": change.kind, "rev": change.rev}
            self._mirror.announce(feed_line(head, shard, generation, end))

    def _is_known(self, change: Change, shard: Shard, index: Index) -> bool:
        entry = self._held.entry(shard, index, change.id)
        if entry is None or change.record is None:
            return entry is None and change.record is None
        return entry.seen == change.seen and entry.record == change.record

    def _append(
        self, change: Change, shard: Shard, index: Index, *, durable: bool
    ) -> tuple[str, int]:
        """The manifest line. Gives the manifest's generation and the line's end."""
        fd = os.open(shard.path, _APPEND, 0o640)
        try:
            size = _size_as_read(fd, shard)
            with self._held.lock:
                if size > shard.end:  # lines that a crash kept from the feed, or a torn one
                    self._held.read_on(shard)
                totals = index.totals_with(shard.totals, change)
            line = line_of(change, self._mirror.feed.position, totals)
            generation = shard.generation
            if size == 0:
                generation, first = header(self._folder.library, change.owner, change.month)
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
        shard = Shard(self._folder.path(owner, month), owner, month)
        copy = f"{shard.path}.new"
        with storage(shard.path), _given_back(copy):
            os.makedirs(os.path.dirname(shard.path), exist_ok=True)
            with open(copy, "wb") as file:
                position = self._mirror.feed.position
                file.writelines(whole(shard, self._folder.library, records, position))
                file.flush()
                os.fsync(file.fileno())
            with self._begun.change(owner, month):
                os.rename(copy, shard.path)
                load = feed_line({"op": "load"}, shard, shard.generation, shard.end)
                self._mirror.announce(load)

    def compact(self, owner: str, month: str) -> None:
        """Rewrites a manifest whose dead lines exceed the live ones and 1 MiB."""
        self._mirror.ask(partial(self._compact, owner=owner, month=month))

    def _compact(self, held: Held, owner: str, month: str) -> None:
        shard = held.shard(owner, month)
        index = held.load(shard)
        fd = os.open(shard.path, _READ)
        try:
            _size_as_read(fd, shard)
        finally:
            os.close(fd)
        with held.lock:  # lines that a crash kept from the feed
            held.read_on(shard)
        dead = shard.end - index.live_bytes
        if shard.damaged or dead <= max(COMPACT_BYTES, index.live_bytes):
            return
        entries = [held.entry(shard, index, id.hex()) for id in list(index.slots)]
        self.rebuild(owner, month, [(e.record, e.seen) for e in entries if e])
        log.info("%s: compacted, %d bytes were dead", shard.path, dead)


@contextmanager
def _given_back(copy: str) -> Iterator[None]:
    """Takes away what cannot be finished: on a full disk it would keep the disk full. What a
    process that died left is written over by the next."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(copy)
        raise


def _size_as_read(fd: int, shard: Shard) -> int:
    """The size of a manifest whose lines are still those that were read. Raises Replaced when it
    was removed, cut or replaced, for its totals are no longer these; and when somebody else wrote
    into it, for it would look untouched as soon as it is written on."""
    found = os.fstat(fd)
    if found.st_size < shard.end or (shard.end and read_generation(fd) != shard.generation):
        raise Replaced(shard)
    if shard.end and found.st_size == shard.end and found.st_mtime_ns != shard.mtime_ns:
        raise Replaced(shard)
    return found.st_size
