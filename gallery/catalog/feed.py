"""The feed: one short line per change of the whole library, in the order of appending.

    manifests/feed/{n:010d}   segments; a first line with the generation, then the changes,
                              and a last line {"op":"close","next":n} when it ended cleanly
    manifests/feed/.lock      held while a line is appended; never renamed or removed
    manifests/feed/.live      held, shared, by every process that has the feed open; by one
                              alone on a network file system

It is how processes stay coherent: a request fstats the current segment, and a size that
is not the one last read means that there is news. A position is
``generation.segment.offset``. After a power cut the last segment may have lost lines that
somebody saw; so a segment that nobody closed, and nobody has open, is never appended to
again.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gallery.catalog import segment
from gallery.catalog.manifest_lines import lines
from gallery.durable import lock, try_lock
from gallery.errors import Damaged, StartRefused, Unavailable
from gallery.lines import decode_line, encode_line

log = logging.getLogger(__name__)

SEGMENT_BYTES = 16 << 20
KEEP_SECONDS = 7 * 86_400.0
OPEN_SECONDS = 10.0
_APPEND = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class FeedLost(Exception):
    """The feed was replaced or cannot be read on: whatever was learnt from it may be stale."""


class Feed:
    """One process's view of the feed. Reading and appending are the catalog's to serialize;
    ``fresh`` may be called at any time."""

    def __init__(self, folder: str, library: str, *, alone: str = "") -> None:
        self.folder = folder
        self.alone = alone
        self.library = library
        self.generation = ""
        self._segment = 0
        self._fd = -1
        self._offset = 0
        self._size = -1
        self._lock_fd = -1
        self._live_fd = -1
        self._mutex = threading.Lock()

    # -- opening and closing --------------------------------------------------------------

    def open(self) -> None:
        """Joins the other processes, or begins a new segment if there are none. Raises
        StartRefused where there may be no others, for the reason in ``alone``, and
        TimeoutError when one of them is stopped in the middle of a line."""
        os.makedirs(self.folder, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._lock_fd = os.open(os.path.join(self.folder, ".lock"), flags, 0o640)
        self._live_fd = os.open(os.path.join(self.folder, ".live"), flags, 0o640)
        with self._locked(OPEN_SECONDS):
            first = try_lock(self._live_fd)
            if self.alone and not first:
                raise StartRefused(f"{self.alone}, and another process is running")
            if not self.alone:
                fcntl.flock(self._live_fd, fcntl.LOCK_SH)
            self._join(begin=first)

    def close(self) -> None:
        """The last process to leave says that the segment ended cleanly."""
        if self._fd < 0:
            return
        with self._locked():
            if try_lock(self._live_fd):
                with contextlib.suppress(FeedLost, OSError):
                    list(self._read())
                    self._write(segment.closing(None))
                    os.fsync(self._fd)
        for fd in (self._fd, self._live_fd, self._lock_fd):
            os.close(fd)
        self._fd = self._live_fd = self._lock_fd = -1

    def _join(self, *, begin: bool) -> None:
        """Opens the newest segment at its end. With ``begin``, it is a new one."""
        if not os.path.exists(os.path.join(os.path.dirname(self.folder), "library.json")):
            raise Unavailable(f"{self.folder} is away")
        os.makedirs(self.folder, exist_ok=True)
        numbers = self.segments()
        self.generation = self._generation_of(numbers[-1]) if numbers else ""
        if not self.generation:
            self.generation = secrets.token_hex(8)
            begin = True
            if numbers:
                segment.give_up(self.path(numbers[-1]))
        if begin or not numbers or segment.is_closed(self.path(numbers[-1])):
            self._begin(numbers[-1] + 1 if numbers else 1)
        else:
            self._open_segment(numbers[-1])
            self._offset = self._size = os.fstat(self._fd).st_size

    def _generation_of(self, number: int) -> str:
        """As the segment says; "" where it cannot be read. Raises StartRefused."""
        library, generation = segment.origin(self.path(number)) or (self.library, "")
        if library != self.library:
            raise StartRefused(f"{self.path(number)} belongs to the library {library}")
        return generation

    def _begin(self, number: int) -> None:
        segment.make(self.path(number), self.library, self.generation, number)
        self._open_segment(number)
        self._offset = self._size = os.fstat(self._fd).st_size

    def _open_segment(self, number: int) -> None:
        fd = os.open(self.path(number), _APPEND)
        if self._fd >= 0:
            # In place: ``fresh`` may be looking at this descriptor in another thread.
            os.dup2(fd, self._fd, inheritable=False)
            os.close(fd)
        else:
            self._fd = fd
        self._segment, self._offset, self._size = number, 0, -1

    # -- reading --------------------------------------------------------------------------

    @property
    def position(self) -> str:
        return f"{self.generation}.{self._segment}.{self._offset}"

    def fresh(self) -> bool:
        """Whether nothing was appended since the last ``poll``. Costs one fstat."""
        try:
            info = os.fstat(self._fd)
        except OSError:
            return False
        return info.st_size == self._size and info.st_nlink > 0

    def poll(self) -> list[dict[str, Any]]:
        """The changes since the last call. Raises FeedLost, and then starts anew: what
        was known of the library must be forgotten."""
        try:
            return list(self._read())
        except (FeedLost, OSError) as error:
            with self._locked():
                self._join(begin=False)
            raise FeedLost(str(error)) from error

    def _read(self) -> Iterator[dict[str, Any]]:
        while True:
            info = os.fstat(self._fd)
            if info.st_nlink == 0 or info.st_size < self._offset:
                raise FeedLost(f"{self.path(self._segment)} was removed or cut")
            closed = None
            for offset, line in lines(self._fd, self._offset):
                self._offset = offset + len(line) + 1
                data = self._decode(offset, line)
                if data.get("op") == "close":
                    closed = data
                elif "op" in data:
                    yield data
            self._size = info.st_size
            if closed is None:
                return
            if closed["next"] is None:
                raise FeedLost("the feed was closed by a process that saw nobody else")
            try:
                self._open_segment(closed["next"])
            except FileNotFoundError as error:
                raise FeedLost("the segment that follows was never made") from error

    def _decode(self, offset: int, line: bytes) -> dict[str, Any]:
        try:
            return decode_line(line)
        except Damaged as error:
            where = f"{self.path(self._segment)}: bad line at byte {offset} ({error})"
            log.warning("%s; what is in memory is read again", where)
            raise FeedLost(where) from error

    # -- appending ------------------------------------------------------------------------

    def append(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Adds a line; gives every line since the last ``poll``, this one last. Raises
        OSError when it could not be written, and FeedLost like ``poll``."""
        with self._locked():
            try:
                news = list(self._read())
                line = encode_line(data)
                self._write(line)
                return [*news, *self._read()]
            except FeedLost:
                self._join(begin=False)
                self._write(encode_line(data))
                raise

    def _write(self, line: bytes) -> None:
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            line = b"\n" + line
        written = os.write(self._fd, line)
        if written != len(line):
            raise OSError(28, "the feed line was cut short")

    def segments(self) -> list[int]:
        """The numbers of the segments there are, ascending."""
        return sorted(int(n) for n in os.listdir(self.folder) if n.isdecimal())

    def oldest(self) -> int:
        """The number of the segment from which on none is missing."""
        numbers = self.segments()
        number = numbers[-1]
        while number - 1 in numbers:
            number -= 1
        return number

    def maintain(self, *, now: float) -> None:
        """Begins a new segment when this one is large; removes those that are too old.
        ``now`` is in seconds since 1970."""
        with self._locked():
            newest = self._segment == self.segments()[-1]
            if newest and os.fstat(self._fd).st_size > SEGMENT_BYTES:
                self._rotate()
        for number in self.segments()[:-1]:
            path = self.path(number)
            if now - os.stat(path).st_mtime > KEEP_SECONDS:
                os.unlink(path)

    def _rotate(self) -> None:
        """The close line first: who dies before the new segment is made leaves it to the
        next to join, and no segment that only some know of. The lines that this process had
        not read are read by its next ``poll``."""
        number = self._segment + 1
        self._write(segment.closing(number))
        os.fsync(self._fd)
        segment.make(self.path(number), self.library, self.generation, number)

    def path(self, number: int) -> str:
        return os.path.join(self.folder, f"{number:010d}")

    @contextmanager
    def _locked(self, seconds: float | None = None) -> Iterator[None]:
        with self._mutex:
            lock(self._lock_fd, seconds)
            try:
                yield
            finally:
                fcntl.flock(self._lock_fd, fcntl.LOCK_UN)
