"""Files that are there whole, or not at all, and stay: the few calls that this takes."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_PAUSE_SECONDS = 0.002


def write_all(fd: int, data: bytes | bytearray) -> None:
    """Writes all of it. Raises OSError, and then part of it may be written."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def fsync_folder(path: str) -> None:
    """Makes the names in a folder durable."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def fdatasync(path: str) -> None:
    """Makes the content of a file durable."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fdatasync(fd)
    finally:
        os.close(fd)


def replace_file(path: str, data: bytes, mode: int = 0o640) -> None:
    """Puts ``data`` in the place of what is there, atomically and durably. Who else may
    be doing the same must be locked out."""
    temporary = f"{path}.new"
    fd = os.open(temporary, _WRITE, mode)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(temporary, path)
    fsync_folder(os.path.dirname(path))


class OpenFile:
    """A descriptor that closes with the last who holds it: others may be reading."""

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __del__(self) -> None:
        os.close(self.fd)


@contextmanager
def locked(path: str, seconds: float | None = None) -> Iterator[None]:
    """Holds the lock file at ``path``, against threads and processes. It is never renamed
    or removed: who waits for it waits for this very file. Raises TimeoutError when it cannot
    be had within ``seconds``, if they are given."""
    fd = os.open(path, _LOCK, 0o640)
    try:
        lock(fd, seconds)
        yield
    finally:
        os.close(fd)


@contextmanager
def trying(path: str) -> Iterator[bool]:
    """As ``locked``, if that can be had without waiting; whether it could."""
    fd = os.open(path, _LOCK, 0o640)
    try:
        yield try_lock(fd)
    finally:
        os.close(fd)


def lock(fd: int, seconds: float | None = None) -> None:
    """Locks an open file. Raises TimeoutError when that takes longer than ``seconds``, if
    they are given."""
    if seconds is None:
        fcntl.flock(fd, fcntl.LOCK_EX)
    elif not lock_within(fd, seconds):
        raise TimeoutError(errno.ETIMEDOUT, "a change that is under way does not end")


def try_lock(fd: int) -> bool:
    """Whether the lock on an open file could be had without waiting."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_within(fd: int, seconds: float) -> bool:
    """Whether the lock on an open file could be had in this time. Who waits like this may
    never get a lock that others queue for."""
    until = time.monotonic() + seconds
    while not try_lock(fd):
        if time.monotonic() > until:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
