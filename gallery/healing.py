"""The tree's word over the catalog's: months made again from the sidecars that lie in them.

The whole catalog, when somebody asks for it or it was lost; and each month alone whose manifest
is found damaged by whoever asks the catalog something.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

import orjson
from pydantic import TypeAdapter

from gallery import keys
from gallery.blobs import BlobStore, Listed, is_there
from gallery.catalog import Catalog, Entry, Immediate
from gallery.catalog.notes import read_as
from gallery.errors import Damaged, GalleryError, NotFound, Unavailable
from gallery.keys import Key
from gallery.records import Record, Seen
from gallery.sidecars import Sidecars

log = logging.getLogger(__name__)

T = TypeVar("T")
NAME = "rebuild.json"
"""The note of whom a rebuild of a lost catalog has not come to."""
NOTED_SECONDS = 5.0
"""How often it is noted how far that is: so much is done again where it was cut short."""
REST_SECONDS = 60.0
"""How long requests leave alone a month that could not be rebuilt: what is wrong with it may last,
and each attempt reads it whole under its owner's lock."""
_OWNERS = TypeAdapter(list[str])


class Healing:
    """Of one library's catalog. Methods block, and take the owner's lock for each month."""

    def __init__(self, blobs: BlobStore, catalog: Catalog, sidecars: Sidecars) -> None:
        self._blobs = blobs
        self._catalog = catalog
        self._sidecars = sidecars
        self._failed: dict[tuple[str, str], float] = {}
        """When which month could not be rebuilt (monotonic)."""

    def asked(self, question: Callable[[], T]) -> T:
        """The catalog's answer; manifests found damaged on the way are rebuilt first."""
        try:
            answer = question()
        except Unavailable:
            if not self.heal(rest=REST_SECONDS):
                raise
            return question()
        return question() if self.heal(rest=REST_SECONDS) else answer

    def before(self, owner: str, ids: Sequence[str]) -> None:
        """For who will ask for these images under the owner's lock, where nothing can be rebuilt:
        if one is not found, damage is looked for. Only a catalog that answers from memory can be
        damaged: another is not asked twice."""
        if not isinstance(self._catalog, Immediate):
            return
        with suppress(Unavailable):
            if all(self._catalog.get(owner, id) is not None for id in ids):
                return
        self.heal(rest=REST_SECONDS)

    def heal(self, *, rest: float = 0.0) -> bool:
        """Rebuilds, each alone, the months that the catalog could not wholly read, and that this
        did not fail with in the last ``rest`` seconds. Whether there were any that could be. Of an
        owner without a folder the tree says nothing."""
        healed = False
        for owner, month in self._catalog.damaged():
            failed = self._failed.get((owner, month))
            if failed is not None and time.monotonic() - failed < rest:
                continue
            has_folder = False
            try:
                has_folder = owner in self._blobs.owners()
                if not has_folder:
                    raise Unavailable(f"users/{owner} is away")
                self.rebuild_month(owner, month)
            except GalleryError as error:
                if has_folder:  # what is away costs little to look for, and may be back at once
                    self._failed[owner, month] = time.monotonic()
                log.warning("cannot rebuild the manifest of %s, %s: %s", owner, month, error)
            else:
                healed = True
                self._failed.pop((owner, month), None)
                log.warning("rebuilt the manifest of %s, %s from its sidecars", owner, month)
        return healed

    def recover(self) -> None:
        """Rebuilds a catalog that knows nobody, beside a tree that does: it was lost. It goes on
        where one that began with this was cut short. An owner whose folder cannot be read keeps
        nobody else; the walk finds them when it can."""
        owners = self.lost()
        noted = time.monotonic()
        for at, owner in enumerate(owners):
            if time.monotonic() - noted >= NOTED_SECONDS:
                self._note(owners[at:])
                noted = time.monotonic()
            try:
                images = self.rebuild(owner)
            except Unavailable as error:
                self._blobs.check()
                self._catalog.check()
                log.warning("cannot rebuild %s: %s", owner, error)
            else:
                log.info("rebuilt %s from its sidecars: %d images", owner, images)
        self.found(owners)

    def lost(self) -> list[str]:
        """Whom a catalog that was lost is yet to be rebuilt for. It is noted before the first is
        known there: from then on nothing else tells that it is not whole."""
        if self._catalog.owners():
            noted = self._noted()
            return sorted({*noted} & {*self._blobs.owners()}) if noted else []
        owners = sorted(self._blobs.owners())
        if owners:
            self._note(owners)
        return owners

    def found(self, owners: list[str]) -> None:
        """These were come to."""
        if noted := self._noted():
            self._note(sorted({*noted} - {*owners}))

    def _noted(self) -> list[str]:
        return read_as(self._catalog.notes, NAME, _OWNERS) or []

    def _note(self, owners: list[str]) -> None:
        self._catalog.notes.write(NAME, orjson.dumps(owners) + b"\n")

    def rebuild(self, owner: str) -> int:
        """Makes the catalog say of an owner what the tree says; gives the number of images."""
        months = {*self._catalog.months(owner), *self._blobs.months(owner)}
        return sum(self.rebuild_month(owner, month) for month in sorted(months))

    def rebuild_month(self, owner: str, month: str) -> int:
        """Makes the catalog say of a month what the tree says; gives the number of images.
        Where a sidecar is damaged, or lost from beside its image, the catalog's word stays."""
        found: dict[str, tuple[Record, Seen]] = {}  # one, of files copied to another day
        with self._catalog.lock(owner):
            for listed in self._blobs.sidecars(owner, month):
                key = keys.parse(listed.key)
                if key and (read := self._listed(listed, key)):
                    found[key.id] = read
            for entry in self._known(owner, month, found):
                found[entry.record.id] = entry.record, entry.seen
            self._catalog.rebuild(owner, month, list(found.values()))
        return len(found)

    def _known(self, owner: str, month: str, found: Container[str]) -> Iterator[Entry]:
        """What the catalog alone knows, whose images are there. A purge's mark says why one has
        no sidecar."""
        entries: list[Entry | None] = []
        with suppress(Unavailable):  # what cannot be asked knows nothing
            ids = [id for kind in keys.KINDS for id in self._catalog.seen(owner, month, kind)]
            entries = [self._catalog.get(owner, id, month) for id in ids if id not in found]
        yield from (entry for entry in entries if entry and self._lost(entry.record))

    def _lost(self, record: Record) -> bool:
        folder, id = record.folder, record.id
        why_not = folder.sidecar(id), folder.mark(id, "purge")
        return is_there(self._blobs, record.image) and not any(
            is_there(self._blobs, key) for key in why_not
        )

    def _listed(self, listed: Listed, key: Key) -> tuple[Record, Seen] | None:
        try:
            return self._sidecars.fetch(listed, key)
        except NotFound:
            return None
        except Damaged as error:
            log.warning("sidecar %s: %s", listed.key, error)
        with suppress(GalleryError):
            entry = self._catalog.get(key.folder.owner, key.id, key.folder.month)
            if entry and entry.record.folder == key.folder:  # else it is a copy on another day
                return entry.record, entry.seen
        return None
