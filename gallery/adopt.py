"""Adoption: an image that somebody dropped at its key, with a sidecar or without one.

Its own name, its bytes and its day stay as they are. It is looked at in place: what is
inspected, hashed and synced is one open file, and under the owner's lock its name must
still lead to it.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import NamedTuple

from gallery import keys
from gallery.arrivals import (
    MENDED,
    SETTLED,
    Arrival,
    Look,
    Watched,
    arrived,
    wait_for,
)
from gallery.blobs import Stat, is_there
from gallery.changes import change
from gallery.draft import Draft, describe, within
from gallery.encoding import encode_sidecar
from gallery.errors import Damaged, GalleryError, NotFound, Unavailable, storage
from gallery.imaging import Imaging, Inspection
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Record, Seen

log = logging.getLogger(__name__)

_FIRST_DAY = date(1970, 1, 1)
"""No record can be dated before it."""


class Adopter:
    """Takes in what the catalog does not know. The caller has seen that it doesn't."""

    def __init__(
        self, library: Library, imaging: Imaging, memory: Watched, *, settle: float
    ) -> None:
        self._library = library
        self._imaging = imaging
        self._memory = memory
        self._settle = settle

    def image(self, folder: Folder, id: str, ext: str) -> Look:
        """An image with no sidecar: it gets one, a thumbnail and its place in the catalog."""
        with arrived(self._library.blobs, folder.image(id, ext)) as arrival:
            name = arrival.name
            if self._memory.is_left(name, arrival.state):
                return SETTLED
            if folder.day < _FIRST_DAY:
                return self._memory.leave(name, arrival.state, "its day is before 1970")
            if wait := wait_for(arrival, self._memory, self._settle):
                return Look(again=wait)
            try:
                inspection = self._inspected(arrival, ext)
            except NoImage as error:
                return self._memory.leave(name, arrival.state, str(error))
            record = self._described(folder, id, arrival, inspection)
            if record.folder != folder:
                return self._memory.leave(name, arrival.state, "its day is yet to come")
            arrival.sync()
            return self._take_in(record, arrival, inspection)

    def _described(
        self, folder: Folder, id: str, arrival: Arrival, inspection: Inspection
    ) -> Record:
        created_at = within(folder, arrival.state.mtime_ns)
        draft = Draft(folder.owner, folder.kind, id, created_at=created_at)
        body = _Body(arrival.state.size, arrival.sha256())
        return describe(draft, self._library.clock(), body, inspection)

    def _take_in(self, record: Record, arrival: Arrival, inspection: Inspection) -> Look:
        """What takes time comes before the lock: thousands may be waiting for it."""
        library, name = self._library, record.folder.sidecar(record.id)
        library.blobs.put(record.thumb, inspection.thumbnail)
        spool = library.blobs.spool()
        try:
            with storage(name):
                spool.write(encode_sidecar(record))
                spool.sync()
            with library.catalog.lock(record.owner):
                mark = record.folder.mark(record.id, "put")
                if not arrival.is_in_place() or any(
                    is_there(library.blobs, key) for key in (name, mark)
                ):
                    return Look(again=0.0)
                library.blobs.put(name, spool)
                lies = library.blobs.stat(name)
                library.catalog.apply(change("put", record, Seen(lies.size, lies.mtime_ns)))
        finally:
            spool.discard()
        log.info("took in a dropped image: %s", record.image)
        self._memory.forget(arrival.name)
        return MENDED

    def sidecar(self, folder: Folder, id: str, lies: Stat) -> Look:
        """A sidecar that nobody knew: the tree is right, once its image is there as it says."""
        name, state = folder.sidecar(id), (lies.size, lies.mtime_ns)
        if self._memory.is_left(name, state):
            return SETTLED
        try:
            record, seen = self._library.sidecars.read(folder, id)
        except Damaged as error:
            return self._memory.leave_if_still(name, lies, self._settle, str(error))
        try:
            with arrived(self._library.blobs, record.image) as arrival:
                return self._fitting(record, seen, arrival)
        except NotFound:
            return SETTLED  # its arrival will be noticed

    def _fitting(self, record: Record, seen: Seen, arrival: Arrival) -> Look:
        name, state = arrival.name, (arrival.state, seen)
        if self._memory.is_left(name, state):
            return SETTLED
        if wait := self._until_it_fits(record, arrival):
            return Look(again=wait)
        if arrival.state.size != record.bytes or arrival.sha256() != record.sha256:
            return self._memory.leave(name, state, "it is not the one that its sidecar describes")
        thumb = None
        # A whole thumbnail says that it was decoded before: by a put that a crash kept from
        # the catalog, or by the library that a backup is of.
        if not self._library.thumbnails.has(record):
            try:
                thumb = self._inspected(arrival, keys.EXT_OF[record.mime]).thumbnail
            except NoImage as error:
                return self._memory.leave(name, state, str(error))
        arrival.sync()
        return self._take_up(record, seen, arrival, thumb)

    def _until_it_fits(self, record: Record, arrival: Arrival) -> float | None:
        """What is being written grows into its sidecar: another size may yet become it."""
        if arrival.state.size == record.bytes:
            return wait_for(arrival, self._memory, 0.0)
        quiet = arrival.quiet(self._memory)
        return None if quiet >= self._settle else self._settle / 4

    def _take_up(self, record: Record, seen: Seen, arrival: Arrival, thumb: bytes | None) -> Look:
        library, folder = self._library, record.folder
        if thumb is not None:
            library.blobs.put(folder.thumb(record.id), thumb)
        with library.catalog.lock(record.owner):
            lies = library.blobs.stat(folder.sidecar(record.id))
            if not arrival.is_in_place() or Seen(lies.size, lies.mtime_ns) != seen:
                return Look(again=0.0)
            if library.catalog.get(record.owner, record.id, record.month):
                return SETTLED  # it was a put of the gallery's own
            library.catalog.apply(change("put", record, seen))
        log.info("took in an image with its sidecar: %s", record.image)
        self._memory.forget(arrival.name)
        return MENDED

    # -- what both need ---------------------------------------------------------------------

    def _inspected(self, arrival: Arrival, ext: str) -> Inspection:
        self._library.blobs.room(0)  # before the work, that it be not done in vain
        return inspected(arrival, ext, self._imaging)


class NoImage(Exception):
    """Nothing that could be shown; the message says why."""


def inspected(arrival: Arrival, ext: str, imaging: Imaging) -> Inspection:
    """What an image is that has this ending. Raises NoImage, and Unavailable."""
    try:
        inspection = arrival.inspect(imaging)
    except Unavailable:
        raise
    except GalleryError as error:
        raise NoImage(str(error)) from error
    if keys.EXT_OF[inspection.mime] != ext:
        raise NoImage(f"it is {inspection.mime}")
    return inspection


class _Body(NamedTuple):
    size: int
    sha256: str
