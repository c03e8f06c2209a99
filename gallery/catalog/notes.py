"""The contract of notes: small things that all processes of a library need to know.

A note is a body under a name. ``tests/conformance`` checks every sentence of ``Notes``, for
each of them.

    manifests/{name}        a note in a file
    manifests/{name}.lock   a lock; never renamed or removed
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from gallery.durable import locked, replace_file, trying
from gallery.errors import NotFound, storage

_MAX_BYTES = 64 << 20
T = TypeVar("T")


class Notes(Protocol):
    """The notes of one library, and locks. Methods block, and raise Unavailable when the
    notes cannot be reached."""

    def read(self, name: str) -> bytes | None:
        """The note as it was last written by any process; None where there is none."""

    def write(self, name: str, body: bytes) -> None:
        """Puts ``body`` in the place of the note, durably and whole or not at all. Raises
        StorageFull. Whoever else may write this note is locked out by the caller."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """The lock of this name, which is no note's, held against every process of this
        library. Not reentrant. Waits, but maybe not for ever: then it raises Unavailable."""

    def trying(self, name: str) -> AbstractContextManager[bool]:
        """As ``lock``, if that can be had without waiting; whether it could."""


def read_as(notes: Notes, name: str, kind: TypeAdapter[T]) -> T | None:
    """The note as a value of this kind; None where there is none that can be used. Raises
    Unavailable."""
    raw = notes.read(name)
    try:
        return None if raw is None else kind.validate_json(raw)
    except ValidationError:
        return None


class FileNotes:
    """Fulfils Notes, in a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            with storage(path), open(path, "rb") as file:
                return file.read(_MAX_BYTES)
        except NotFound:
            return None

    def write(self, name: str, body: bytes) -> None:
        path = self._path(name)
        with storage(path, ours=True):
            replace_file(path, body)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        path = self._path(f"{name}.lock")
        with ExitStack() as held:
            with storage(path, ours=True):
                held.enter_context(locked(path))
            yield

    @contextmanager
    def trying(self, name: str) -> Iterator[bool]:
        path = self._path(f"{name}.lock")
        with ExitStack() as stack:
            with storage(path, ours=True):
                held = stack.enter_context(trying(path))
            yield held

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)


class MemoryNotes:
    """Fulfils Notes, within one process."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def read(self, name: str) -> bytes | None:
        return self._bodies.get(name)

    def write(self, name: str, body: bytes) -> None:
        self._bodies[name] = body

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        with self._locks[name]:
            yield

    @contextmanager
    def trying(self, name: str) -> Iterator[bool]:
        lock = self._locks[name]
        held = lock.acquire(blocking=False)
        try:
            yield held
        finally:
            if held:
                lock.release()
