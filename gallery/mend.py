"""One image: what its files say, what the catalog says, and what is done where they differ.

    put mark                      the put was never committed: swept, with what it names
    purge mark                    the purge was committed: finished
    sidecar changed               the tree is right: adopted
    sidecar new                   adopted, when its image is there and is what it describes
    sidecar gone, image there     written again from the catalog, when it stays away
    image only                    somebody dropped it: taken in, if it is a whole image;
                                  where images are marks themselves, and this one is of a put
                                  within the last week and no copy: never committed, swept
    both gone                     purged from outside, when missed for a minute; while it lies
                                  where the library lived before a move, brought back from there

Every act looks again under the owner's lock.
"""

from __future__ import annotations

import logging
from contextlib import suppress

from gallery import keys
from gallery.adopt import Adopter
from gallery.arrivals import MENDED, SETTLED, Look, Watched
from gallery.blobs import Stat
from gallery.blobs.abilities import LocalFiles
from gallery.bucketed import RemoteAdopter
from gallery.catalog import Entry
from gallery.changes import change
from gallery.encoding import encode_sidecar
from gallery.errors import Damaged, NotFound
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Record, Seen

log = logging.getLogger(__name__)

RESTORE_SECONDS = 2.0
"""Editors take a file away and put another in its place: a lost sidecar may be such a one."""


