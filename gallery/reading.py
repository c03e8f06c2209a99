"""Reading an original from its beginning to its end, without being in anybody's way.

What other readers have in the page cache is left there, and read from there: such a file
is compared with the disk when they no longer use it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from gallery.blobs import BlobStore
from gallery.blobs.abilities import LocalFiles
from gallery.errors import storage

FILE_BLOCK = 256 << 10
OBJECT_BLOCK = 4 << 20
"""Each is a request, and paid for as one."""
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)
Read = tuple[int, Iterator[bytes]]
"""The size of an original, and its blocks one after the other."""
Reader = Callable[[str], AbstractContextManager[Read]]
"""Opens the original under a key. Raises NotFound and Unavailable, also on the way."""


def reader_of(blobs: BlobStore) -> Reader:
    """How the originals of this store are read."""
    return _of_files(blobs) if isinstance(blobs, LocalFiles) else _of_objects(blobs)


def _of_files(files: LocalFiles) -> Reader:
    @contextmanager
    def opened(key: str) -> Iterator[Read]:
        fd = files.open(key)
        try:
            with storage(key):
                size = os.fstat(fd).st_size
            used_by_others = is_cached(fd, size)
            try:
                yield size, _blocks(fd, key)
            finally:
                if not used_by_others:
                    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)

    return opened


def _blocks(fd: int, key: str) -> Iterator[bytes]:
    with storage(key):
        while block := os.read(fd, FILE_BLOCK):
            yield block


def _of_objects(blobs: BlobStore) -> Reader:
    @contextmanager
    def opened(key: str) -> Iterator[Read]:
        size = blobs.stat(key).size
        yield size, (blobs.read(key, at, OBJECT_BLOCK) for at in range(0, size, OBJECT_BLOCK))

    return opened


def is_cached(fd: int, size: int) -> bool:
    """Whether the page cache has the end of a file: then somebody has read it whole."""
    try:
        return os.preadv(fd, [bytearray(1)], max(0, size - 1), _NOWAIT) == 1
    except OSError:  # not in the cache, or not to be told on this file system
        return False
