"""The inbox: files of any name, each given an id and moved to a key of its own.

A file is copied, stored like an upload, and only then removed, by way of a hidden name: some
generators write each image over the last, and what takes its place meanwhile must stay. Its id is
determined by what it is, so that one which a crash left behind, under either name, finds its image
instead of becoming another.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from gallery.arrivals import MENDED, SETTLED, Arrival, Look, Watched, arrived, wait_for
from gallery.blobs import BlobStore
from gallery.blobs.abilities import Renames
from gallery.blobs.incoming import Spool
from gallery.draft import Draft, shown_name
from gallery.errors import (
    GalleryError,
    StorageFull,
    TooLarge,
    Unavailable,
    Unprocessable,
    UnsupportedImage,
    storage,
)
from gallery.imaging import Imaging
from gallery.keys import Inboxed, id_for
from gallery.library import Library

log = logging.getLogger(__name__)

_ASIDE = re.compile(r"(.*/)?\.gallery-taken\.[0-9a-f]{8}\.([^/]+)", re.DOTALL)
_LONGEST = 200
"""Names of more bytes may be too long with what stands before them."""


class Inbox:
    """Takes in what lies in the owners' inboxes: in those of the library's own store, or of
    other ``files``."""

    def __init__(
        self,
        library: Library,
        imaging: Imaging,
        memory: Watched,
        *,
        settle: float,
        max_bytes: int | None = None,
        files: BlobStore | None = None,
    ) -> None:
        self._library = library
        self._files = files or library.blobs
        self._imaging = imaging
        self._memory = memory
        self._settle = settle
        self._max_bytes = max_bytes

    def look(self, file: Inboxed) -> Look:
        """Raises NotFound when it is gone."""
        place, file = str(file), _as_it_was(file)
        if file.hidden:
            return SETTLED
        with arrived(self._files, place) as arrival:
            if place != str(file) and (age := self._memory.age(place, "aside")) < self._settle:
                return Look(again=self._settle - age)  # it is just being removed
            if self._memory.is_left(arrival.name, arrival.state):
                return SETTLED
            if wait := wait_for(arrival, self._memory, self._settle):
                return Look(again=wait)
            try:
                if arrival.ending() is None:
                    raise UnsupportedImage
                if self._max_bytes is not None and arrival.state.size > self._max_bytes:
                    raise Unprocessable(f"more than {self._max_bytes} bytes")
                self._make_sure_of_room(file.owner, arrival.state.size)
                return self._take_in(file, arrival)
            except Unavailable:
                raise
            except (TooLarge, StorageFull) as error:
                # Not left for good: the next walk tries again.
                self._memory.say(arrival.name, f"waits in the inbox: {error}")
                return SETTLED
            except GalleryError as error:
                return self._memory.leave(arrival.name, arrival.state, str(error))

    def _make_sure_of_room(self, owner: str, size: int) -> None:
        self._library.check_quota(owner, size)
        self._library.blobs.room(size)

    def _take_in(self, file: Inboxed, arrival: Arrival) -> Look:
        library = self._library
        with self._copied(arrival) as spool:
            inspection = self._imaging.inspect(spool.path).result()
            draft = Draft(
                file.owner,
                id=self._id(file, arrival, spool.sha256),
                created_at=_made_at(arrival, library.clock()),
                original_filename=shown_name(file.name),
            )
            if not arrival.is_in_place():
                return Look(again=0.0)
            stored = library.put(draft, spool, inspection)
        log.info("took in from the inbox: %s is %s", ascii(str(file)), stored.entry.record.image)
        self._memory.forget(arrival.name)
        try:
            if arrival.is_in_place():
                self._remove(file, arrival)
        except Unavailable as error:
            self._memory.leave(arrival.name, arrival.state, f"taken in, but stays: {error}")
        return MENDED

    def _remove(self, file: Inboxed, arrival: Arrival) -> None:
        """What was put in its place meanwhile is under the hidden name, and looked at there."""
        name = arrival.name
        folders, _, last = name.rpartition("/")
        if name == str(file) and len(last.encode("utf-8", "surrogateescape")) <= _LONGEST:
            name = f"{folders}/.gallery-taken.{secrets.token_hex(4)}.{last}"
            assert isinstance(self._files, Renames)  # noqa: S101 - they are files
            self._files.rename(arrival.name, name)
            with arrived(self._files, name) as moved:
                if moved.state._replace(ctime_ns=0) != arrival.state._replace(ctime_ns=0):
                    return
        self._files.delete(name)

    @contextmanager
    def _copied(self, arrival: Arrival) -> Iterator[Spool]:
        """A copy that nobody else can write to, durable."""
        spool = self._library.blobs.spool()
        try:
            with storage(arrival.name):
                for data in arrival.chunks():
                    spool.write(data)
                spool.sync()
            yield spool
        finally:
            spool.discard()

    def _id(self, file: Inboxed, arrival: Arrival, sha256: str) -> str:
        """The same file's, whenever it is asked for. What somebody puts into the inbox again
        after it was put into the trash gets another; what stayed there does not come back."""
        state = arrival.state
        what = f"inbox/{file.name!a} {state.size} {state.mtime_ns} {sha256}"
        while True:
            id = id_for(self._library.blobs.library, file.owner, what)
            known = self._library.catalog.get(file.owner, id)
            trashed_at = known.record.deleted_at if known else None
            if trashed_at is None or state.ctime_ns // 1000 <= trashed_at:
                return id
            what = f"{what} after {id}"


def _as_it_was(file: Inboxed) -> Inboxed:
    """Under the name that it had before it was about to be removed."""
    match = _ASIDE.fullmatch(file.name)
    return Inboxed(file.owner, (match[1] or "") + match[2]) if match else file


def _made_at(arrival: Arrival, now: int) -> int:
    """The file's time, or that of its arrival if it claims to be from after that, and no
    time before 1970, which no record can have. It stays the same, so that a repeat finds its
    image in its folder (microseconds)."""
    return max(0, min(arrival.state.mtime_ns // 1000, arrival.state.ctime_ns // 1000, now))