class Mender:
    """Looks at an image, and does what there is to do. Times are in seconds: ``settle`` until
    what is not whole is judged, ``vanish`` until what is gone counts as deleted, ``put`` until
    an image that says it is of a put counts as never committed."""

    def __init__(
        self, library: Library, imaging: Imaging, memory: Watched, *, settle: float, vanish: float,
        put: float,
    ) -> None:  # fmt: skip
        self._library = library
        self._settle = settle
        self._vanish = vanish
        self._memory = memory
        self._adopter = (
            Adopter(library, imaging, memory, settle=settle)
            if isinstance(library.blobs, LocalFiles)
            else RemoteAdopter(library, imaging, memory, settle=settle, put=put, wait=vanish)
        )

    def look(self, folder: Folder, id: str) -> Look:
        entry = self._library.catalog.get(folder.owner, id, folder.month)
        lies = self._stat(folder.sidecar(id))
        seen = None if lies is None else Seen(lies.size, lies.mtime_ns)
        if entry is not None and entry.seen == seen and entry.record.folder == folder:
            self._memory.forget(folder.sidecar(id))
            return SETTLED
        if lies is None and (self._there(folder, id, "put") or self._there(folder, id, "purge")):
            return self.finish(folder, id)
        if entry is None:
            entry = self._library.catalog.get(folder.owner, id)
        if entry is not None and entry.record.folder != folder:
            return self._elsewhere(folder, id, entry)
        if lies is not None:
            about = self._changed if entry else self._adopter.sidecar
            return about(folder, id, lies)
        ext = next((ext for ext in keys.MIME_OF if self._stat(folder.image(id, ext))), None)
        if entry is not None:
            return self._lost(entry) if ext else self._missing(entry)
        return self._adopter.image(folder, id, ext) if ext else SETTLED

    def finish(self, folder: Folder, id: str) -> Look:
        """Ends what was under way when a process died: its marks say what."""
        library, owner = self._library, folder.owner
        with library.catalog.lock(owner):
            present = self._stat(folder.sidecar(id)) is not None
            if not present and self._there(folder, id, "purge"):
                entry = library.catalog.get(owner, id, folder.month)
                if entry and entry.record.folder == folder:  # not of another day
                    library.effects.finish_purge(entry.record)
                library.effects.sweep(folder, id)
                log.info("finished a purge: %s", folder.sidecar(id))
                return MENDED
            if not present and self._there(folder, id, "put"):
                library.effects.sweep(folder, id)
                log.info("swept a put that was never committed: %s", folder.sidecar(id))
                return MENDED
            # Beside a sidecar a mark is old: the image was put or restored since.
            library.blobs.finish(folder, id)
            library.blobs.delete(folder.mark(id, "new"))
            return Look(again=0.0)

    def _elsewhere(self, folder: Folder, id: str, entry: Entry) -> Look:
        name = folder.sidecar(id)
        self._memory.say(name, f"left alone: its id is that of {entry.record.image}")
        return SETTLED

    def _changed(self, folder: Folder, id: str, lies: Stat) -> Look:
        """Somebody wrote the sidecar of an image that is known. A damaged one is left: the
        catalog's word holds."""
        name, state = folder.sidecar(id), (lies.size, lies.mtime_ns)
        if self._memory.is_left(name, state):
            return SETTLED
        try:
            self._library.sidecars.read(folder, id)
        except Damaged as error:
            return self._memory.leave_if_still(name, lies, self._settle, str(error))
        with self._library.catalog.lock(folder.owner):
            known = self._library.catalog.get(folder.owner, id, folder.month)
            now = self._library.effects.current(folder.owner, id)
        if known is not None and known.seen == now.seen:
            return SETTLED  # it was the gallery itself, and the catalog hadn't heard of it yet
        log.info("adopted a sidecar that was edited: %s", name)
        self._memory.forget(name)
        return MENDED

    def _lost(self, entry: Entry) -> Look:
        """The sidecar is gone, its image is there."""
        record = entry.record
        name = record.folder.sidecar(record.id)
        patience = min(self._settle, RESTORE_SECONDS)
        if (age := self._memory.age(name, "lost")) < patience:
            return Look(again=patience - age)
        with self._library.catalog.lock(record.owner):
            if self._stat(name) or not self._stat(record.image):
                return Look(again=0.0)
            # Last, over the lock's connection: it may be lost while the store is asked.
            now = self._library.catalog.get(record.owner, record.id, record.month)
            if now is None:
                return Look(again=0.0)
            if self._there(record.folder, record.id, "purge"):
                return Look(again=0.0)
            record = now.record
            seen = self._library.blobs.replace(record.folder, record.id, encode_sidecar(record))
            self._library.catalog.apply(change("edit", record, seen))
        log.info("wrote a lost sidecar again: %s", name)
        self._memory.forget(name)
        return MENDED

    def _missing(self, entry: Entry) -> Look:
        """Image and sidecar are gone. What isn't in a folder that is away was deleted, if it
        stays away: but of an owner without a folder nothing is known."""
        record = entry.record
        name = record.folder.sidecar(record.id)
        if (age := self._memory.age(name, "missing")) < self._vanish:
            return Look(again=self._vanish - age)
        if record.owner not in self._library.blobs.owners():
            return SETTLED
        left = self._left_before(record)
        with self._library.catalog.lock(record.owner):
            if self._library.catalog.get(record.owner, record.id, record.month) is None:
                return SETTLED
            self._library.blobs.check()
            if self._stat(name) or self._stat(record.image):
                return Look(again=0.0)
            if left is not None:
                self._library.blobs.put(record.image, left)  # its sidecar is lost then
                return Look(again=0.0)
            # Nothing lies there that would have to go, and what comes back now must stay.
            self._library.catalog.apply(change("purge", record))
            self._library.thumbnails.remove(record)
        log.info("purged what was removed from outside: %s", record.image)
        self._memory.forget(name)
        return MENDED

    def _left_before(self, record: Record) -> bytes | None:
        """The original as it lies where the library lived before. While that may go back, only
        the gallery purges: what somebody removes here by mistake would go there as well."""
        if self._library.fallback is None:
            return None
        try:
            return self._library.fallback.original(record)
        except NotFound:
            return None

    def _there(self, folder: Folder, id: str, mark: keys.Mark) -> bool:
        return self._stat(folder.mark(id, mark)) is not None

    def _stat(self, key: str) -> Stat | None:
        with suppress(NotFound):
            return self._library.blobs.stat(key)
        return None
