"""A fence that all writers of a library pass, so that a move can keep them waiting.

A writer holds the fence shared, as briefly as it holds an owner's lock. Who closes it waits
for those who are within. A plain flock would make that wait last for ever under load, since
new readers of a lock go past who wants it alone: so everybody goes through a turnstile,
which who closes the fence keeps.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gallery.durable import lock_within
from gallery.errors import Unavailable, storage

_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


class FileFence:
    """The fence of a library whose writers share a folder; its files are made as long as the
    library "is there": a volume that is away is not filled anew."""

    def __init__(self, folder: str, is_there: Callable[[], bool]) -> None:
        self._fence = os.path.join(folder, "fence.lock")
        self._turnstile = os.path.join(folder, "turnstile.lock")
        self._is_there = is_there

    def make(self) -> None:
        """Makes its files, where there are none yet."""
        with self._opened(self._fence), self._opened(self._turnstile):
            pass

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Held by a writer. Waits while the fence is closed."""
        with self._opened(self._fence) as fence:
            with self._opened(self._turnstile) as turnstile, storage(self._turnstile):
                fcntl.flock(turnstile, fcntl.LOCK_EX)
                fcntl.flock(fence, fcntl.LOCK_SH)
            yield

    @contextmanager
    def closed(self, seconds: float) -> Iterator[Callable[[], None]]:
        """Held by who keeps all writers waiting, and not to be lost. Raises Unavailable when
        those who are within don't leave in time."""
        until = time.monotonic() + seconds
        with self._opened(self._turnstile) as turnstile, self._opened(self._fence) as fence:
            for lock in (turnstile, fence):
                if not lock_within(lock, until - time.monotonic()):
                    raise Unavailable("a change that is under way does not end", code="busy")
            yield lambda: None

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """A descriptor of its own: the lock is the descriptor's, and ends with it."""
        with storage(path, ours=True):
            try:
                fd = os.open(path, _OPEN)
            except FileNotFoundError:
                if not self._is_there():
                    raise
                fd = os.open(path, _OPEN | os.O_CREAT, 0o640)
        try:
            yield fd
        finally:
            os.close(fd)
