"""Files that others write: whether one lies there whole, and what was seen of it before.

An image is whole when it begins and ends as its format has it and nobody has written to it
for a moment. One with another end waits for longer, and then decoding decides: a JPEG may
have a tail. What turned out to be no image is left alone until it changes, and logged once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from gallery.blobs import BlobStore, Stat
from gallery.blobs.abilities import LocalFiles
from gallery.errors import Unavailable, storage
from gallery.imaging import Imaging, Inspection

log = logging.getLogger(__name__)

SETTLE_SECONDS = 5.0
QUIET_SECONDS = 0.1
_MAX_NAMES = 100_000
_KEPT_SECONDS = 3600.0
"""Far more than any look waits for the next. Nobody may ever look at an older name again."""
_CHUNK = 1 << 20
_EDGE = 16
V = TypeVar("V")


class Look(NamedTuple):
    """How a look at something ended: whether it did anything, and in how many seconds
    another one is wanted."""

    mended: bool = False
    again: float | None = None


SETTLED = Look()
MENDED = Look(mended=True)


class Watched:
    """What was seen of the names that are looked at, from one look to the next. Bounded: a name
    that finds no room is seen as if for the first time, until others are forgotten. If it drove
    one out, more than there is room for would drive each other out before the next look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Each with the time when it was kept, the oldest first.
        self._seen: dict[str, tuple[Hashable, float]] = {}
        self._left: dict[str, tuple[Hashable, float]] = {}
        self._said: dict[str, tuple[str, float]] = {}

    def age(self, name: str, state: Hashable) -> float:
        """For how many seconds ``name`` has been seen in the same state."""
        before = self._seen.get(name)
        if before is not None and before[0] == state:
            return time.monotonic() - before[1]
        self._keep(self._seen, name, state)
        return 0.0

    def leave(self, name: str, state: Hashable, why: str) -> Look:
        """Leaves it alone for as long as it is in this state, which is logged."""
        self._keep(self._left, name, state)
        self.say(name, f"left alone: {why}")
        return SETTLED

    def leave_if_still(self, name: str, lies: Stat, settle: float, why: str) -> Look:
        """Leaves it alone if nobody has written to it for ``settle`` seconds: by its own time,
        or as long as it was looked at."""
        state = (lies.size, lies.mtime_ns)
        quiet = max(self.age(name, state), time.time() - lies.mtime_ns / 1e9)
        if quiet < settle:
            return Look(again=settle - quiet)
        return self.leave(name, state, why)

    def is_left(self, name: str, state: Hashable) -> bool:
        before = self._left.get(name)
        return before is not None and before[0] == state

    def say(self, name: str, what: str) -> None:
        """Logs what is in the way of a file, unless that was the last that was said of it."""
        before = self._said.get(name)
        if before is None or before[0] != what:
            self._keep(self._said, name, what)
            # Names of any bytes may be there: shown so that no terminal obeys them.
            log.warning("%s: %s", ascii(name)[1:-1], what)

    def forget(self, name: str) -> None:
        with self._lock:
            for kept in (self._seen, self._left, self._said):
                kept.pop(name, None)

    def _keep(self, kept: dict[str, tuple[V, float]], name: str, value: V) -> None:
        now = time.monotonic()
        with self._lock:
            kept.pop(name, None)
            if len(kept) >= _MAX_NAMES:
                oldest = next(iter(kept))
                if now - kept[oldest][1] < _KEPT_SECONDS:
                    return
                del kept[oldest]
            kept[name] = value, now


class State(NamedTuple):
    """Another one means that the file has changed, or is another file."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class Arrival:
    """A file that somebody put there, open for reading: what is read of it is this very
    file's, whatever becomes of its name."""

    def __init__(self, name: str, fd: int, files: LocalFiles) -> None:
        self.name = name
        self.fd = fd
        self._files = files
        self.state = _state(fd)

    def read(self, size: int, at: int) -> bytes:
        with storage(self.name):
            return os.pread(self.fd, size, at)

    def chunks(self) -> Iterator[bytes]:
        at = 0
        while data := self.read(_CHUNK, at):
            yield data
            at += len(data)

    def sha256(self) -> str:
        found = hashlib.sha256()
        for data in self.chunks():
            found.update(data)
        return found.hexdigest()

    def sync(self) -> None:
        """Makes its bytes and its name durable, which its writer may not have done: nothing
        may say that it is there before it is."""
        with storage(self.name):
            os.fsync(self.fd)
        self._files.sync_folder(self.name)

    def inspect(self, imaging: Imaging) -> Inspection:
        """Raises a GalleryError for what is no image; see ``Imaging``."""
        return imaging.inspect(f"/proc/{os.getpid()}/fd/{self.fd}").result()

    def is_in_place(self) -> bool:
        """Whether its name still leads to it, and nobody has written to it since."""
        fd = self._files.open(self.name)
        try:
            return _state(fd) == self.state
        finally:
            os.close(fd)

    def quiet(self, memory: Watched) -> float:
        """The seconds since somebody wrote to it: by its own time, or as long as it was
        looked at, for its time may lie in the future."""
        by_its_time = time.time() - self.state.mtime_ns / 1e9
        return max(by_its_time, memory.age(self.name, self.state))

    def ending(self) -> bool | None:
        """Whether it ends as an image of its format does; None if it begins as none."""
        head, size = self.read(_EDGE, 0), self.state.size
        tail = self.read(_EDGE, max(0, size - _EDGE))
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return tail.endswith(b"IEND\xaeB`\x82")
        if head.startswith(b"\xff\xd8\xff"):
            return tail.endswith(b"\xff\xd9")
        if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            return int.from_bytes(head[4:8], "little") + 8 == size
        return None


def _state(fd: int) -> State:
    with storage("a file that was dropped"):
        found = os.fstat(fd)
    return State(
        found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns,
        found.st_ctime_ns,
    )  # fmt: skip


@contextmanager
def arrived(blobs: BlobStore, name: str) -> Iterator[Arrival]:
    """The file under a name. Raises NotFound, also for what is not a regular file."""
    if not isinstance(blobs, LocalFiles):
        raise Unavailable("nothing is dropped into a store that is elsewhere")
    fd = blobs.open(name)
    try:
        yield Arrival(name, fd, blobs)
    finally:
        os.close(fd)


def wait_for(arrival: Arrival, memory: Watched, settle: float) -> float | None:
    """In how many seconds to look again at an image that is not whole yet; None if it is
    time to see what it is."""
    quiet, ending = arrival.quiet(memory), arrival.ending()
    needed = min(settle, QUIET_SECONDS) if ending else settle
    return None if quiet >= needed else max(QUIET_SECONDS, min(needed - quiet, settle / 4))
