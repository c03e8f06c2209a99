"""inotify, as the kernel gives it: what changed in which folder, and that it could not tell.

Four calls and a struct, called directly. A library in between must not swallow what a
watcher lives by: that the queue overflowed, that there are no watches left, and names that
are not UTF-8. And it must not ask for every opening of a file, or each read of the gallery's
own would be an event.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
from typing import NamedTuple

ATTRIB = 0x4
CLOSE_WRITE = 0x8
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
OVERFLOW = 0x4000
IGNORED = 0x8000
IS_FOLDER = 0x4000_0000
_ONLY_FOLDERS, _NO_LINKS = 0x100_0000, 0x200_0000
_MASK = ATTRIB | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | _ONLY_FOLDERS | _NO_LINKS
_HEADER = struct.Struct("iIII")
_BUFFER = 256 << 10


class Event(NamedTuple):
    """``watch`` is the folder's, -1 for an overflow; ``name`` is empty for the folder."""

    watch: int
    mask: int
    name: str


class Inotify:
    """One queue of the kernel's, for one thread; what can be read from ``waker`` ends its
    waiting. Raises OSError when the kernel has no more queues, or, in ``add``, no
    more watches."""

    def __init__(self, waker: int) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._checked(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._poll.register(waker, select.POLLIN)

    def add(self, folder: str) -> int:
        """Watches a folder; the same number again for one that is watched already."""
        path = os.fsencode(folder)
        return self._checked(self._libc.inotify_add_watch(self._fd, path, _MASK), folder)

    def remove(self, watch: int) -> None:
        """Ends a watch, if the kernel has not."""
        self._libc.inotify_rm_watch(self._fd, watch)

    def read(self, seconds: float) -> list[Event]:
        """What happened, as soon as something did; nothing after ``seconds`` or a wake."""
        if not self._poll.poll(seconds * 1000):
            return []
        try:
            return _events(os.read(self._fd, _BUFFER))
        except BlockingIOError:
            return []

    def close(self) -> None:
        os.close(self._fd)

    def _checked(self, result: int, name: str = "inotify") -> int:
        if result < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), name)
        return result


def _events(data: bytes) -> list[Event]:
    events, at = [], 0
    while at < len(data):
        watch, mask, _, length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        events.append(Event(watch, mask, os.fsdecode(data[at : at + length].rstrip(b"\0"))))
        at += length
    return events
