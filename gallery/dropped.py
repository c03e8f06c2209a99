"""What is dropped into the tree where the library lived before: taken in where it lives now.

Generators go on writing to the folders that they know. A file at a key keeps its owner, kind,
id and day. It is set aside first, then taken in and then removed: so nothing that was taken
in lies there to be taken in again, when its image has been purged.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress

from gallery import keys, replica
from gallery.adopt import NoImage, inspected
from gallery.arrivals import (
    MENDED,
    SETTLE_SECONDS,
    SETTLED,
    Arrival,
    Look,
    Watched,
    arrived,
    wait_for,
)
from gallery.blobs import DROPPED, is_there
from gallery.blobs.abilities import Renames
from gallery.blobs.incoming import Spool
from gallery.draft import MAX_AHEAD_US, Draft, describe, within
from gallery.encoding import MAX_SIDECAR_BYTES, decode_sidecar, encode_sidecar
from gallery.errors import Damaged, GalleryError, NotFound, Unavailable
from gallery.imaging import Imaging, Inspection
from gallery.inbox import Inbox
from gallery.keys import Folder, Inboxed
from gallery.library import Library
from gallery.reconcile import RETRY_SECONDS, Thing
from gallery.records import Record

log = logging.getLogger(__name__)

_PIECE = 1 << 20
_FIRST_YEAR = 1970


class Dropped:
    """Into a ``library``, from the files of what it was ``before``; or, when it came back
    to them, what was set aside there. ``tree`` is the one of the two whose files they are. Methods
    block."""

    def __init__(
        self, library: Library, before: Library, tree: Library, imaging: Imaging, *,
        settle: float = SETTLE_SECONDS, max_bytes: int | None = None,
    ) -> None:  # fmt: skip
        self._library = library
        self._before = before
        self._tree = tree
        self._files = tree.blobs
        self._imaging = imaging
        self._settle = settle
        self._memory = Watched()
        self._inbox = Inbox(
            library, imaging, self._memory, settle=settle, max_bytes=max_bytes, files=tree.blobs
        )

    # -- what there is ------------------------------------------------------------------------

    def everything(self) -> Iterator[Thing]:
        """All that is to be looked at. Raises Unavailable."""
        yield from self.set_aside()
        for owner in self._files.owners():
            yield from self._of_owner(owner)

    def set_aside(self) -> Iterator[Thing]:
        """What a process that died was about to take in. Raises Unavailable."""
        for found in self._files.list(DROPPED):
            if (key := keys.parse(found.key.removeprefix(DROPPED))) and key.role == "image":
                yield key.folder, key.id

    def _of_owner(self, owner: str) -> Iterator[Thing]:
        place, known = ("", ""), set[str]()
        for found in self._files.list(f"users/{owner}/"):
            if file := keys.inboxed(found.key):
                yield file
            elif (key := keys.parse(found.key)) and key.role == "image":
                if place != (key.folder.kind, key.folder.month):
                    place = key.folder.kind, key.folder.month
                    known = self._known_in(key.folder)
                if key.id not in known:
                    yield key.folder, key.id

    def _known_in(self, folder: Folder) -> set[str]:
        sides = (self._library.catalog, self._before.catalog)
        return {id for side in sides for id in side.seen(folder.owner, folder.month, folder.kind)}

    # -- one look -------------------------------------------------------------------------------

    def look(self, thing: Thing) -> float | None:
        """Looks at one thing; gives the seconds after which to look again, if that is needed.
        Raises nothing that is about the thing."""
        try:
            self._files.check()
            self._library.blobs.check()
            if isinstance(thing, Inboxed):
                return self._inbox.look(thing).again
            return self._look(*thing).again
        except NotFound:  # it went away meanwhile, which will be noticed
            return None
        except GalleryError as error:
            self._memory.say(str(thing), str(error))
            return RETRY_SECONDS

    def _look(self, folder: Folder, id: str) -> Look:
        for ext in keys.MIME_OF:
            if is_there(self._files, DROPPED + folder.image(id, ext)):
                return self._take_in(folder, id, ext)
        if self._is_known(folder, id):
            return SETTLED
        for ext in keys.MIME_OF:
            if is_there(self._files, folder.image(id, ext)):
                return self._set_aside(folder, id, ext)
        return SETTLED

    def _is_known(self, folder: Folder, id: str) -> bool:
        """To either side, or about to be put there or purged."""
        owner = folder.owner
        return (
            any(is_there(self._files, folder.mark(id, mark)) for mark in ("put", "purge"))
            or self._library.catalog.get(owner, id) is not None
            or self._before.catalog.get(owner, id) is not None
        )

    def _set_aside(self, folder: Folder, id: str, ext: str) -> Look:
        with arrived(self._files, folder.image(id, ext)) as arrival:
            name, state = arrival.name, arrival.state
            if self._memory.is_left(name, state):
                return SETTLED
            if folder.day.year < _FIRST_YEAR:
                return self._memory.leave(name, state, "its day is before 1970")
            if within(folder, state.mtime_ns) > self._library.clock() + MAX_AHEAD_US:
                return self._memory.leave(name, state, "its day is yet to come")
            if wait := wait_for(arrival, self._memory, self._settle):
                return Look(again=wait)
            try:
                inspection = inspected(arrival, ext, self._imaging)
            except NoImage as error:
                return self._memory.leave(name, state, str(error))
            with self._before.catalog.lock(folder.owner):
                if not arrival.is_in_place() or self._is_known(folder, id):
                    return Look(again=1.0)
                self._rename(arrival, folder.sidecar(id))
        return self._take_in(folder, id, ext, inspection)

    def _rename(self, arrival: Arrival, sidecar: str) -> None:
        arrival.sync()
        assert isinstance(self._files, Renames)  # noqa: S101 - they are files
        self._files.rename(arrival.name, DROPPED + arrival.name)
        with suppress(NotFound):
            self._files.rename(sidecar, DROPPED + sidecar)

    # -- taking in what was set aside -----------------------------------------------------------

    def _take_in(
        self, folder: Folder, id: str, ext: str, inspection: Inspection | None = None
    ) -> Look:
        name = DROPPED + folder.image(id, ext)
        spool = self._copied(name)
        try:
            known = self._library.catalog.get(folder.owner, id)
            if known is None:
                inspection = inspection or self._imaging.inspect(spool.path).result()
                record, sidecar = self._described(folder, id, name, spool, inspection)
                thumb = inspection.thumbnail
                known = replica.take(self._library, record, sidecar, spool, thumb)
            if known.record.sha256 != spool.sha256:
                self._memory.say(name, "left alone: its id is another image's by now")
                return SETTLED
            log.info("took in a dropped image: %s", known.record.image)
        except Unavailable:
            raise
        except GalleryError as error:
            self._memory.say(name, f"left alone: {error}")
            return SETTLED
        finally:
            spool.discard()
        if self._tree.catalog.get(folder.owner, id) is None:
            self._files.delete(folder.sidecar(id))  # it came after its image
        for key in (DROPPED + folder.sidecar(id), name):
            self._files.delete(key)
        return MENDED

    def _copied(self, name: str) -> Spool:
        spool = self._library.blobs.spool()
        try:
            while data := self._files.read(name, spool.size, _PIECE):
                spool.write(data)
            spool.sync()
        except BaseException:
            spool.discard()
            raise
        return spool

    def _described(
        self, folder: Folder, id: str, name: str, spool: Spool, inspection: Inspection
    ) -> tuple[Record, bytes]:
        """As its sidecar says, where it has one that fits, byte for byte."""
        for key in (DROPPED + folder.sidecar(id), folder.sidecar(id)):
            with suppress(NotFound, Damaged):
                raw = self._files.read(key, 0, MAX_SIDECAR_BYTES + 1)
                record = decode_sidecar(raw, keys.Key(folder, id, "sidecar", "json"))
                if record.sha256 == spool.sha256 and DROPPED + record.image == name:
                    return record, raw
        created_at = within(folder, self._files.stat(name).mtime_ns)
        draft = Draft(folder.owner, folder.kind, id, created_at=created_at)
        record = describe(draft, created_at, spool, inspection)
        return record, encode_sidecar(record)
