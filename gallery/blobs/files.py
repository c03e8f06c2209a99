"""Blobs as files under one root, ``outputs/``: what ``keys`` names, and the marks of changes
under way. The root itself is ``volume``'s.

Whole files appear by rename. A path is walked folder by folder from the root, each opened
without following links, so that no link, wherever it lies, leads out of the tree.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import logging
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gallery import keys
from gallery.beneath import FOLDER, open_folder
from gallery.blobs import MAX_READ, Listed, Spool, Stat
from gallery.blobs.volume import Volume
from gallery.durable import write_all
from gallery.errors import NotFound, Unavailable, storage
from gallery.keys import Folder
from gallery.records import Seen

log = logging.getLogger(__name__)

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


_Placed = tuple[str, os.DirEntry[str]]


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
            _move(body.path, None, name, folder)
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
            try:
                fd = os.open(name, _READ, dir_fd=folder)
            except OSError as error:
                if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    raise
                raise NotFound(key) from error
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                os.close(fd)
                raise NotFound(key)
            return fd

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
            for key, entry in self._walk(top):
                if key.startswith(prefix) and entry.is_file(follow_symlinks=False):
                    yield _Found(key, entry)
        self.check()

    def rename(self, old: str, new: str) -> None:
        with self._folder(old) as (source, name), self._folder(new, make=True) as (folder, to):
            _move(name, source, to, folder)
            os.fsync(folder)
            os.fsync(source)

    def sync_folder(self, key: str) -> None:
        with self._folder(key) as (folder, _):
            os.fsync(folder)

    def leftovers(self) -> Iterator[str]:
        """None: bodies that arrived and were never taken are swept after a day."""
        yield from ()

    def strangers(self) -> Iterator[str]:
        self.check()
        for key, entry in self._walk("users"):
            if not entry.is_file(follow_symlinks=False) or not keys.is_owner(key.split("/")[1]):
                yield key

    def fetch(self, found: Listed, size: int) -> tuple[bytes, Seen]:
        # The listing has walked the folders on the way: there is no link among them.
        with storage(found.key):
            fd = os.open(os.path.join(self.root, found.key), _READ)
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
                for key, entry in self._entries(f"{top}/{day}"):
                    if key.endswith(".json") and entry.is_file(follow_symlinks=False):
                        yield _Found(key, entry)
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
        """The names of the folders in one that no link leads to; none if it isn't there."""
        if not self._is_within(folder):
            return []
        with storage(folder), os.scandir(os.path.join(self.root, folder)) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]

    def _is_within(self, folder: str) -> bool:
        """Whether the way to ``folder`` is folders all along, and no link among them."""
        if not folder:
            return True
        with contextlib.suppress(NotFound), self._folder(f"{folder}/."):
            return True
        return False

    def _walk(self, top: str) -> Iterator[_Placed]:
        """All but the folders. These wait on a stack: recursion would pass each file up
        through every level."""
        stack: builtins.list[Iterator[_Placed]] = [iter(self._entries(top))]
        while stack:
            for key, entry in stack[-1]:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(iter(self._entries(key)))
                    break
                yield key, entry
            else:
                stack.pop()

    def _entries(self, folder: str) -> builtins.list[_Placed]:
        """What lies in a folder, in the order of whole keys, where "/" follows the name of
        a folder."""
        path = os.path.join(self.root, folder)
        with storage(path), contextlib.suppress(FileNotFoundError):
            try:
                with os.scandir(path) as entries:
                    prefix = f"{folder}/" if folder else ""
                    placed = sorted(entries, key=_sort_key)
                    return [(prefix + entry.name, entry) for entry in placed]
            except OSError as error:
                # No key is so long: only an inbox has such folders, and they are left alone.
                if error.errno != errno.ENAMETOOLONG:
                    raise
        return []

    # -- sidecars -----------------------------------------------------------------------

    def stage(self, folder: Folder, id: str, sidecar: bytes) -> None:
        with self._folder(folder.mark(id, "put"), make=True) as (fd, name):
            # The folder isn't synced as well: journals keep the order of names. One that
            # did not would leave an image without its mark, to be taken in as if dropped.
            _write_at(fd, name, sidecar, durable=True)

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
                    _write_at(fd, new, sidecar, durable=True)
                    seen[id] = _rename_at(fd, new, _name(folder.sidecar(id)))
            finally:
                os.fsync(fd)  # also when one fails: those before it have been replaced
        return seen

    def doom(self, folder: Folder, id: str) -> None:
        mark = folder.mark(id, "purge")
        try:
            self._rename(folder.sidecar(id), mark)
        except NotFound:
            with self._folder(mark) as (fd, name):
                _write_at(fd, name, b"{}\n", durable=True)
                os.fsync(fd)

    def finish(self, folder: Folder, id: str) -> None:
        self.delete(folder.mark(id, "put"))
        self.delete(folder.mark(id, "purge"))

    def _rename(self, old: str, new: str) -> Seen:
        with self._folder(new) as (fd, name):
            seen = _rename_at(fd, _name(old), name)
            os.fsync(fd)
            return seen

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
                fd = open_folder(self.root, "/".join(parts[:-1]))
                if fd is None:
                    fd = self._entered(parts[:-1], make=make, key=key)
                try:
                    yield fd, parts[-1]
                finally:
                    os.close(fd)
            except FileNotFoundError:
                self.check()
                raise

    def _entered(self, parts: builtins.list[str], *, make: bool, key: str) -> int:
        """A folder that was walked to, for the caller to close."""
        fd = os.open(self.root, FOLDER & ~os.O_NOFOLLOW)
        for part in parts:
            try:
                below = _enter(fd, part, make=make, key=key)
            finally:
                os.close(fd)
            fd = below
        return fd


