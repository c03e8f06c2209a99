"""``GET /outputs/{key}``: the one path on which the bytes of images leave."""

from __future__ import annotations

from starlette.types import Scope, Send

from gallery.api.ranges import Wants, names, part_of, wants_of
from gallery.api.sending import Originals, send_whole
from gallery.api.served import Headers, Known, Served, attachment, record_at
from gallery.blobs import Purpose
from gallery.catalog import Immediate
from gallery.errors import NotFound
from gallery.identity import Identity
from gallery.library import Library
from gallery.links import Link, Links
from gallery.threads import Threads

_ASKED_AGAIN = 1800
"""Seconds that a redirect is kept at most: what it leads to may become void before its time,
with the key that signed it."""


class Bytes:
    """``GET /outputs/{key}``: originals and thumbnails, for their owner and administrators.

    Only what the catalog knows is served, whatever lies on the disk. What is known of it is
    remembered, in at most ``memory_bytes``. With ``links`` a visitor is sent to where the
    bytes are, if that can be done; HEAD and If-None-Match are answered here, since a signature
    is for GET alone, and the ``ETag`` is ours.
    """

    def __init__(
        self,
        library: Library,
        identity: Identity,
        threads: Threads,
        *,
        memory_bytes: int,
        accel_prefix: str | None = None,
        links: Links | None = None,
    ) -> None:
        self._library = library
        self._identity = identity
        self._links = links
        self._threads = threads
        self._known = Known(library, memory_bytes)
        self._originals = Originals(library, threads, accel_prefix)
        # Asked once: looking for a protocol's methods takes longer than serving a thumbnail.
        self._immediate = library.catalog if isinstance(library.catalog, Immediate) else None

    def forget(self, owner: str, id: str) -> None:
        """An image changed; with two empty strings, any may have. From any thread."""
        self._known.forget(owner, id)

    async def __call__(self, scope: Scope, send: Send) -> int:
        """Answers, and gives the status. Raises GalleryError before anything was sent."""
        key, wants = scope["path"][9:], wants_of(scope["headers"])
        purpose = purpose_of(scope["query_string"])
        if self._links and scope["method"] == "GET" and b"if-none-match" not in wants:
            self._authorize(_owner_in(key), scope)
            link = await self._threads.read(self._link, self._links, key, purpose)
            if link is not None:
                return await send_whole(send, 302, _redirect(link), b"")
        served = await self._find(key, scope)
        self._authorize(served.owner, scope)
        head = served.headers
        if purpose == "download":
            head = [*head, (b"content-disposition", served.attachment.encode())]
        if not wants and served.body is not None and scope["method"] == "GET":
            return await send_whole(send, 200, [*head, served.length], served.body)
        if (match := wants.get(b"if-none-match")) and names(match, served.etag):
            return await send_whole(send, 304, head, b"")
        return await self._send_part(scope["method"], key, served, head, wants, send)

    def _link(self, links: Links, key: str, purpose: Purpose) -> Link | None:
        record = record_at(self._library, key)
        name = attachment(record, key) if purpose == "download" else None
        return links.find(record, key, purpose, name)

    async def _find(self, key: str, scope: Scope) -> Served:
        # Asked first: what is found in memory after that is as new as the answer.
        fresh = self._immediate is not None and self._immediate.fresh()
        served = self._known.get(key) if fresh else None
        if served is None:
            self._authorize(_owner_in(key), scope)
            served = await self._threads.read(self._known.look_up, key)
        return served

    def _authorize(self, owner: str, scope: Scope) -> None:
        visitor = self._identity.visitor(scope["headers"])
        if visitor is None or visitor.owner != owner:
            if self._identity.role(scope["headers"]) == "admin":
                return
            raise NotFound("There is no such image", code="unknown_image")

    async def _send_part(
        self, method: str, key: str, served: Served, head: Headers, wants: Wants, send: Send
    ) -> int:
        status, start, end = part_of(wants, served.size, served.etag)
        if status == 416:
            head = [*head, (b"content-range", b"bytes */%d" % served.size)]
        elif status == 206:
            part = b"bytes %d-%d/%d" % (start, end - 1, served.size)
            head = [*head, (b"content-range", part)]
        head = [*head, (b"content-length", b"%d" % (end - start))]
        if method == "HEAD" or start == end:
            return await send_whole(send, status, head, b"")
        if served.body is not None:
            return await send_whole(send, status, head, served.body[start:end])
        return await self._originals.send(send, key, status, head, start, end)


def purpose_of(query: bytes) -> Purpose:
    """What the bytes are wanted for, as a query string says."""
    if not query:
        return "view"
    asked = query.split(b"&")
    return "download" if b"download=1" in asked else "embed" if b"embed=1" in asked else "view"


def _redirect(link: Link) -> Headers:
    """It is given again by the browser for as long as the link surely lives, and to the same
    visitor; where it leads to isn't told where it was found."""
    seconds = min(int(link.left) // 2, _ASKED_AGAIN)
    return [
        (b"location", link.url.encode()),
        (b"cache-control", b"private, max-age=%d" % seconds),
        (b"vary", b"cookie, authorization"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"0"),
    ]


def _owner_in(key: str) -> str:
    """The owner that a key names, as far as that can be told without parsing it all."""
    return key.split("/", 2)[1] if key.startswith("users/") else ""
