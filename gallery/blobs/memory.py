"""Blobs in memory: a complete store in one dict, for tests and for reading the contract."""

from __future__ import annotations

import builtins
import secrets
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gallery import keys
from gallery.blobs import MAX_READ, Listed, Stat
from gallery.blobs.incoming import Spool
from gallery.errors import NotFound, StartRefused, StorageFull, Unavailable
from gallery.keys import Folder
from gallery.records import Seen

CAPACITY_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class _Object:
    body: bytes
    mtime_ns: int


class MemoryBlobs:
    """Fulfils BlobStore. ``capacity`` is how many bytes it holds at most."""

    def __init__(self, *, capacity: int = CAPACITY_BYTES) -> None:
        self.library = ""
        self._capacity = capacity
        self._lock = threading.Lock()
        self._objects: dict[str, _Object] = {}
        self._secret = [secrets.token_hex(32)]
        self._incoming: str | None = None
        self._clock = 0

    # -- the store --------------------------------------------------------------------

    def start(self) -> None:
        self.library = self.library or str(uuid.uuid4())
        self._incoming = tempfile.mkdtemp(prefix="gallery-")

    def claim(self, library: str, secret: list[str]) -> None:
        if self.library not in ("", library):
            raise StartRefused(f"this is library {self.library}")
        self.library, self._secret = library, list(secret)

    def close(self) -> None:
        if self._incoming is not None:
            shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming = None

    def check(self) -> None:
        if self._incoming is None:
            raise Unavailable("the store is closed")

    def secret(self) -> list[str]:
        self.check()
        return list(self._secret)

    def room(self, size: int) -> None:
        self.check()
        with self._lock:
            self._room(size)

    def _room(self, size: int) -> None:
        free = self._capacity - sum(len(held.body) for held in self._objects.values())
        if size > free:
            raise StorageFull(f"{free} bytes are free")

    def make_room(self) -> bool:
        """There is no reserve: what is in memory can be removed without any."""
        return False

    def keep_room(self) -> None:
        pass

    def spool(self) -> Spool:
        if self._incoming is None:
            raise Unavailable("the store is closed")
        return Spool(self._incoming)

    # -- objects ------------------------------------------------------------------------

    def put(self, key: str, body: bytes | Spool) -> None:
        if isinstance(body, bytes):
            self._set(key, body)
            return
        with open(body.path, "rb") as file:
            self._set(key, file.read())
        body.discard()

    def _set(self, key: str, body: bytes) -> Seen:
        self.check()
        with self._lock:
            old = self._objects.get(key)
            self._room(len(body) - (len(old.body) if old else 0))
            self._clock = max(self._clock + 1, time.time_ns())
            self._objects[key] = _Object(body, self._clock)
            return Seen(len(body), self._clock)

    def read(self, key: str, start: int = 0, size: int = MAX_READ) -> bytes:
        return self._get(key).body[start : start + size]

    def stat(self, key: str) -> Stat:
        held = self._get(key)
        return Stat(key, len(held.body), held.mtime_ns)

    def _get(self, key: str) -> _Object:
        self.check()
        with self._lock:
            if (held := self._objects.get(key)) is None:
                raise NotFound(key)
            return held

    def delete(self, key: str) -> None:
        self.check()
        with self._lock:
            self._objects.pop(key, None)

    def list(self, prefix: str) -> Iterator[Listed]:
        self.check()
        with self._lock:
            found = [
                Stat(key, len(held.body), held.mtime_ns)
                for key, held in self._objects.items()
                if key.startswith(prefix)
            ]
        yield from sorted(found, key=lambda listed: listed.key.encode())

    def fetch(self, found: Listed, size: int) -> tuple[bytes, Seen]:
        stat = self.stat(found.key)
        return self.read(found.key, 0, size), Seen(stat.size, stat.mtime_ns)

    def sidecars(self, owner: str, month: str) -> Iterator[Listed]:
        for found in self.list(f"users/{owner}/"):
            key = keys.parse(found.key)
            if key and key.role == "sidecar" and key.folder.month == month:
                yield found

    def months(self, owner: str) -> builtins.list[str]:
        parsed = (keys.parse(found.key) for found in self.list(f"users/{owner}/"))
        return sorted({key.folder.month for key in parsed if key})

    def owners(self) -> Iterator[str]:
        names = {found.key.split("/")[1] for found in self.list("users/")}
        yield from sorted(name for name in names if keys.is_owner(name))

    # -- sidecars -----------------------------------------------------------------------

    def stage(self, folder: Folder, id: str, sidecar: bytes) -> None:
        self._set(folder.mark(id, "put"), sidecar)

    def commit(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        seen = self._set(folder.sidecar(id), sidecar)
        self.delete(folder.mark(id, "put"))
        return seen

    def replace(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        return self._set(folder.sidecar(id), sidecar)

    def replace_all(self, folder: Folder, sidecars: Mapping[str, bytes]) -> dict[str, Seen]:
        return {id: self.replace(folder, id, sidecar) for id, sidecar in sidecars.items()}

    def doom(self, folder: Folder, id: str) -> None:
        self._set(folder.mark(id, "purge"), b"{}\n")
        self.delete(folder.sidecar(id))

    def finish(self, folder: Folder, id: str) -> None:
        self.delete(folder.mark(id, "put"))
        self.delete(folder.mark(id, "purge"))
