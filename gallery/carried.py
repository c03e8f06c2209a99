"""Purges carried to where the library lived before, and to what moves put aside on either side.

The feed is followed from a position that is kept in a note of the library that tells it.
What is about to be purged over there is written down before, since a process may die when the
catalog there has forgotten an image and its bytes are still there.

{"position": "…", "under_way": ["users/yuna/2024/02/28/9de9….json"], "whole": true}

``whole`` says that everything was brought when the library turned: only then can be told from
an image's absence that it was purged.
"""

from __future__ import annotations

import logging
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import orjson

from gallery import keys
from gallery.blobs import ASIDE, DROPPED, QUARANTINE, BlobStore, is_there
from gallery.blobs.abilities import LocalFiles
from gallery.catalog import Changes
from gallery.catalog.notes import Notes
from gallery.errors import NotFound, PositionGone
from gallery.keys import Folder, Key
from gallery.library import Library

log = logging.getLogger(__name__)

NAME = "purges.json"
BATCH = 1000
KEPT_SECONDS = 3600.0
"""How old the position may become that is kept, where nothing is purged: the feed forgets."""
Image = tuple[str, str, str]
"""Owner, month and id."""


def begin(notes: Notes, position: str, *, whole: bool) -> None:
    """From here on, what the feed tells is to be carried."""
    _write(notes, {"position": position, "under_way": [], "whole": whole})


def absence_tells(notes: Notes) -> bool:
    """Whether it can be told from an image's absence here that it was purged."""
    state: dict[str, Any] = orjson.loads(notes.read(NAME) or b"{}")
    return state.get("whole") is not False


def _write(notes: Notes, state: dict[str, Any]) -> None:
    notes.write(NAME, orjson.dumps(state))


class Purges:
    """From a ``library`` to what it was ``before``. For one thread. Raises GalleryErrors; then
    it can be called again."""

    def __init__(self, library: Library, before: Library) -> None:
        self._library = library
        self._before = before
        self._notes = library.catalog.notes
        self._position: str | None = None
        self._written = -math.inf
        self._whole = False

    def carry(self) -> None:
        """Carries what was purged, until the feed tells no more."""
        if self._position is None:
            self._position = self._begun()
        while not (changes := self._after(self._position)).level or changes.noted:
            purged = [(at.owner, at.month, at.id) for at in changes.noted if at.op == "purge"]
            if purged:
                self._purge(purged, self._position)
            is_old = time.monotonic() - self._written > KEPT_SECONDS
            if purged or not changes.level or is_old:
                self._write(changes.position)
            self._position = changes.position

    def _begun(self) -> str:
        """Where to go on, when what a process that died had under way is ended."""
        state: dict[str, Any] = orjson.loads(self._notes.read(NAME) or b"{}")
        for key in filter(None, map(keys.parse, state.get("under_way", ()))):
            self._drop(key.folder, key.id)
        self._whole = state.get("whole") is True
        position = state.get("position")
        return position if isinstance(position, str) else self._compare()

    def _after(self, position: str) -> Changes:
        changes = self._library.catalog.changes
        try:
            return changes(position, limit=BATCH)
        except PositionGone:
            self._position = self._compare()
            return changes(self._position, limit=BATCH)

    def _purge(self, images: Iterable[Image], position: str | None) -> None:
        """``position`` is where a process goes on that finds this half done."""
        places = list(self._places(images))
        self._write(position, [folder.sidecar(id) for folder, id in places])
        for folder, id in places:
            self._drop(folder, id)
        for blobs, tops in (
            (self._before.blobs, (ASIDE, DROPPED, QUARANTINE)),
            (self._library.blobs, (ASIDE, QUARANTINE)),
        ):
            for top in tops:
                self._purge_below(blobs, top, images)

    def _write(self, position: str | None, under_way: Iterable[str] = ()) -> None:
        state = {"position": position, "under_way": list(under_way), "whole": self._whole}
        _write(self._notes, state)
        self._written = time.monotonic()

    def _places(self, images: Iterable[Image]) -> Iterator[tuple[Folder, str]]:
        """Where they lie over there. In a tree that is also what its catalog does not know:
        a migrator may have died before it told of it, or somebody dropped it once more. It would
        be taken in again."""
        untold = []
        for owner, month, id in dict.fromkeys(images):
            if entry := self._before.catalog.get(owner, id, month):
                yield entry.record.folder, id
            else:
                untold.append((owner, month, id))
        if isinstance(blobs := self._before.blobs, LocalFiles):
            yield from dict.fromkeys(
                (key.folder, key.id) for _, key in self._lying(blobs, "", untold)
            )

    def _drop(self, folder: Folder, id: str) -> None:
        """Unless the image is here again: one of the same id was put since."""
        before, owner = self._before, folder.owner
        with before.catalog.lock(owner):
            if self._library.catalog.get(owner, id) is not None:
                return
            with suppress(NotFound):  # the folder is gone, and the sidecar with it
                before.blobs.doom(folder, id)
            if entry := before.catalog.get(owner, id):
                before.effects.finish_purge(entry.record)
            before.effects.sweep(folder, id)
        log.info("purged where the library lived before: %s", folder.sidecar(id))

    def _purge_below(self, blobs: BlobStore, top: str, images: Iterable[Image]) -> None:
        """What was put aside of them, now or in an earlier move, where nothing else looks."""
        if next(iter(blobs.list(top)), None) is not None:
            for name, _ in [*self._lying(blobs, top, images)]:
                blobs.delete(name)

    def _lying(
        self, blobs: BlobStore, top: str, images: Iterable[Image]
    ) -> Iterator[tuple[str, Key]]:
        """What lies of them below a place, by its names there. A month is listed once."""
        months = defaultdict(set)
        for owner, month, id in images:
            months[owner, month].add(id)
        for (owner, month), ids in months.items():
            for drawer in keys.DRAWERS:
                below = f"{top}users/{owner}/{drawer}{month.replace('-', '/')}/"
                for listed in blobs.list(below):
                    key = keys.parse(listed.key.removeprefix(top))
                    if key and key.id in ids:
                        yield listed.key, key

    # -- where the feed no longer tells ---------------------------------------------------------

    def _compare(self) -> str:
        """Purges what is no longer here, whatever became of it, and gives the position from
        which the feed tells the rest."""
        position = self._library.catalog.changes(None).position
        if self._whole:
            log.warning("what was purged is looked for month by month")
            self._purge_missing()
        else:
            log.error("what was purged cannot be told: some of it lies on where it was before")
        self._write(position)
        return position

    def _purge_missing(self) -> None:
        for owner in self._before.catalog.owners():
            for month in self._before.catalog.months(owner):
                missing = self._missing(owner, month)
                if gone := [(owner, month, id) for id in missing if self._is_gone(owner, id)]:
                    self._purge(gone, None)

    def _missing(self, owner: str, month: str) -> Iterator[str]:
        for kind in keys.KINDS:
            here = self._library.catalog.seen(owner, month, kind)
            yield from self._before.catalog.seen(owner, month, kind).keys() - here.keys()

    def _is_gone(self, owner: str, id: str) -> bool:
        """A catalog alone proves nothing, for it may have been lost: nothing of the image lies
        here any more."""
        entry = self._before.catalog.get(owner, id)
        if entry is None:
            return False
        record = entry.record
        sidecar = record.folder.sidecar(id)
        return not any(is_there(self._library.blobs, key) for key in (sidecar, record.image))
