"""Recovery links: when the library turns, those of the target are just those of the source.

There are few, and they change seldom. They are brought before the turn, and once more while
writers wait, where only those that changed since are read.
"""

from __future__ import annotations

import time
from contextlib import suppress

from gallery import recovery
from gallery.blobs import BlobStore, Listed
from gallery.errors import NotFound

_SETTLED_SECONDS = 5.0
"""How old a file's time has to be to tell it from what is written next. A bucket's objects have
numbers of their content instead, which are far from any time."""


class Links:
    """Of one library, from one store to another."""

    def __init__(self, source: BlobStore, target: BlobStore) -> None:
        self._source = source
        self._target = target
        self._brought: dict[str, tuple[int, int]] = {}

    def bring(self) -> None:
        """Also what was revoked: a link that is gone there must be gone here."""
        there = {found.key for found in self._target.list(recovery.FOLDER)}
        for found in self._source.list(recovery.FOLDER):
            with suppress(NotFound):  # removed by hand, just now
                self._bring(found, known=found.key in there)
                there.discard(found.key)
        for key in there:
            self._target.delete(key)

    def _bring(self, found: Listed, *, known: bool) -> None:
        state = found.size, found.mtime_ns
        if known and self._brought.get(found.key) == state:
            return
        body = self._source.read(found.key)
        if not known or self._target.read(found.key) != body:
            recovery.put(self._target, found.key, body)
        if abs(time.time() - found.mtime_ns / 1e9) > _SETTLED_SECONDS:
            self._brought[found.key] = state
