"""Thumbnails: derived files, the only ones that a read may make again."""

from __future__ import annotations

import logging
from contextlib import suppress

from gallery.blobs import BlobStore, is_there
from gallery.blobs.incoming import Spool
from gallery.errors import GalleryError, NotFound, StorageFull, Unavailable
from gallery.imaging import Imaging
from gallery.records import Record

log = logging.getLogger(__name__)

_COPY = 1 << 20


class Thumbnails:
    """The thumbnails of one library. Without ``imaging`` none can be made."""

    def __init__(self, blobs: BlobStore, imaging: Imaging | None) -> None:
        self._blobs = blobs
        self._imaging = imaging

    def spooled(self, key: str) -> Spool:
        """A copy of a stored object as a local file, hashed on the way."""
        spool = self._blobs.spool()
        try:
            while data := self._blobs.read(key, spool.size, _COPY):
                spool.write(data)
        except BaseException:
            spool.discard()
            raise
        return spool

    def get(self, record: Record) -> bytes:
        """The thumbnail's bytes, made again if they are lost or not whole. Raises NotFound
        when they can't be, and Unavailable."""
        with suppress(NotFound):
            if _is_whole(body := self._blobs.read(record.thumb), record.thumb):
                return body
        return self.remake(record)

    def has(self, record: Record) -> bool:
        with suppress(NotFound):
            return _is_whole(self._blobs.read(record.thumb), record.thumb)
        return False

    def remake(self, record: Record) -> bytes:
        """Makes the thumbnail from the original, and keeps it if that can be. A purge removes the
        original first: when that is still there afterwards, the purge finds the thumbnail too."""
        if self._imaging is None:
            raise NotFound("There is no thumbnail", code="no_thumbnail")
        spool = self.spooled(record.image)
        try:
            spool.sync()
            body = self._imaging.thumbnail(spool.path).result()
        except Unavailable:
            raise
        except GalleryError as error:
            log.warning("%s has no thumbnail, and none can be made: %s", record.image, error)
            raise NotFound("The original is damaged", code="damaged_image") from error
        finally:
            spool.discard()
        key = record.folder.thumb(record.id)
        with suppress(StorageFull):
            self._blobs.put(key, body)
        if not is_there(self._blobs, record.image):
            self._blobs.delete(key)
        return body

    def remove(self, record: Record) -> None:
        """With the one that was made again beside an older writer's."""
        for key in {record.thumb, record.folder.thumb(record.id)}:
            self._blobs.delete(key)


def _is_whole(body: bytes, key: str) -> bool:
    """Thumbnails aren't synced: after a power cut one may be empty or cut short."""
    if key.endswith(".webp"):
        return body[:4] == b"RIFF" and int.from_bytes(body[4:8], "little") + 8 <= len(body)
    return body[:2] == b"\xff\xd8" and body.rstrip(b"\0")[-2:] == b"\xff\xd9"
