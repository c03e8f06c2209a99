"""Looking at originals again, to see whether they still are what their records say."""

from __future__ import annotations

import errno
import hashlib
import logging
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from gallery import keys
from gallery.blobs.abilities import LocalFiles
from gallery.checkpoint import Place, What
from gallery.errors import NotFound, Unavailable
from gallery.keys import Key
from gallery.library import Library
from gallery.reading import reader_of
from gallery.records import Record

log = logging.getLogger(__name__)

OPENING = 64 << 10
"""Finding a file costs a disk as much as reading so many bytes: it counts as that. In a bucket
it keeps the requests from coming too fast."""
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
    """The originals of a library. Without ``whole`` only their sizes are compared. Methods
    raise Unavailable when it cannot be told, because more than one file is away, and Stopped."""

    def __init__(self, library: Library, budget: Budget, *, whole: bool = True) -> None:
        self.read = 0
        """Bytes that were read so far."""
        self._library = library
        self._blobs = library.blobs
        self._are_files = isinstance(library.blobs, LocalFiles)
        self._open = reader_of(library.blobs)
        self._budget = budget
        self._whole = whole
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
                if not self._are_files:
                    raise  # a list that fails says nothing of one owner there
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

    def examine(self, key: Key, known: Container[str] = ()) -> Verdict | None:
        """What is to be said of an image's original; None if there is no such image. Those
        that are ``known`` to be damaged are read in whole, that nothing else acquits them."""
        record = self._record(key)
        if record is None:
            return None
        self._budget.spend(OPENING)
        whole = self._whole or record.image in known
        try:
            return self._compared(record, whole=whole)
        except NotFound:
            # Its sidecar goes first when it is purged.
            if self._record(key) is None:
                return None
            return Verdict(record.image, "missing", "there is no such file")
        except Unavailable as error:
            self._of_one_file(error)
            return Verdict(record.image, "unreadable", str(error))

    def _compared(self, record: Record, *, whole: bool) -> Verdict:
        """A store over a network may stumble: it is asked once more."""
        try:
            return self._compare(record, whole=whole)
        except Unavailable as error:
            if self._are_files:
                raise
            self._of_one_file(error)
        return self._compare(record, whole=whole)

    def _record(self, key: Key) -> Record | None:
        """As the sidecar says, or the catalog where that is damaged."""
        found = None
        try:
            found = self._library.sidecars.find(key.folder, key.id)
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
        is_of_one = isinstance(cause, OSError) and cause.errno in _OF_ONE_FILE
        if self._are_files and not is_of_one:
            raise error
        self._blobs.secret()

    def _compare(self, record: Record, *, whole: bool) -> Verdict:
        with self._open(record.image) as (size, blocks):
            if size != record.bytes:
                why = f"{size} bytes instead of {record.bytes}"
                return Verdict(record.image, "damaged", why)
            sha256 = self._sha256(blocks) if whole else record.sha256
        if sha256 != record.sha256:
            why = f"its sha256 is {sha256} instead of {record.sha256}"
            return Verdict(record.image, "damaged", why)
        return Verdict(record.image)

    def _sha256(self, blocks: Iterator[bytes]) -> str:
        digest = hashlib.sha256()
        for block in blocks:
            digest.update(block)
            self.read += len(block)
            self._budget.spend(len(block))
        return digest.hexdigest()
