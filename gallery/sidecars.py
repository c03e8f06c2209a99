"""Sidecars as they lie there, read and decoded."""

from __future__ import annotations

import logging

from gallery.blobs import BlobStore, Listed
from gallery.encoding import MAX_SIDECAR_BYTES, decode_sidecar
from gallery.errors import Damaged, NotFound
from gallery.keys import Folder, Key
from gallery.records import Record, Seen

log = logging.getLogger(__name__)

_MOST = MAX_SIDECAR_BYTES + 1
"""One more than a sidecar may have, so that a larger one is noticed."""


class Sidecars:
    """The sidecars of one library."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def read(self, folder: Folder, id: str) -> tuple[Record, Seen]:
        """Raises NotFound and Damaged."""
        key = folder.sidecar(id)
        found = self._blobs.stat(key)
        body = self._blobs.read(key, 0, _MOST)
        record = decode_sidecar(body, Key(folder, id, "sidecar", "json"))
        return record, Seen(found.size, found.mtime_ns)

    def find(self, folder: Folder, id: str) -> tuple[Record, Seen] | None:
        """None when it is gone or damaged, which is logged."""
        try:
            return self.read(folder, id)
        except NotFound:
            return None
        except Damaged as error:
            log.warning("sidecar %s: %s", folder.sidecar(id), error)
            return None

    def fetch(self, listed: Listed, key: Key) -> tuple[Record, Seen]:
        """One that a listing of sidecars gave. Raises NotFound and Damaged."""
        raw, seen = self._blobs.fetch(listed, _MOST)
        return decode_sidecar(raw, key), seen
