"""Blobs as files under one root, ``outputs/``: what ``keys`` names, and the marks of changes
under way.

    volume     the root: whose it is, and room on the disk
    folder     one folder, opened past no link, and what is written, renamed and moved there
    listing    what lies in the tree
    place      a folder as it is, for who wants to move a library there

Whole files appear by rename: that of a sidecar's mark is what commits a change.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gallery import keys
from gallery.blobs import MAX_READ, Listed, Stat
from gallery.blobs.files import listing
from gallery.blobs.files.folder import READ, enter, move, open_file, rename, write
from gallery.blobs.files.listing import Found
from gallery.blobs.files.volume import Volume
from gallery.blobs.incoming import Spool
from gallery.errors import NotFound, storage
from gallery.keys import Folder
from gallery.records import Seen


class FileBlobs(Volume):
    """Fulfils BlobStore, LocalFiles, Renames and Shared on a local file system."""

    # -- objects ------------------------------------------------------------------------

    def put(self, key: str, body: bytes | Spool) -> None:
        if isinstance(body, bytes):
            spool = self.spool()
            try:
                spool.write(body)
                self.put(key, spool)
            finally:
                spool.discard()
            return
        body.sync_for_taking()
        with self._folder(key, make=True) as (folder, name):
            move(body.path, None, name, folder)
            body.taken = True

    def read(self, key: str, start: int = 0, size: int = MAX_READ) -> bytes:
        fd = self.open(key)
        try:
            with storage(key):
                # Never more than there is: a buffer is made for all that is asked for.
                return os.pread(fd, max(0, min(size, os.fstat(fd).st_size - start)), start)
        finally:
            os.close(fd)

    def open(self, key: str) -> int:
        with self._folder(key) as (folder, name):
            return open_file(folder, name, key)

    def stat(self, key: str) -> Stat:
        with self._folder(key) as (folder, name):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                raise NotFound(key)
            return Stat(key, found.st_size, found.st_mtime_ns)

    def delete(self, key: str) -> None:
        with (
            contextlib.suppress(NotFound),
            self._folder(key) as (folder, name),
            contextlib.suppress(IsADirectoryError),  # somebody else's
        ):
            os.unlink(name, dir_fd=folder)

    def rename(self, old: str, new: str) -> None:
        with self._folder(old) as (source, name), self._folder(new, make=True) as (folder, to):
            move(name, source, to, folder)
            os.fsync(folder)
            os.fsync(source)

    def sync_folder(self, key: str) -> None:
        with self._folder(key) as (folder, _):
            os.fsync(folder)

    # -- sidecars -----------------------------------------------------------------------

    def stage(self, folder: Folder, id: str, sidecar: bytes) -> None:
        with self._folder(folder.mark(id, "put"), make=True) as (fd, name):
            # The folder isn't synced as well: journals keep the order of names. One that
            # did not would leave an image without its mark, to be taken in as if dropped.
            write(fd, name, sidecar)

    def commit(self, folder: Folder, id: str, sidecar: bytes) -> Seen:  # noqa: ARG002 - staged
        return self._rename(folder.mark(id, "put"), folder.sidecar(id))

    def replace(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        return self.replace_all(folder, {id: sidecar})[id]

    def replace_all(self, folder: Folder, sidecars: Mapping[str, bytes]) -> dict[str, Seen]:
        """One after the other, and then the folder is synced, once."""
        seen = {}
        with self._folder(folder.sidecar(next(iter(sidecars)))) as (fd, _):
            try:
                for id, sidecar in sidecars.items():
                    new = _name(folder.mark(id, "new"))
                    write(fd, new, sidecar)
                    seen[id] = rename(fd, new, _name(folder.sidecar(id)))
            finally:
                os.fsync(fd)  # also when one fails: those before it have been replaced
        return seen

    def doom(self, folder: Folder, id: str) -> None:
        mark = folder.mark(id, "purge")
        try:
            self._rename(folder.sidecar(id), mark)
        except NotFound:
            with self._folder(mark) as (fd, name):
                write(fd, name, b"{}\n")
                os.fsync(fd)

    def finish(self, folder: Folder, id: str) -> None:
        self.delete(folder.mark(id, "put"))
        self.delete(folder.mark(id, "purge"))

    def _rename(self, old: str, new: str) -> Seen:
        with self._folder(new) as (fd, name):
            seen = rename(fd, _name(old), name)
            os.fsync(fd)
            return seen

    # -- listing ------------------------------------------------------------------------

    def owners(self) -> Iterator[str]:
        self.check()
        path = os.path.join(self.root, "users")
        if not os.path.isdir(path):
            return
        with storage(path), os.scandir(path) as entries:
            names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
        yield from (name for name in names if keys.is_owner(name))

    def list(self, prefix: str) -> Iterator[Listed]:
        self.check()
        top = prefix.rpartition("/")[0]
        if self._is_within(top):
            for key, entry in listing.walk(self.root, top):
                if key.startswith(prefix) and entry.is_file(follow_symlinks=False):
                    yield Found(key, entry)
        self.check()

    def leftovers(self) -> Iterator[str]:
        """None: bodies that arrived and were never taken are swept after a day."""
        yield from ()

    def strangers(self) -> Iterator[str]:
        self.check()
        for key, entry in listing.walk(self.root, "users"):
            if not entry.is_file(follow_symlinks=False) or not keys.is_owner(key.split("/")[1]):
                yield key

    def fetch(self, found: Listed, size: int) -> tuple[bytes, Seen]:
        # The listing has walked the folders on the way: there is no link among them.
        with storage(found.key):
            fd = os.open(os.path.join(self.root, found.key), READ)
            try:
                info = os.fstat(fd)
                return os.pread(fd, min(size, info.st_size), 0), Seen(
                    info.st_size, info.st_mtime_ns
                )
            finally:
                os.close(fd)

    def sidecars(self, owner: str, month: str) -> Iterator[Listed]:
        """Looks into the folders of the days alone: those of thumbnails have none."""
        self.check()
        for drawer in keys.DRAWERS:
            top = f"users/{owner}/{drawer}{month.replace('-', '/')}"
            for day in self._folders(top):
                for key, entry in listing.entries(self.root, f"{top}/{day}"):
                    if key.endswith(".json") and entry.is_file(follow_symlinks=False):
                        yield Found(key, entry)
        self.check()

    def months(self, owner: str) -> builtins.list[str]:
        self.check()
        found = set()
        for drawer in keys.DRAWERS:
            top = f"users/{owner}/{drawer}".rstrip("/")
            for year in self._folders(top):
                found |= {f"{year}-{month}" for month in self._folders(f"{top}/{year}")}
        return sorted(month for month in found if keys.is_month(month))

    def _folders(self, folder: str) -> builtins.list[str]:
        """Of a folder that no link leads to; none if it isn't there."""
        return listing.folders(self.root, folder) if self._is_within(folder) else []

    def _is_within(self, folder: str) -> bool:
        """Whether the way to ``folder`` is folders all along, and no link among them."""
        if not folder:
            return True
        with contextlib.suppress(NotFound), self._folder(f"{folder}/."):
            return True
        return False

    # -- paths --------------------------------------------------------------------------

    @contextmanager
    def _folder(self, key: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The key's folder as a descriptor, and its name there. Failures get their names
        here: away (no marker), not found, full, or not readable."""
        self.check()
        parts = key.split("/")
        if "" in parts or ".." in parts:
            raise NotFound(key)
        with storage(key):
            try:
                fd = enter(self.root, "/".join(parts[:-1]), make=make, key=key)
                try:
                    yield fd, parts[-1]
                finally:
                    os.close(fd)
            except FileNotFoundError:
                self.check()
                raise


def _name(key: str) -> str:
    return key.rpartition("/")[2]
