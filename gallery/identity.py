"""Who is asking: a signed cookie for visitors, a bearer token for the two roles.

A cookie is an owner, a time and a signature. What cannot be verified, or is too old, is
nobody, and nobody gets a fresh identity where one is issued; never somebody else's.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from itsdangerous import BadSignature, TimestampSigner

from gallery import keys
from gallery.blobs import BlobStore
from gallery.catalog import Catalog, KeepsKeys
from gallery.errors import Forbidden, Unauthorized, Unavailable

COOKIE = "anon_id"
MAX_AGE = 400 * 86_400
"""Seconds a cookie lives: the longest that browsers keep one."""
RENEW_AFTER = 86_400
_REMEMBERED = 4_096
_REMEMBERED_BYTES = 1_024
Role = Literal["admin", "service"]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """An owner as a cookie names them; ``issued`` is when it was signed (seconds)."""

    owner: str
    issued: float


def signing_keys(blobs: BlobStore, catalog: Catalog) -> list[str]:
    """The library's, newest first. Those that were made with the images are copied to a catalog
    that keeps keys, and are its backup from then on. Raises Unavailable."""
    if not isinstance(catalog, KeepsKeys):
        return blobs.secret()
    return catalog.signing_keys() or catalog.keep_signing_keys(blobs.secret())


class Identity:
    """Signs and verifies cookies, and knows the tokens.

    ``secrets`` gives the signing keys, newest first; ``open`` asks for them, as often as it
    takes until the volume that holds them is there.
    """

    def __init__(
        self,
        secrets: Callable[[], list[str]],
        *,
        admin_token: str | None = None,
        service_token: str | None = None,
        public_origin: str | None = None,
        clock: Callable[[], float],
    ) -> None:
        self._secrets = secrets
        tokens: list[tuple[Role, str | None]] = [("admin", admin_token), ("service", service_token)]
        self._tokens = [(role, token.encode()) for role, token in tokens if token]
        self._public_origin = public_origin
        self._clock = clock
        self._known: dict[bytes, Visitor] = {}
        self._keys: list[str] = []

    def open(self) -> None:
        """Reads the keys; blocks. Raises GalleryError when they are not there."""
        # itsdangerous signs with the last of its keys.
        self._keys = self._secrets()[::-1]
        if not self._keys:
            raise Unavailable("there is no key to sign with")

    @property
    def is_open(self) -> bool:
        return bool(self._keys)

    def signer(self, purpose: str) -> TimestampSigner:
        """What it signs is good for this purpose alone. Raises Unavailable before the keys
        are there, when everybody would be nobody."""
        if not self._keys:
            raise Unavailable("the keys that sign are not there")
        return TimestampSigner(self._keys, salt=f"gallery.{purpose}")

    # -- cookies --------------------------------------------------------------------------

    def visitor(self, headers: Headers) -> Visitor | None:
        """Whom the request's cookie names, or None. What was verified once is remembered."""
        for name, value in headers:
            if name == b"cookie":
                found = self._known.get(value) or self._verified(value)
                if found and self._clock() - found.issued > MAX_AGE:
                    return None
                return found
        return None

    def _verified(self, header: bytes) -> Visitor | None:
        """Only what verified is remembered, and only of a sane size: strangers may send
        anything."""
        found = self._verify(header)
        if found and len(header) <= _REMEMBERED_BYTES:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[header] = found
        return found

    def _verify(self, header: bytes) -> Visitor | None:
        signer = self.signer(COOKIE)
        for part in header.decode("latin-1").split(";"):
            name, _, value = part.strip().partition("=")
            if name != COOKIE:
                continue
            try:
                owner, issued = signer.unsign(value, max_age=MAX_AGE, return_timestamp=True)
            except BadSignature:
                continue
            text = owner.decode("latin-1")
            if keys.is_owner(text):
                return Visitor(text, issued.timestamp())
        return None

    def cookie(self, owner: str, *, secure: bool) -> bytes:
        """The Set-Cookie header that makes a browser this owner."""
        value = self.signer(COOKIE).sign(owner).decode()
        attributes = f"Max-Age={MAX_AGE}; Path=/; HttpOnly; SameSite=Lax"
        return f"{COOKIE}={value}; {attributes}{'; Secure' if secure else ''}".encode()

    def wants_renewal(self, visitor: Visitor) -> bool:
        return self._clock() - visitor.issued > RENEW_AFTER

    # -- tokens ---------------------------------------------------------------------------

    def role(self, headers: Headers) -> Role | None:
        """The role of the request's bearer token; None without one (a password in that
        header is for a proxy in front). Raises Unauthorized for a token that is no role's."""
        scheme, _, token = (_header(headers, b"authorization") or b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        for role, known in self._tokens:
            if hmac.compare_digest(token.strip(), known):
                return role
        raise Unauthorized("This token is not valid", code="bad_token")

    def require(self, headers: Headers, role: Role) -> None:
        """Raises Unauthorized without a token, Forbidden when its role is not enough."""
        have = self.role(headers)
        if have is None:
            raise Unauthorized("This needs a bearer token", code="token_missing")
        if have not in (role, "admin"):
            raise Forbidden(f"This needs the role {role}", code="wrong_role")

    # -- origins --------------------------------------------------------------------------

    def check_origin(self, headers: Headers) -> None:
        """Refuses a change that a foreign page asked for. Raises Forbidden."""
        if (_header(headers, b"authorization") or b"").lower().startswith(b"bearer "):
            return  # no browser sends a token by itself, as it does a cookie or a password
        origin = _header(headers, b"origin")
        if origin is None:
            site = _header(headers, b"sec-fetch-site")
            if site in (None, b"same-origin", b"none"):
                return
        elif self._is_own(origin.decode("latin-1").lower(), headers):
            return
        raise Forbidden("Changes are only taken from this site's own pages", code="foreign_origin")

    def _is_own(self, origin: str, headers: Headers) -> bool:
        if self._public_origin is not None:
            return origin == self._public_origin
        host = (_header(headers, b"host") or b"").decode("latin-1").lower()
        return bool(host) and origin in (f"http://{host}", f"https://{host}")


def _header(headers: Headers, name: bytes) -> bytes | None:
    return next((value for key, value in headers if key == name), None)
