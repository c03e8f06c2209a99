"""The contract of an operations log: what a change of many images has done so far.

An operation is known by its owner and an id of 32 hex digits. Its journal is a row of
entries, JSON objects that mean nothing here. ``tests/conformance`` checks every sentence
of ``OpsLog``, for each log.

    manifests/users/{owner}/ops/{op}.jsonl   a journal in a file, and that file the lock
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any, Protocol

import orjson

from gallery.durable import fsync_folder, try_lock, write_all
from gallery.errors import Damaged, storage
from gallery.lines import decode_line, encode_line

log = logging.getLogger(__name__)

KEEP_SECONDS = 7 * 86_400.0
_OPEN = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class OpsLog(Protocol):
    """The journals of operations. Methods block, and raise Unavailable when the log cannot
    be reached."""

    def lock(self, owner: str, op: str) -> AbstractContextManager[None]:
        """The operation's lock, held against every process of this library. Not reentrant.
        The owner has images."""

    def append(self, owner: str, op: str, entry: Mapping[str, Any]) -> None:
        """Adds an entry, durably and whole or not at all. The caller holds the lock."""

    def read(self, owner: str, op: str) -> list[dict[str, Any]]:
        """The entries in the order of adding; none for an operation that isn't known."""

    def expire(self, now: float) -> None:
        """Forgets the operations to which nothing was added in the ``KEEP_SECONDS`` before
        ``now`` (in seconds since 1970)."""


class FileOps:
    """Fulfils OpsLog: a file for each operation, a line for each entry."""

    def __init__(self, users: str) -> None:
        self._users = users

    @contextmanager
    def lock(self, owner: str, op: str) -> Iterator[None]:
        """A journal that was removed while somebody waited for it is opened anew, and one
        that was never begun is not left behind."""
        path = self._path(owner, op)
        with ExitStack() as held:
            with storage(path, ours=True):
                with suppress(FileExistsError):
                    os.mkdir(os.path.dirname(path), 0o750)
                    fsync_folder(os.path.join(self._users, owner))
                fd = _locked(path)
                held.callback(os.close, fd)
                fsync_folder(os.path.dirname(path))
            yield
            if os.fstat(fd).st_size == 0:
                os.unlink(path)

    def append(self, owner: str, op: str, entry: Mapping[str, Any]) -> None:
        path, line = self._path(owner, op), encode_line(entry)
        with storage(path, ours=True):
            fd = os.open(path, _OPEN)
            try:
                size = os.fstat(fd).st_size
                torn = size and os.pread(fd, 1, size - 1) != b"\n"
                write_all(fd, b"\n" + line if torn else line)
                os.fsync(fd)
            finally:
                os.close(fd)

    def read(self, owner: str, op: str) -> list[dict[str, Any]]:
        path = self._path(owner, op)
        with storage(path):
            try:
                with open(path, "rb") as file:
                    lines = file.read().split(b"\n")[:-1]
            except FileNotFoundError:
                return []
        return list(_decoded(path, lines))

    def expire(self, now: float) -> None:
        with storage(self._users, ours=True):
            for owner in os.listdir(self._users):
                folder = os.path.join(self._users, owner, "ops")
                with suppress(FileNotFoundError, NotADirectoryError):
                    for name in os.listdir(folder):
                        _expire(os.path.join(folder, name), now - KEEP_SECONDS)

    def _path(self, owner: str, op: str) -> str:
        return os.path.join(self._users, owner, "ops", f"{op}.jsonl")


def _locked(path: str) -> int:
    while True:
        fd = os.open(path, _OPEN | os.O_CREAT, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fstat(fd).st_nlink:
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _decoded(path: str, lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        try:
            entry = decode_line(line)
            del entry["crc"]  # the line's, and no part of what was added
            yield entry
        except Damaged as error:
            log.warning("%s: line %d is skipped: %s", path, number, error)


def _expire(path: str, before: float) -> None:
    """Removes a journal that is older, unless somebody is at work on it."""
    fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if try_lock(fd) and os.fstat(fd).st_mtime < before:
            os.unlink(path)
    finally:
        os.close(fd)


class MemoryOps:
    """Fulfils OpsLog, within one process."""

    def __init__(self) -> None:
        self._entries: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
        self._added: dict[tuple[str, str], float] = {}
        self._locks: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def lock(self, owner: str, op: str) -> Iterator[None]:
        with self._locks[owner, op]:
            yield

    def append(self, owner: str, op: str, entry: Mapping[str, Any]) -> None:
        self._entries[owner, op].append(orjson.dumps(entry))
        self._added[owner, op] = time.time()

    def read(self, owner: str, op: str) -> list[dict[str, Any]]:
        return [orjson.loads(entry) for entry in self._entries.get((owner, op), ())]

    def expire(self, now: float) -> None:
        for key in [key for key, at in self._added.items() if at < now - KEEP_SECONDS]:
            del self._entries[key], self._added[key]
