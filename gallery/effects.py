"""The order of effects: the steps of one image's change, which survive a crash anywhere.

    put        mark, image, thumbnail, COMMIT, catalog
    change     SIDECAR, catalog           (edit, trash, restore; a foreign edit is adopted first)
    purge      DOOM, catalog, image, thumbnail, mark

The step in capitals commits. All of it happens under the owner's lock, which the caller holds;
in a bucket the bytes of a new image arrive before. What a crash leaves half done, ``reconcile``
ends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from gallery import keys
from gallery.blobs import BlobStore, is_there
from gallery.blobs.incoming import Spool
from gallery.catalog import Catalog, Entry
from gallery.changes import Op, change, op_between
from gallery.encoding import encode, encode_sidecar
from gallery.errors import GalleryError, NotFound, StorageFull, Unavailable, Unsure
from gallery.keys import Folder
from gallery.records import Record, Seen
from gallery.sidecars import Sidecars
from gallery.thumbnails import Thumbnails

log = logging.getLogger(__name__)


class Effects:
    """What is done to the stores of one library."""

    def __init__(
        self, blobs: BlobStore, catalog: Catalog, sidecars: Sidecars, thumbnails: Thumbnails
    ) -> None:
        self._blobs = blobs
        self._catalog = catalog
        self._sidecars = sidecars
        self._thumbnails = thumbnails

    # -- what lies there ------------------------------------------------------------------

    def current(self, owner: str, id: str) -> Entry:
        """The image as its sidecar says, which is adopted if somebody else wrote it. Whoever
        writes then makes sure that the lock is still held: a store that is elsewhere may take a
        minute to answer. Raises NotFound."""
        entry = self._cataloged(owner, id)
        with suppress(NotFound):
            return self._as_it_lies(entry)
        return entry

    def changeable(self, owner: str, id: str) -> Entry:
        """The same, of an image that has files. Raises Unavailable where all are gone: a sidecar
        that is written then would make damage of what was removed, or is away."""
        entry = self._cataloged(owner, id)
        with suppress(NotFound):
            return self._as_it_lies(entry)
        if not is_there(self._blobs, entry.record.image):
            raise Unavailable(f"{entry.record.image} is away")
        return entry

    def _cataloged(self, owner: str, id: str) -> Entry:
        entry = self._catalog.get(owner, id)
        if entry is None:
            raise NotFound("There is no such image", code="unknown_image")
        return entry

    def _as_it_lies(self, entry: Entry) -> Entry:
        """Raises NotFound when its sidecar is gone; of a damaged one the catalog's word holds."""
        record = entry.record
        there = self._blobs.stat(record.folder.sidecar(record.id))
        if Seen(there.size, there.mtime_ns) == entry.seen:
            return entry
        found = self._sidecars.find(record.folder, record.id)
        return self.tell(op_between(record, found[0]), *found) if found else entry

    # -- put ------------------------------------------------------------------------------

    def store(
        self, record: Record, sidecar: bytes, body: Spool | bytes | None, thumb: bytes | None,
        decide: Callable[[], None] = lambda: None,
    ) -> Entry:  # fmt: skip
        """The steps of a put. The lock may also be taken in ``decide``, when all but the commit
        is done: where a repeat may be under way, that makes sure that it was not lost. Without a
        body or a thumbnail none is written."""
        folder = record.folder
        try:
            self._blobs.stage(folder, record.id, sidecar)
            if body is not None:
                self._blobs.put(record.image, body)
            if thumb is not None:
                self._blobs.put(record.thumb, thumb)
            decide()
            seen = self._blobs.commit(folder, record.id, sidecar)
        except Unsure:
            raise  # if it was committed after all, its files must stay
        except GalleryError:
            with suppress(GalleryError):
                self._sweep_uncommitted(folder, record.id)
            raise
        return self.tell("put", record, seen)

    def _sweep_uncommitted(self, folder: Folder, id: str) -> None:
        """A commit may have failed when its rename was done: then the image stays, whole,
        for the walk to find. And with a lock that was lost, what lies there may be another's."""
        self._catalog.check_lock(folder.owner)
        if not is_there(self._blobs, folder.sidecar(id)):
            self.sweep(folder, id)

    def sweep(self, folder: Folder, id: str) -> None:
        """Removes what a put left that was never committed. It needs no lock when the id is the
        put's own and new."""
        for ext in keys.MIME_OF:
            self._blobs.delete(folder.image(id, ext))
        for ext in ("webp", "jpg"):
            self._blobs.delete(folder.thumb(id, ext))
        self._blobs.finish(folder, id)

    # -- edit, trash, restore -------------------------------------------------------------

    def replace(self, before: Record, after: Record) -> Entry:
        self._catalog.check_lock(after.owner)
        try:
            seen = self._blobs.replace(after.folder, after.id, encode_sidecar(after))
        except NotFound as error:
            raise Unavailable(f"{after.folder} is away") from error
        return self.tell(op_between(before, after), after, seen)

    # -- purge ----------------------------------------------------------------------------

    def purge(self, record: Record) -> None:
        self._catalog.check_lock(record.owner)
        try:
            self._blobs.doom(record.folder, record.id)
        except NotFound as error:
            raise Unavailable(f"{record.folder} is away") from error
        self.finish_purge(record)

    def finish_purge(self, record: Record) -> None:
        """What follows a purge's commit."""
        self._catalog.apply(change("purge", record))
        try:
            self._blobs.delete(record.image)
            self._thumbnails.remove(record)
            self._blobs.finish(record.folder, record.id)
        except GalleryError as error:
            log.warning("purge of %s: left for the next walk to finish: %s", record.image, error)

    # -- the catalog ----------------------------------------------------------------------

    def tell(self, op: Op, record: Record, seen: Seen) -> Entry:
        """Tells the catalog of a change that is made already. What is told is small, so on a
        full disk the reserve is for this."""
        try:
            self._catalog.apply(change(op, record, seen))
        except StorageFull:
            if not self._blobs.make_room():
                raise
            self._catalog.apply(change(op, record, seen))
        return Entry(encode(record), seen)
