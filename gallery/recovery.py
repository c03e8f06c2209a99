"""Recovery links: what signs another browser in as the same owner.

A link's token is ``{owner}.{secret}``. Only the secret's hash is kept, in one object for each
owner who has links, beside the images: whatever is made again from these forgets no link, and
a backup of them has it. Who has the token is the owner, until the link is revoked.

    .gallery/links/{owner}.json
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Annotated, TypeVar

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from gallery import keys
from gallery.blobs import BlobStore
from gallery.blobs.abilities import LocalFiles
from gallery.errors import Conflict, Moved, NotFound, Unavailable
from gallery.library import Library
from gallery.records import to_text
from gallery.totals import Totals

log = logging.getLogger(__name__)

FOLDER = ".gallery/links/"
MOST = 20
"""Links that an owner may have."""
MAX_NAME = 100
_SECRET_BYTES = 24
_MAX_BYTES = 64 << 10
_Time = Annotated[int, Field(ge=0, lt=1 << 57)]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """Times are in microseconds; ``used_at`` is when it last signed somebody in."""

    id: str
    name: str | None
    made_at: _Time
    used_at: _Time | None
    sha256: str

    def fits(self, secret: str) -> bool:
        return hmac.compare_digest(self.sha256.encode(), _hash(secret).encode())

    def as_json(self) -> dict[str, object]:
        """For its owner."""
        return {
            "id": self.id,
            "name": self.name,
            "made_at": to_text(self.made_at),
            "used_at": None if self.used_at is None else to_text(self.used_at),
        }


_LINKS = TypeAdapter(list[Link])


class Recovery:
    """The links of a library. Methods block."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def links(self, owner: str) -> list[Link]:
        """Oldest first."""
        return read(self._library.blobs, owner)

    def make(self, owner: str, name: str | None) -> tuple[Link, str]:
        """A new link, and its token, which nobody can ask for again. Raises Conflict for who
        has no images, of whom nothing is kept, and beyond ``MOST``."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)

        def add(library: Library) -> Link:
            found = read(library.blobs, owner)
            if len(found) >= MOST:
                raise Conflict(f"There are {MOST} links: revoke one", code="too_many_links")
            link = Link(keys.new_id(), name, library.clock(), None, _hash(secret))
            _write(library, owner, [*found, link])
            return link

        whole = sum(self._library.catalog.totals(owner).values(), Totals())
        if not whole.active + whole.trash:
            raise Conflict("There is no image to come back to yet", code="nothing_to_recover")
        link = _locked(self._library, owner, add)
        log.info("made recovery link %s of %s", link.id, owner)
        return link, f"{owner}.{secret}"

    def revoke(self, owner: str, id: str) -> None:
        """From here on its token is worth nothing. Raises NotFound."""

        def remove(library: Library) -> None:
            found = read(library.blobs, owner)
            _write(library, owner, [link for link in found if link.id != id])

        if all(link.id != id for link in self.links(owner)):
            raise unknown()
        _locked(self._library, owner, remove)
        log.info("revoked recovery link %s of %s", id, owner)

    def owner_of(self, token: str) -> str:
        """Whom the token is good for. Raises NotFound, whatever is wrong with it."""
        owner, secret = _parts(token)
        _fitting(self.links(owner), secret)
        return owner

    def use(self, token: str) -> str:
        """The same, and notes that it was used."""
        owner, secret = _parts(token)
        _fitting(self.links(owner), secret)  # strangers with a wrong one wait for nobody

        def note(library: Library) -> Link:
            found = read(library.blobs, owner)
            used = _fitting(found, secret)
            after = replace(used, used_at=library.clock())
            _write(library, owner, [after if link == used else link for link in found])
            return used

        link = _locked(self._library, owner, note)
        log.info("recovery link %s signed somebody in as %s", link.id, owner)
        return owner


def _locked(library: Library, owner: str, act: Callable[[Library], T]) -> T:
    """Where the library lives, also when it has just moved."""
    try:
        return library.locked(owner, lambda: act(library))
    except Moved:
        there = library.elsewhere()
        if there is None:
            raise
        return _locked(there, owner, act)


def unknown() -> NotFound:
    return NotFound("There is no such link, or it was revoked", code="unknown_link")


def read(blobs: BlobStore, owner: str) -> list[Link]:
    """Raises Unavailable, also when they cannot be understood."""
    key = _key(owner)
    try:
        return decoded(blobs.read(key, 0, _MAX_BYTES))
    except NotFound:
        return []
    except ValidationError as error:
        raise Unavailable(f"{key} cannot be understood") from error


def decoded(raw: bytes) -> list[Link]:
    """Raises ValidationError."""
    return _LINKS.validate_json(raw)


def _write(library: Library, owner: str, links: list[Link]) -> None:
    """Not with a lock that was lost since they were read: a link may have been revoked."""
    library.catalog.check_lock(owner)
    put(library.blobs, _key(owner), orjson.dumps([asdict(link) for link in links]) + b"\n")


def put(blobs: BlobStore, key: str, body: bytes) -> None:
    """Durably: a link that was revoked must not come back."""
    spool = blobs.spool()
    try:
        spool.write(body)
        spool.sync()
        blobs.put(key, spool)
        if isinstance(blobs, LocalFiles):
            blobs.sync_folder(key)
    finally:
        spool.discard()


def _key(owner: str) -> str:
    return f"{FOLDER}{owner}.json"


def _parts(token: str) -> tuple[str, str]:
    owner, _, secret = token.partition(".")
    if not keys.is_owner(owner):
        raise unknown()
    return owner, secret


def _fitting(links: list[Link], secret: str) -> Link:
    """Compares with each of them, whichever it is."""
    fitting = [link for link in links if link.fits(secret)]
    if not fitting:
        raise unknown()
    return fitting[0]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
