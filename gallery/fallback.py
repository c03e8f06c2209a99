"""Originals that are lost where the library lives now, read where it lived before.

It should never come to that, since all was compared before the library moved and can be
again. So each such read is counted in a note, which outlives processes, and stands in the
log; and nothing is tidied away over there as long as there are any.

{"1": 3}    reads since the library turned the first time
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

import orjson

from gallery.blobs import ASIDE, BlobStore
from gallery.catalog.notes import Notes
from gallery.errors import NotFound
from gallery.records import Record

log = logging.getLogger(__name__)

NAME = "fallback.json"
LOCK = "fallback"
_PIECE = 8 << 20


class Fallback:
    """``before`` gives the store of before the ``turns``-th turn; it raises Unavailable while
    that is not open. Methods block, and raise NotFound when the bytes aren't there either, or are
    not what the record says, and Unavailable."""

    def __init__(
        self, notes: Notes, before: Callable[[], BlobStore], turns: Callable[[], int]
    ) -> None:
        self._notes = notes
        self._before = before
        self._turns = turns

    def original(self, record: Record) -> bytes:
        """The original of an image that the catalog knows."""
        body = self._read(record.image) if self._turns() else b""
        if hashlib.sha256(body).hexdigest() != record.sha256:
            raise NotFound(record.image)
        self._count(record.image)
        return body

    def thumbnail(self, record: Record) -> bytes:
        """The thumbnail, where the original that it was made of is still the same."""
        self.original(record)
        return self._read(record.thumb)

    def _read(self, key: str) -> bytes:
        try:
            return self._read_whole(key)
        except NotFound:
            return self._read_whole(ASIDE + key)

    def _read_whole(self, key: str) -> bytes:
        before, body = self._before(), bytearray()
        while data := before.read(key, len(body), _PIECE):
            body += data
        return bytes(body)

    def _count(self, key: str) -> None:
        log.warning("%s is lost: it was read where the library lived before", key)
        turn = str(self._turns())
        with self._notes.lock(LOCK):
            counts = reads(self._notes)
            counts[turn] = counts.get(turn, 0) + 1
            self._notes.write(NAME, orjson.dumps(counts))


def reads(notes: Notes) -> dict[str, int]:
    """How many there were, by the number of the turn that they came after."""
    found: dict[str, int] = orjson.loads(notes.read(NAME) or b"{}")
    return found
