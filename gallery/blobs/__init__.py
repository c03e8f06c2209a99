"""The contract of a blob store: bytes under keys.

Any store of originals, thumbnails and sidecars fulfils every sentence of ``BlobStore``'s
docstrings; ``tests/conformance`` checks them one by one, for each store.
"""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from gallery.durable import fdatasync, write_all
from gallery.errors import storage
from gallery.keys import Folder
from gallery.records import Seen


class Listed(Protocol):
    """An object as a listing shows it. Asking for its size or time may cost a look, and
    raises NotFound if it is gone by then."""

    @property
    def key(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime_ns(self) -> int:
        """Of a sidecar: a number that changes whenever its content does."""


@dataclass(frozen=True, slots=True)
class Stat:
    """An object as it was when it was looked at."""

    key: str
    size: int
    mtime_ns: int


MAX_READ = 64 << 20
"""More bytes than one read gives at once."""
TEMPORARY = ".gallery/tmp/"
"""What lies below this key can be removed when it is some days old."""
QUARANTINE = ".gallery/quarantine/"
"""Below it lie the copies, under their keys, of what a move could not bring as an image."""
ASIDE = ".gallery/aside/"
"""Below it lies, under its key, what a library that moved away has left here."""


class Spool:
    """A body on its way in: a temporary file that is hashed while it is written.

    Not for sharing between threads. ``discard`` is safe at any time, also after the store
    has taken the file.
    """

    def __init__(self, directory: str, *, durable: bool = True) -> None:
        self.path = os.path.join(directory, uuid.uuid4().hex)
        self.size = 0
        self.taken = False
        """Whether the store has made the file an object of its own."""
        self._durable = durable
        self._hash = hashlib.sha256()
        self._fd: int | None = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)

    def write(self, data: bytes | bytearray) -> None:
        """Raises StorageFull or Unavailable, and then nothing of it counts."""
        with storage(self.path):
            write_all(self._open(), data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def sync(self) -> None:
        """Makes the bytes durable, unless the store sends them elsewhere, and closes the
        file. Raises like ``write``."""
        if self._durable:
            with storage(self.path):
                os.fsync(self._open())
        self._close()

    def sync_for_taking(self) -> None:
        """For a store that takes the file itself. The body may have come for another one, where
        the library lived then, which would not have needed it on the disk."""
        if not self._durable:
            with storage(self.path):
                fdatasync(self.path)

    def discard(self) -> None:
        """What cannot be removed now is swept with the old bodies: no reason to fail."""
        self._close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def _open(self) -> int:
        if self._fd is None:
            raise ValueError("the spool is closed")
        return self._fd

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class BlobStore(Protocol):
    """Bytes under keys. Methods block; they are called from threads.

    Every method raises Unavailable when the store cannot be reached or is not the library
    it was started on, and then nothing was changed, or Unsure where that cannot be told.
    Writing raises StorageFull when there is no room. Within one owner, callers hold the
    owner's lock while they write.
    """

    library: str
    """The library's uuid; set by ``start``."""

    def start(self) -> None:
        """Connects, and makes the library where there is none. Raises StartRefused."""

    def claim(self, library: str, secret: builtins.list[str]) -> None:
        """Makes an empty place the root of this library, which signs with these keys; of a
        place that is, does nothing. Raises StartRefused when it is another's. To be called
        before ``start``."""

    def close(self) -> None: ...

    def check(self) -> None:
        """Returns when the store is the one that was started, else raises Unavailable."""

    def secret(self) -> list[str]:
        """The signing keys made with the library, newest first."""

    def room(self, size: int) -> None:
        """Raises StorageFull when ``size`` more bytes would go below the low-water mark."""

    def make_room(self) -> bool:
        """Gives up the reserve, so that a small change can be made on a full store.
        False when there is no reserve left."""

    def keep_room(self) -> None:
        """Lays the reserve by again when there is room for it, and removes bodies that
        arrived a day ago and were never taken. Raises nothing."""

    def spool(self) -> Spool:
        """A new temporary file for a body that arrives."""

    def put(self, key: str, body: bytes | Spool) -> None:
        """Stores all of ``body`` under ``key`` or nothing. A spool must have been synced;
        its bytes are durable afterwards, and the store may have taken the file: whoever made it
        discards it. Bytes need not be durable."""

    def read(self, key: str, start: int = 0, size: int = MAX_READ) -> bytes:
        """At most ``size`` bytes of the object, from ``start``. Raises NotFound."""

    def stat(self, key: str) -> Stat:
        """Raises NotFound, also for what is not a regular file."""

    def delete(self, key: str) -> None:
        """Removes the object; none there is fine."""

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every object whose key begins with ``prefix``, in the order of UTF-8 bytes,
        also those whose keys this software doesn't know. Raises Unavailable rather than
        leave out a folder that cannot be read."""

    def fetch(self, found: Listed, size: int) -> tuple[bytes, Seen]:
        """At most ``size`` bytes of a listed object, and what they were seen as. Raises
        NotFound."""

    def sidecars(self, owner: str, month: str) -> Iterator[Listed]:
        """The sidecars of an owner's images of a month, of every kind."""

    def months(self, owner: str) -> builtins.list[str]:
        """The months that the owner has folders of, ascending."""

    def owners(self) -> Iterator[str]:
        """The owners that have anything stored, in byte order."""

    def stage(self, folder: Folder, id: str, sidecar: bytes) -> None:
        """Announces a put, where the store can: what the mark names is swept if the put
        is never committed. Durable."""

    def commit(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        """From here on the image exists: its sidecar is there, durable, as staged."""

    def replace(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        """Puts ``sidecar`` in the place of the present one, atomically and durably. A
        store that has folders raises NotFound when the image's is not there."""

    def replace_all(self, folder: Folder, sidecars: Mapping[str, bytes]) -> dict[str, Seen]:
        """Like ``replace`` for each id, but cheaper. When it raises, any of them may have been
        replaced."""

    def doom(self, folder: Folder, id: str) -> None:
        """From here on the image does not exist: its sidecar is gone, durably. A
        store that has folders raises NotFound when the image's is not there."""

    def finish(self, folder: Folder, id: str) -> None:
        """Removes what ``stage`` or ``doom`` left to say that a change was under way."""


@runtime_checkable
class LocalFiles(Protocol):
    """An ability of stores whose objects are files of this machine."""

    root: str
    """The folder that keys are paths in."""

    def open(self, key: str) -> int:
        """A descriptor open for reading, for the caller to close. Raises NotFound, also
        for what is not a regular file or lies behind a symbolic link."""

    def sync_folder(self, key: str) -> None:
        """Makes the names in the object's folder durable."""


@runtime_checkable
class Shared(Protocol):
    """An ability of stores that others can write to, past the gallery."""

    def strangers(self) -> Iterator[str]:
        """What ``list`` never shows of an owner: links, pipes and sockets, and whatever
        lies beside the owners' folders; a folder that holds many may stand for them."""

    def leftovers(self) -> Iterator[str]:
        """Temporary objects that should have been removed long ago."""


@runtime_checkable
class SelfMarked(Protocol):
    """An ability of stores that cannot rename: ``stage`` leaves no mark there, so each
    image says of itself that a put of this library wrote it."""

    def put_at(self, key: str) -> float | None:
        """When a put of this library wrote the image (seconds since 1970); None when it is
        somebody else's. Raises NotFound."""


@runtime_checkable
class Renames(Protocol):
    """An ability of stores that can give an object another key."""

    def rename(self, old: str, new: str) -> None:
        """Puts it in the place of what has the new key. After a crash it may have both.
        Raises NotFound."""


@runtime_checkable
class Exclusive(Protocol):
    """An ability of stores that can be told not to replace anything."""

    def put_new(self, key: str, body: bytes | Spool) -> bool:
        """Like ``put``, if nothing has the key; else False, and nothing was changed."""


@runtime_checkable
class Hashed(Protocol):
    """An ability of stores that keep with each object what was sent."""

    def sha256_of(self, key: str) -> str | None:
        """The hash of the body that was put there; None of an object that somebody else put.
        Raises NotFound."""


@runtime_checkable
class Versioned(Protocol):
    """An ability of stores that may keep what was replaced or removed."""

    def erase_hidden(self, prefix: str) -> None:
        """Removes for good what was replaced or removed of all that begins with ``prefix``."""


Purpose = Literal["view", "download", "embed"]
LIVES: Mapping[Purpose, int] = {"view": 3600, "download": 86_400, "embed": 7 * 86_400}
"""Seconds that a link lives. Seven days are the most that S3 signs for."""


@runtime_checkable
class Linked(Protocol):
    """An ability of stores that can be asked for an object without the server."""

    lives: Mapping[Purpose, int]
    """How many seconds its links live."""

    def origin(self) -> str:
        """Scheme, host and port that every link begins with."""

    def presigned(
        self, key: str, purpose: Purpose, *, disposition: str | None = None
    ) -> str | None:
        """A URL that gives the object to whoever holds it, for as long as the purpose
        wants; with this Content-Disposition, where one is given. None when the store
        cannot do that: then the server sends the bytes."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A body that is yet to come, as its sender announced it."""

    size: int
    mime: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Presigned:
    """Where a body can be put by whoever holds this."""

    url: str
    headers: dict[str, str]
    """What must be sent with it, exactly so."""


@runtime_checkable
class SentTo(Protocol):
    """An ability of stores that can be sent an object without the server."""

    def presigned_put(self, key: str, body: Expected, seconds: int) -> Presigned | None:
        """A URL that takes a body for the object, for so long. The store refuses what has
        another type or size, and where it can what has another sha256: what came has to be
        looked at in any case. None when the store cannot do that."""
