"""Reading originals again, to see whether they still are what their records say.

What other readers have in the page cache is left there, and read from there: such a file
is compared with the disk when they no longer use it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gallery import keys
from gallery.blobs import LocalFiles
from gallery.checkpoint import Place, What
from gallery.errors import NotFound, StartRefused, Unavailable, storage
from gallery.keys import Key
from gallery.library import Library
from gallery.records import Record

log = logging.getLogger(__name__)

BLOCK = 256 << 10
OPENING = 64 << 10
"""Finding a file costs a disk as much as reading so many bytes: it counts as that."""
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)
_OF_ONE_FILE = (errno.EIO, errno.EBADMSG, errno.EUCLEAN, errno.EACCES, errno.EPERM)
"""Failures that say something of a file, and not that its volume is away."""


class Stopped(Exception):
    """The process ends; what was under way is looked at again by the next."""


class Budget:
    """So many bytes a second and never more; None is no limit. ``wait`` sleeps, and says
    whether to stop."""

    def __init__(
        self, rate: float | None, wait: Callable[[float], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.clock = clock
        self._rate = rate
        self._wait = wait
        self._free_at = 0.0

    def spend(self, size: int) -> None:
        """Returns when these bytes are paid for. Raises Stopped."""
        now = self.clock()
        if self._rate is not None:
            self._free_at = max(self._free_at, now) + size / self._rate
        if self._wait(max(0.0, self._free_at - now)):
            raise Stopped


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the original under the key ``image``: None if nothing is."""

    image: str
    what: What | None = None
    why: str = ""


class Originals:
    """The originals of a library whose files are on this machine. Methods raise
    Unavailable when it cannot be told, because more than one file is away, and Stopped."""

    def __init__(self, library: Library, budget: Budget) -> None:
        if not isinstance(library.blobs, LocalFiles):
            raise StartRefused("only originals in files of this machine are scrubbed")
        self.read = 0
        """Bytes that were read so far."""
        self._library = library
        self._blobs = library.blobs
        self._files: LocalFiles = library.blobs
        self._budget = budget
        self._listed: tuple[str, str, list[Key]] = ("", "", [])

    # -- which there are --------------------------------------------------------------------

    def after(self, place: Place | None) -> Iterator[tuple[Place, Key]]:
        """The images in the order of places, from the first or after one."""
        if place is None:
            self._listed = ("", "", [])
        start = place or ("", "", "")
        for owner in self._blobs.owners():
            if owner < start[0]:
                continue
            try:
                yield from self._of_owner(owner, start)
            except Unavailable as error:
                self._of_one_file(error)
                log.warning("scrub: %s was left out: %s", owner, error)

    def _of_owner(self, owner: str, start: Place) -> Iterator[tuple[Place, Key]]:
        for month in self._blobs.months(owner):
            if (owner, month) < start[:2]:
                continue
            for key in self._of_month(owner, month):
                if (owner, month, key.id) > start:
                    yield (owner, month, key.id), key

    def _of_month(self, owner: str, month: str) -> list[Key]:
        """Remembered, since a month is gone on with many times. What arrives meanwhile is
        for the next pass."""
        if self._listed[:2] != (owner, month):
            listed = (keys.parse(found.key) for found in self._blobs.sidecars(owner, month))
            found = [key for key in listed if key and key.role == "sidecar"]
            self._listed = owner, month, sorted(found, key=lambda key: key.id)
        return self._listed[2]

    # -- one of them ------------------------------------------------------------------------

    def examine(self, key: Key) -> Verdict | None:
        """What is to be said of an image's original; None if there is no such image."""
        record = self._record(key)
        if record is None:
            return None
        self._budget.spend(OPENING)
        try:
            return self._compare(record)
        except NotFound:
            # Its sidecar goes first when it is purged.
            if self._record(key) is None:
                return None
            return Verdict(record.image, "missing", "there is no such file")
        except Unavailable as error:
            self._of_one_file(error)
            return Verdict(record.image, "unreadable", str(error))

    def _record(self, key: Key) -> Record | None:
        """As the sidecar says, or the catalog where that is damaged."""
        found = None
        try:
            found = self._library.sidecar(key.folder, key.id)
        except Unavailable as error:
            self._of_one_file(error)
        if found is not None:
            return found[0]
        entry = self._library.catalog.get(key.folder.owner, key.id, key.folder.month)
        return entry.record if entry else None

    def _of_one_file(self, error: Unavailable) -> None:
        """Returns if it is one file or folder that fails. Raises Unavailable if the volume
        is away: then no other file of it can be read either."""
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno not in _OF_ONE_FILE:
            raise error
        self._blobs.secret()

    def _compare(self, record: Record) -> Verdict:
        fd = self._files.open(record.image)
        try:
            with storage(record.image):
                size = os.fstat(fd).st_size
                if size != record.bytes:
                    why = f"{size} bytes instead of {record.bytes}"
                    return Verdict(record.image, "damaged", why)
                sha256 = self._sha256(fd, size)
        finally:
            os.close(fd)
        if sha256 != record.sha256:
            why = f"its sha256 is {sha256} instead of {record.sha256}"
            return Verdict(record.image, "damaged", why)
        return Verdict(record.image)

    def _sha256(self, fd: int, size: int) -> str:
        digest, used_by_others = hashlib.sha256(), _is_cached(fd, size)
        try:
            while block := os.read(fd, BLOCK):
                digest.update(block)
                self.read += len(block)
                self._budget.spend(len(block))
        finally:
            if not used_by_others:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return digest.hexdigest()


def _is_cached(fd: int, size: int) -> bool:
    """Whether the page cache has the end of a file: then somebody has read it whole."""
    try:
        return os.preadv(fd, [bytearray(1)], max(0, size - 1), _NOWAIT) == 1
    except OSError:  # not in the cache, or not to be told on this file system
        return False
