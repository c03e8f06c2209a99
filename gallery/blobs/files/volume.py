"""The root of a library on a file system: its marker, its keys, and room on the disk.

.gallery/library.json   marks the root and names the library
.gallery/secret         signing keys, newest first, one a line (0600)
.gallery/ballast        bytes given up when the disk is full
.gallery/incoming/      bodies on their way in
.gallery/.lock          held while the library is made
"""

from __future__ import annotations

import contextlib
import logging
import os

from gallery.blobs.incoming import Incoming, Spool
from gallery.blobs.marker import MARKER, SECRET, library_in, marker_of, new_library
from gallery.durable import fsync_folder, locked, replace_file
from gallery.errors import StartRefused, StorageFull, Unavailable, storage

log = logging.getLogger(__name__)

LOW_WATER_BYTES = 512 << 20
LOW_WATER_SHARE = 20
"""Uploads leave so many bytes free; on a small file system, one in so many of all."""
BALLAST_BYTES = 16 << 20
_SPARE_INODES = 16
_BALLAST = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class Volume:
    """The part of BlobStore that is about the whole of a local file system.

    ``expected`` is the library that the journals belong to: with it, a root without its
    marker is an absent volume, and never made anew.
    """

    def __init__(self, root: str, expected: str | None = None) -> None:
        self.root = os.path.abspath(root)
        self.library = expected or ""
        self._expected = expected
        self._marker = os.path.join(self.root, MARKER)
        self._incoming = Incoming(os.path.join(self.root, ".gallery", "incoming"), durable=True)
        self._marked: tuple[int, int, int] | None = None
        self._users = os.path.join(self.root, "users")
        self._had_users = False

    # -- the root ---------------------------------------------------------------------

    def start(self) -> None:
        if not os.path.exists(self._marker):
            if self._expected is not None:
                log.error("%s is not there: is the volume mounted?", self._marker)
                return
            self._make_library(*new_library())
        try:
            self.check()
        except Unavailable as error:
            raise StartRefused(str(error)) from error
        self.keep_room()

    def close(self) -> None:
        pass

    def check(self) -> None:
        try:
            found = os.stat(self._marker)
        except OSError as error:
            raise Unavailable(f"{self._marker}: {error.strerror}") from error
        marked = (found.st_dev, found.st_ino, found.st_mtime_ns)
        if marked != self._marked:
            self._read_marker()
            self._marked = marked
        # A volume may be mounted here, below the marker: once seen, it must stay. What another
        # thread sees for the first time meanwhile is no such thing.
        had_users = self._had_users
        if os.path.isdir(self._users):
            self._had_users = True
        elif had_users:
            raise Unavailable(f"{self._users} is away")

    def _read_marker(self) -> None:
        try:
            with open(self._marker, "rb") as file:
                raw = file.read(65_536)
        except OSError as error:
            raise Unavailable(f"{self._marker} cannot be read: {error}") from error
        self.library = library_in(raw, self._marker, self.library)

    def claim(self, library: str, secret: list[str]) -> None:
        if not os.path.exists(self._marker):
            self._make_library(library, secret)
        self.library = library
        try:
            self.check()
        except Unavailable as error:
            raise StartRefused(str(error)) from error

    def _make_library(self, library: str, keys: list[str]) -> None:
        """The secret first: a root that is marked has one."""
        folder = os.path.dirname(self._marker)
        secret = os.path.join(folder, "secret")
        try:
            os.makedirs(folder, exist_ok=True)
            with locked(os.path.join(folder, ".lock")):
                if os.path.exists(self._marker):
                    return  # another process was first
                if not os.path.exists(secret):
                    replace_file(secret, "".join(f"{key}\n" for key in keys).encode(), 0o600)
                replace_file(self._marker, marker_of(library))
                fsync_folder(self.root)
        except OSError as error:
            raise StartRefused(f"cannot make a library in {self.root}: {error}") from error

    def secret(self) -> list[str]:
        self.check()
        path = os.path.join(self.root, SECRET)
        with storage(path), open(path, encoding="ascii") as file:
            return file.read().split()

    # -- room -------------------------------------------------------------------------

    def room(self, size: int) -> None:
        self.check()
        with storage(self.root):
            fs = os.statvfs(self.root)
        free = fs.f_bavail * fs.f_frsize
        if free - size < min(LOW_WATER_BYTES, fs.f_blocks * fs.f_frsize // LOW_WATER_SHARE):
            raise StorageFull(f"{free} bytes are free, which is at the low-water mark")
        if fs.f_files and fs.f_favail < _SPARE_INODES:
            raise StorageFull("the file system has no inodes left")

    @property
    def _ballast(self) -> str:
        return os.path.join(self.root, ".gallery", "ballast")

    def make_room(self) -> bool:
        try:
            os.unlink(self._ballast)
        except OSError:
            return False
        log.warning("the disk is full: gave up the ballast %s", self._ballast)
        return True

    def keep_room(self) -> None:
        self._incoming.sweep()
        if os.path.exists(self._ballast):
            return
        with contextlib.suppress(StorageFull, Unavailable, OSError):
            fs = os.statvfs(self.root)
            size = min(BALLAST_BYTES, fs.f_blocks * fs.f_frsize // 100)
            self.room(size)
            fd = os.open(self._ballast, _BALLAST, 0o600)
            try:
                os.posix_fallocate(fd, 0, size)
            except OSError:
                os.unlink(self._ballast)
            finally:
                os.close(fd)

    def spool(self) -> Spool:
        self.check()
        return self._incoming.spool()
