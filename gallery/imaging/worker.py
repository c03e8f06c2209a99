"""The side of the pool that runs in the worker processes.

The server imports this module to name its functions, so Pillow is imported inside them.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gallery.errors import Unavailable

if TYPE_CHECKING:
    from gallery.imaging import Inspection

# What a fork server imports once, for its workers to be born warm.
PRELOAD = ["gallery.imaging.decode", "gallery.imaging.worker"]


class _Limits:
    """Set once in each worker, before its first job."""

    seconds: float = 0.0


def prepare(memory_bytes: int, seconds: float) -> None:
    """Make this process a worker that a job can harm no further than its own death."""
    # The pool's own handler would wait for a decoder to come back from C.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    from gallery.imaging import decode

    decode.warm()
    _Limits.seconds = seconds
    _limit_memory(memory_bytes)
    # From here on only strangers' files have anything to say.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    os.close(quiet)


def inspect(path: str, max_pixels: int) -> Inspection:
    from gallery.imaging import decode

    with mortal():
        return decode.inspect(_read(path), max_pixels)


def thumbnail(path: str, max_pixels: int) -> bytes:
    from gallery.imaging import decode

    with mortal():
        return decode.thumbnail(_read(path), max_pixels)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unavailable(f"The uploaded file cannot be read: {error.strerror}") from None


@contextmanager
def mortal() -> Iterator[None]:
    """Die if what is inside does not end.

    The pool kills a worker that takes too long. Should the pool itself have been killed,
    an idle worker sees its pipe close, and a stuck one has this.
    """
    signal.setitimer(signal.ITIMER_REAL, 2 * _Limits.seconds + 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory(extra: int) -> None:
    """Let the address space grow by ``extra`` bytes and no more."""
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + extra, used + extra))
