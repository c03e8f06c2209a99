"""The tree's word over the catalog's: months made again from the sidecars that lie in them.

The whole catalog, when somebody asks for it or it was lost; and each month alone whose manifest
is found damaged by whoever asks the catalog something.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from gallery import keys
from gallery.blobs import BlobStore, Listed
from gallery.catalog import Catalog
from gallery.errors import Damaged, GalleryError, NotFound, Unavailable
from gallery.keys import Key
from gallery.records import Record, Seen
from gallery.sidecars import Sidecars

log = logging.getLogger(__name__)

T = TypeVar("T")


class Healing:
    """Of one library's catalog. Methods block, and take the owner's lock for each month."""

    def __init__(self, blobs: BlobStore, catalog: Catalog, sidecars: Sidecars) -> None:
        self._blobs = blobs
        self._catalog = catalog
        self._sidecars = sidecars

    def asked(self, question: Callable[[], T]) -> T:
        """The catalog's answer; manifests found damaged on the way are rebuilt first."""
        try:
            answer = question()
        except Unavailable:
            if not self.heal():
                raise
            return question()
        return question() if self.heal() else answer

    def heal(self) -> bool:
        """Rebuilds, each alone, the months that the catalog could not wholly read. Whether
        there were any that could be."""
        healed = False
        for owner, month in self._catalog.damaged():
            try:
                self.rebuild_month(owner, month)
            except GalleryError as error:
                log.warning("cannot rebuild the manifest of %s, %s: %s", owner, month, error)
            else:
                healed = True
                log.warning("rebuilt the manifest of %s, %s from its sidecars", owner, month)
        return healed

    def recover(self) -> None:
        """Rebuilds a catalog that knows nobody, beside a tree that does: it was lost."""
        if not self._catalog.owners():
            for owner in self._blobs.owners():
                images = self.rebuild(owner)
                log.info("rebuilt %s from its sidecars: %d images", owner, images)

    def rebuild(self, owner: str) -> int:
        """Makes the catalog say of an owner what the tree says; gives the number of images."""
        months = {*self._catalog.months(owner), *self._blobs.months(owner)}
        return sum(self.rebuild_month(owner, month) for month in sorted(months))

    def rebuild_month(self, owner: str, month: str) -> int:
        """Makes the catalog say of a month what the tree says; gives the number of images.
        Where a sidecar is damaged, or gone from beside its image, the catalog's word stays."""
        found: dict[str, tuple[Record, Seen]] = {}  # one, of files copied to another day
        with self._catalog.lock(owner):
            for listed in self._blobs.sidecars(owner, month):
                key = keys.parse(listed.key)
                if key and (read := self._listed(listed, key)):
                    found[key.id] = read
            for id in self._ids(owner, month) - found.keys():
                if known := self._without_sidecar(owner, month, id):
                    found[id] = known
            self._catalog.rebuild(owner, month, list(found.values()))
        return len(found)

    def _listed(self, listed: Listed, key: Key) -> tuple[Record, Seen] | None:
        try:
            return self._sidecars.fetch(listed, key)
        except NotFound:
            return None
        except Damaged as error:
            log.warning("sidecar %s: %s", listed.key, error)
        return self._known(key.folder.owner, key.folder.month, key.id)

    # -- the catalog's word -----------------------------------------------------------------

    def _ids(self, owner: str, month: str) -> set[str]:
        with suppress(GalleryError):
            return {id for kind in keys.KINDS for id in self._catalog.seen(owner, month, kind)}
        return set()

    def _known(self, owner: str, month: str, id: str) -> tuple[Record, Seen] | None:
        with suppress(GalleryError):
            if entry := self._catalog.get(owner, id, month):
                return entry.record, entry.seen
        return None

    def _without_sidecar(self, owner: str, month: str, id: str) -> tuple[Record, Seen] | None:
        """An image that is there without its sidecar, which the walk writes again: in a bucket
        it would pass for one that was never committed. Not one that is being purged."""
        known = self._known(owner, month, id)
        if known is None or self._there(known[0].folder.mark(id, "purge")):
            return None
        return known if self._there(known[0].image) else None

    def _there(self, key: str) -> bool:
        try:
            self._blobs.stat(key)
        except NotFound:
            return False
        return True
