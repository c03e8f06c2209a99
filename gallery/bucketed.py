"""Adoption where images are objects of another machine: there whole or not at all.

Nothing can be renamed there, so a put leaves no mark of its own, and an image without a sidecar
is one that somebody dropped or one whose put was never committed. It says itself which.
"""

from __future__ import annotations

import logging
import time

from gallery import keys
from gallery.arrivals import MENDED, SETTLED, Look, Watched
from gallery.blobs import Stat
from gallery.blobs.abilities import SelfMarked
from gallery.blobs.incoming import Spool
from gallery.changes import change
from gallery.draft import Draft, describe, within
from gallery.encoding import encode_sidecar
from gallery.errors import Damaged, GalleryError, NotFound, Unavailable
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Record, Seen

log = logging.getLogger(__name__)

PUT_SECONDS = 3600.0
"""An image that is its own put mark may be of a put under way, or one whose commit is still
to arrive, for so long."""
MARKED_SECONDS = 7 * 86_400.0
"""A walk comes sooner than that. What was put earlier and has neither sidecar nor entry was
committed once and lost both: it is taken in like any image, and nobody's pixels are swept."""
_TO_THE_SECOND = 1.0
"""Stores give an object's time so exactly, and some round up."""


class RemoteAdopter:
    """Takes in what the catalog does not know. The caller has seen that it doesn't."""

    def __init__(
        self, library: Library, imaging: Imaging, memory: Watched, *, settle: float, put: float,
        wait: float,
    ) -> None:  # fmt: skip
        self._library = library
        self._imaging = imaging
        self._memory = memory
        self._settle = settle
        self._put = put
        self._wait = wait

    # -- an image and its sidecar -----------------------------------------------------------

    def sidecar(self, folder: Folder, id: str, lies: Stat) -> Look:
        """A sidecar that nobody knew: the store is right, once its image is there. The image
        is not read for that, which would be the whole bucket when a catalog was lost. One that
        is not there may be on its way: ``wait`` is when it is looked for again."""
        name, state = folder.sidecar(id), (lies.size, lies.mtime_ns)
        if self._memory.is_left(name, state):
            return SETTLED
        try:
            record, seen = self._library.sidecars.read(folder, id)
        except Damaged as error:
            return self._memory.leave(name, state, str(error))
        image = self._stat(record.image)
        if image is None or image.size != record.bytes:
            what = "is not there" if image is None else "is not the one that it describes"
            self._memory.say(name, f"left alone for now: its image {what}")
            left = self._wait - self._memory.age(name, state)
            return Look(again=left) if left > 0 else SETTLED
        return self._take_up(record, seen)

    def _take_up(self, record: Record, seen: Seen) -> Look:
        library, name = self._library, record.folder.sidecar(record.id)
        with library.catalog.lock(record.owner):
            lies = library.blobs.stat(name)
            if Seen(lies.size, lies.mtime_ns) != seen:
                return Look(again=0.0)
            if library.catalog.get(record.owner, record.id, record.month):
                return SETTLED  # it was a put of the gallery's own
            library.catalog.apply(change("put", record, seen))
        log.info("took in an image with its sidecar: %s", record.image)
        self._memory.forget(name)
        return MENDED

    # -- an image alone ---------------------------------------------------------------------

    def image(self, folder: Folder, id: str, ext: str) -> Look:
        """Sweeps what a put left that was never committed, and takes in what was dropped."""
        blobs, name = self._library.blobs, folder.image(id, ext)
        found = blobs.stat(name)
        if self._memory.is_left(name, found):
            return SETTLED
        put_at = blobs.put_at(name) if isinstance(blobs, SelfMarked) else None
        now, came = time.time(), found.mtime_ns / 1e9
        if put_at is None or now - put_at > MARKED_SECONDS:
            if (wait := self._settle - (now - came)) > 0:
                return Look(again=wait)
            return self._copied(folder, id, found)
        # One that was copied back says what it said before: its sidecar may be on its way.
        if (wait := self._put - (now - max(put_at, came - _TO_THE_SECOND))) > 0:
            return Look(again=wait)
        if came - put_at > PUT_SECONDS:  # no put takes so long: somebody wants it back
            return self._copied(folder, id, found)
        return self._sweep(folder, id)

    def _sweep(self, folder: Folder, id: str) -> Look:
        library = self._library
        with library.catalog.lock(folder.owner):
            # The catalog last: over the lock's connection, which may be lost meanwhile.
            lies = self._stat(folder.sidecar(id))
            if lies or library.catalog.get(folder.owner, id, folder.month):
                return Look(again=0.0)
            library.effects.sweep(folder, id)
        log.info("swept a put that was never committed: %s", folder.sidecar(id))
        return MENDED

    def _copied(self, folder: Folder, id: str, found: Stat) -> Look:
        """What is hashed and decoded is a copy of it."""
        spool = self._library.thumbnails.spooled(found.key)
        try:
            spool.sync()
            return self._take_in(folder, id, found, spool)
        except Unavailable:
            raise
        except GalleryError as error:
            return self._memory.leave(found.key, found, str(error))
        finally:
            spool.discard()

    def _take_in(self, folder: Folder, id: str, found: Stat, spool: Spool) -> Look:
        """It gets a sidecar, a thumbnail and its place in the catalog. Its own name and its
        day stay as they are."""
        library = self._library
        inspection = self._imaging.inspect(spool.path).result()
        if not found.key.endswith("." + keys.EXT_OF[inspection.mime]):
            return self._memory.leave(found.key, found, f"it is {inspection.mime}")
        created_at = within(folder, found.mtime_ns)
        draft = Draft(folder.owner, folder.kind, id, created_at=created_at)
        record = describe(draft, library.clock(), spool, inspection)
        if record.folder != folder:
            return self._memory.leave(found.key, found, "its day is yet to come")
        with library.catalog.lock(folder.owner):
            if self._stat(found.key) != found or self._stat(folder.sidecar(id)):
                return Look(again=0.0)
            if library.catalog.get(folder.owner, id):
                return Look(again=0.0)
            library.blobs.put(record.thumb, inspection.thumbnail)
            seen = library.blobs.replace(folder, id, encode_sidecar(record))
            library.catalog.apply(change("put", record, seen))
        log.info("took in a dropped image: %s", found.key)
        self._memory.forget(found.key)
        return MENDED

    def _stat(self, key: str) -> Stat | None:
        try:
            return self._library.blobs.stat(key)
        except NotFound:
            return None
