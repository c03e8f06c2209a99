"""``GET /outputs/{key}``: the one path on which the bytes of images leave."""

from __future__ import annotations

from starlette.types import Scope, Send

from gallery import keys
from gallery.api.ranges import Wants, names, part_of, wants_of
from gallery.api.redirects import Redirects, headers_to, purpose_of
from gallery.api.sending import Originals, send_whole
from gallery.api.served import Headers, Known, Served
from gallery.catalog import Immediate
from gallery.errors import NotFound
from gallery.identity import Identity
from gallery.library import Library
from gallery.threads import Threads


class Bytes:
    """``GET /outputs/{key}``: originals and thumbnails, for their owner and administrators.

    Only what the catalog knows is served, whatever lies on the disk. What is known of it is
    remembered, in at most ``memory_bytes``. With ``redirects`` a visitor is sent to where the
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
        redirects: Redirects | None = None,
    ) -> None:
        self._identity = identity
        self._redirects = redirects
        self._threads = threads
        self._known = Known(library, memory_bytes)
        self._originals = Originals(library, threads, accel_prefix)
        # Asked once: looking for a protocol's methods takes longer than serving a thumbnail.
        self._immediate = library.catalog if isinstance(library.catalog, Immediate) else None

    def forget(self, owner: str, id: str) -> None:
        """An image changed; with two empty strings, any may have. From any thread."""
        self._known.forget(owner, id)
        if self._redirects:
            self._redirects.forget(owner, id)

    async def __call__(self, scope: Scope, send: Send) -> int:
        """Answers, and gives the status. Raises GalleryError before anything was sent."""
        key, wants = scope["path"][9:], wants_of(scope["headers"])
        if self._redirects and scope["method"] == "GET" and b"if-none-match" not in wants:
            self._authorize(_owner_in(key), scope)
            link = await self._redirects.find(key, scope["query_string"])
            if link is not None:
                return await send_whole(send, 302, headers_to(link), b"")
        served = await self._find(key, scope)
        self._authorize(served.owner, scope)
        head = served.headers
        if purpose_of(scope["query_string"]) == "download":
            head = [*head, (b"content-disposition", served.attachment.encode())]
        if not wants and served.body is not None and scope["method"] == "GET":
            return await send_whole(send, 200, [*head, served.length], served.body)
        if (match := wants.get(b"if-none-match")) and names(match, served.etag):
            return await send_whole(send, 304, head, b"")
        return await self._send_part(scope["method"], key, served, head, wants, send)

    async def _find(self, key: str, scope: Scope) -> Served:
        # Asked first: what is found in memory after that is as new as the answer.
        fresh = self._immediate is not None and self._immediate.fresh()
        served = self._known.get(key) if fresh else None
        if served is None:
            self._authorize(_owner_in(key), scope)
            served = await self._threads.fetch(self._known.look_up, key)
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
        try:
            return await self._originals.send(send, key, status, head, start, end)
        except NotFound:
            if (body := (await self._again(key, served)).body) is None:
                raise
        return await send_whole(send, status, head, body[start:end])

    async def _again(self, key: str, served: Served) -> Served:
        """Looked up once more: what is remembered of it is no longer so."""
        if parsed := keys.parse(key):
            self._known.forget(served.owner, parsed.id)
        return await self._threads.fetch(self._known.look_up, key)


def _owner_in(key: str) -> str:
    """The owner that a key names, as far as that can be told without parsing it all."""
    return key.split("/", 2)[1] if key.startswith("users/") else ""
