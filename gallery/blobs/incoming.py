"""Bodies on their way in: temporary files, in a folder on a local disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid

from gallery.durable import fdatasync, write_all
from gallery.errors import storage

INCOMING_SECONDS = 86_400.0


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


class Incoming:
    """``durable`` says whether a synced spool is on the disk: a store that takes the file
    itself needs that, one that sends it elsewhere does not."""

    def __init__(self, folder: str, *, durable: bool) -> None:
        self.folder = folder
        self._durable = durable

    def spool(self) -> Spool:
        with storage(self.folder):
            try:
                return Spool(self.folder, durable=self._durable)
            except FileNotFoundError:
                os.makedirs(self.folder, exist_ok=True)
                return Spool(self.folder, durable=self._durable)

    def sweep(self) -> None:
        """Bodies of a server that was killed. Another process may be receiving: only old
        ones are dead for certain."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if time.time() - entry.stat(follow_symlinks=False).st_mtime > INCOMING_SECONDS:
                    os.unlink(entry.path)