class _Found:
    """A listed file. Its size is asked of the disk when somebody asks for it."""

    __slots__ = ("_entry", "key")

    def __init__(self, key: str, entry: os.DirEntry[str]) -> None:
        self.key = key
        self._entry = entry

    def _stat(self) -> os.stat_result:
        try:
            return self._entry.stat(follow_symlinks=False)
        except OSError:
            with storage(self.key):
                raise

    @property
    def size(self) -> int:
        return self._stat().st_size

    @property
    def mtime_ns(self) -> int:
        return self._stat().st_mtime_ns


def _enter(fd: int, name: str, *, make: bool, key: str) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=fd)
    except FileNotFoundError:
        if not make:
            raise
    except NotADirectoryError as error:
        if make:
            raise Unavailable(f"{name!r}, on the way to {key}, is no folder") from error
        raise NotFound(key) from error
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o750, dir_fd=fd)
        os.fsync(fd)
    return os.open(name, FOLDER, dir_fd=fd)


def _move(old: str, source: int | None, name: str, folder: int) -> None:
    """Renames a file to ``name`` in a folder. Another folder that has this name is moved
    aside, with what somebody keeps in it: else the image could never be written again."""
    try:
        os.rename(old, name, src_dir_fd=source, dst_dir_fd=folder)
    except IsADirectoryError:
        aside = f"{name}.{secrets.token_hex(4)}.aside"
        os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
        log.warning("a folder lay in the place of %s: it is %s now", name, aside)
        os.rename(old, name, src_dir_fd=source, dst_dir_fd=folder)


def _sort_key(entry: os.DirEntry[str]) -> str:
    """The order of code points is that of UTF-8 bytes."""
    return f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _rename_at(folder: int, old: str, new: str) -> Seen:
    _move(old, folder, new, folder)
    info = os.stat(new, dir_fd=folder, follow_symlinks=False)
    return Seen(info.st_size, info.st_mtime_ns)


def _write_at(folder: int, name: str, data: bytes, *, durable: bool) -> None:
    fd = os.open(name, _WRITE, 0o640, dir_fd=folder)
    try:
        write_all(fd, data)
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)
