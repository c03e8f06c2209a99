"""What the routes are given: the parts of a running server, wired in ``app``."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from gallery import keys
from gallery.identity import Identity, Visitor
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.links import Links
from gallery.settings import LOOPBACK, Settings
from gallery.threads import Threads

NOBODY = "-"
"""No owner's name begins with a dash."""


@dataclass(frozen=True, slots=True)
class Services:
    """Handed to the routes' constructors."""

    settings: Settings
    library: Library
    identity: Identity
    imaging: Imaging
    threads: Threads
    links: Links | None
    """None where the server sends all bytes itself."""

    def visitor(self, request: Request) -> Visitor | None:
        return self.identity.visitor(request.scope["headers"])

    def owner_or_nobody(self, request: Request) -> str:
        """The visitor's owner; for somebody without a cookie, a name that none can have."""
        visitor = self.visitor(request)
        return visitor.owner if visitor else NOBODY

    def require_admin(self, request: Request) -> None:
        """Raises Unauthorized and Forbidden."""
        self.identity.require(request.scope["headers"], "admin")

    def identify(self, request: Request) -> tuple[str, bytes | None]:
        """The visitor's owner, a fresh one for who has none, and the cookie to set if any."""
        visitor = self.visitor(request)
        single = self._single_owner(request)
        stays = visitor is not None and single in (None, visitor.owner)
        if visitor and stays and not self.identity.wants_renewal(visitor):
            return visitor.owner, None
        owner = visitor.owner if visitor and stays else single or keys.new_owner()
        return owner, self.identity.cookie(owner, secure=self.is_secure(request))

    def _single_owner(self, request: Request) -> str | None:
        """The owner that whoever sits at this machine is. A foreign page that had its name
        resolve to it, or somebody whom a proxy sends on, is a stranger."""
        forwarded = {*request.headers} & {"forwarded", "x-forwarded-for"}
        if forwarded or request.url.hostname not in LOOPBACK:
            return None
        return self.settings.single_owner

    def origin(self, request: Request) -> str:
        """Scheme, host and port that this site is known by."""
        return self.settings.public_origin or str(request.base_url).rstrip("/")

    def is_secure(self, request: Request) -> bool:
        origin = self.settings.public_origin
        return origin.startswith("https:") if origin else request.url.scheme == "https"


def set_cookie(response: Response, cookie: bytes | None) -> Response:
    """Adds the cookie, and keeps caches from keeping the answer."""
    if cookie is not None:
        response.raw_headers.append((b"set-cookie", cookie))
        response.headers["cache-control"] = "no-store"
    return response
