"""The contract of a blob store: bytes under keys.

    abilities      what only some stores can do
    incoming       bodies on their way in, whichever store they are for
    marker         the object that marks a root and names its library
    files/         the store on a local file system
    s3/            the store in a bucket
    memory         the store in one dict

Any store of originals, thumbnails and sidecars fulfils every sentence of ``BlobStore``'s
docstrings; ``tests/conformance`` checks them one by one, for each store.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from gallery.blobs.incoming import Spool
from gallery.errors import NotFound
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
DROPPED = ".gallery/dropped/"
"""Below it lies, under its key, what was dropped here since then and is being taken in."""


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


def is_there(blobs: BlobStore, key: str) -> bool:
    try:
        blobs.stat(key)
    except NotFound:
        return False
    return True
