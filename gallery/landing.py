"""Bodies that clients send by themselves: announced, put, and then confirmed or left.

Nothing is kept of an announcement: its signed ticket says all, so any process can go on with
it, also after a restart. What was put waits below ``.gallery/tmp/``, where nothing is listed or
served, until it is confirmed. What is not confirmed within a day is removed.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass

import orjson
from itsdangerous import BadData, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode

from gallery.blobs import TEMPORARY, BlobStore, is_there
from gallery.blobs.abilities import Expected, Presigned, SentTo, Versioned
from gallery.blobs.incoming import Spool
from gallery.errors import Conflict, GalleryError, NotFound, Unprocessable
from gallery.keys import Kind

log = logging.getLogger(__name__)

PUT_SECONDS = 900
"""How long a body may be put, and then how long it waits. What is announced and not put counts
nowhere, so the first is short."""
WAIT_SECONDS = 86_400
_PLACE = f"{TEMPORARY}uploads/"
_PIECE = 8 << 20


@dataclass(frozen=True, slots=True)
class Ticket:
    """An announced body, and the image that it is to become. ``at`` is when it was announced
    (microseconds), and the image's time: a repeat finds it in the folder of the same day."""

    owner: str
    id: str
    kind: Kind
    name: str | None
    at: int
    size: int
    mime: str
    sha256: str

    @property
    def key(self) -> str:
        """Where its body waits. No owner's name has a dot in it."""
        return f"{_PLACE}{self.owner}.{self.id}"

    @property
    def body(self) -> Expected:
        return Expected(self.size, self.mime, self.sha256)


def signed(ticket: Ticket, signer: TimestampSigner) -> str:
    return signer.sign(base64_encode(orjson.dumps(ticket))).decode()


def verified(text: str, signer: TimestampSigner, seconds: int) -> Ticket:
    """The ticket that was signed here in the last so many seconds. Raises NotFound."""
    try:
        return Ticket(**orjson.loads(base64_decode(signer.unsign(text, max_age=seconds))))
    except (BadData, ValueError, TypeError) as error:
        raise unknown() from error


def unknown() -> NotFound:
    """As for whoever has no business with it."""
    return NotFound("There is no such upload, or it is too old", code="unknown_upload")


def mismatch(what: str) -> Unprocessable:
    return Unprocessable(f"Another {what} came than was announced", code="upload_mismatch")


class Landing:
    """Where the bodies of one library wait."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def presigned(self, ticket: Ticket) -> Presigned | None:
        """Where the body can be put without the server; None where it can't."""
        if not isinstance(self._blobs, SentTo):
            return None
        return self._blobs.presigned_put(ticket.key, ticket.body, PUT_SECONDS)

    def has(self, ticket: Ticket) -> bool:
        return is_there(self._blobs, ticket.key)

    def put(self, ticket: Ticket, spool: Spool) -> None:
        """Keeps a body that came by way of the server. Raises Unprocessable when it is not
        the one that was announced."""
        _compare(ticket, spool)
        spool.sync()
        self._blobs.put(ticket.key, spool)

    def fetch(self, ticket: Ticket) -> Spool:
        """A local copy of what was put, hashed on the way. Raises Conflict when nothing was.
        What is not the one that was announced is removed, which raises Unprocessable."""
        spool = self._blobs.spool()
        try:
            self._copy(ticket, spool)
            _compare(ticket, spool)
        except Unprocessable as error:
            spool.discard()
            log.info("removed %s: %s", ticket.key, error)
            self._blobs.delete(ticket.key)
            raise
        except BaseException:
            spool.discard()
            raise
        return spool

    def _copy(self, ticket: Ticket, spool: Spool) -> None:
        """However large the thing is that lies there, no more of it than was announced."""
        try:
            if self._blobs.stat(ticket.key).size != ticket.size:
                raise mismatch("number of bytes")
            while left := ticket.size - spool.size:
                if not (data := self._blobs.read(ticket.key, spool.size, min(left, _PIECE))):
                    break
                spool.write(data)
        except NotFound as error:
            raise Conflict("Nothing was put there", code="not_uploaded") from error

    def clear(self, ticket: Ticket) -> None:
        """What cannot be removed now is removed when it is old: no reason to fail."""
        try:
            self._blobs.delete(ticket.key)
        except GalleryError as error:
            log.warning("%s: left until it is a day old: %s", ticket.key, error)

    def waiting(self, owner: str) -> list[int]:
        """The sizes of the owner's bodies that wait."""
        sizes = []
        for found in self._blobs.list(f"{_PLACE}{owner}."):
            with suppress(NotFound):
                sizes.append(found.size)
        return sizes

    def sweep(self) -> None:
        """Removes what has waited for a day. Whoever has a URL can put to it again and again:
        of that only the last is kept."""
        due = time.time() - WAIT_SECONDS
        for found in list(self._blobs.list(_PLACE)):
            with suppress(NotFound):
                if found.mtime_ns / 1e9 < due:
                    self._blobs.delete(found.key)
                    log.info("removed %s, which was never confirmed", found.key)
        if isinstance(self._blobs, Versioned):
            self._blobs.erase_hidden(_PLACE)


def _compare(ticket: Ticket, spool: Spool) -> None:
    if spool.size != ticket.size:
        raise mismatch("number of bytes")
    if spool.sha256 != ticket.sha256:
        raise mismatch("sha256")
