"""How answers look: JSON, problems, and one path for the bytes of images."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import Response
from starlette.types import Scope, Send

from gallery import keys
from gallery.blobs import LocalFiles
from gallery.catalog import Immediate
from gallery.errors import GalleryError, NotFound, Unavailable, storage
from gallery.identity import Identity
from gallery.library import Library
from gallery.records import Record
from gallery.threads import Threads

Headers = list[tuple[bytes, bytes]]
CHUNK = 1 << 20
HOT_BYTES = 256 << 10
"""Thumbnails larger than this are not kept in memory."""
_GUARD: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"accept-ranges", b"bytes"),
]
_FOR_EVER = (b"cache-control", b"private, max-age=31536000, immutable")
_FOR_A_DAY = (b"cache-control", b"private, max-age=86400")
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)


def json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON; ``bytes`` are sent as they are."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Response(body, status, headers, "application/json")


def problem(error: GalleryError) -> Response:
    """The answer that an error gives, after RFC 9457."""
    content = {
        "type": f"urn:gallery:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail or error.title,
    }
    headers = {"cache-control": "no-store"}
    if isinstance(error, Unavailable):
        # The detail names files: it is for the log.
        content["detail"] = error.title
        headers["retry-after"] = str(error.retry_after)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status in (408, 413):
        headers["connection"] = "close"
    return Response(orjson.dumps(content), error.status, headers, "application/problem+json")


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of the bytes under a key. ``body`` is there for thumbnails."""

    owner: str
    id: str
    size: int
    etag: bytes
    headers: Headers
    name: str
    body: bytes | None


class Bytes:
    """``GET /outputs/{key}``: originals and thumbnails, for their owner and administrators.

    Only what the catalog knows is served, whatever lies on the disk. Thumbnails, and what
    is known of originals, are kept in memory, at most ``memory_bytes`` of them, until
    their image changes.
    """

    def __init__(
        self,
        library: Library,
        identity: Identity,
        threads: Threads,
        *,
        memory_bytes: int,
        accel_prefix: str | None = None,
    ) -> None:
        self._library = library
        self._identity = identity
        self._threads = threads
        self._accel = accel_prefix
        self._hot: OrderedDict[str, Served] = OrderedDict()
        self._by_image: dict[tuple[str, str], set[str]] = {}
        self._bytes = 0
        self._memory_bytes = memory_bytes
        self._catalog = library.catalog
        self._lock = threading.Lock()
        self._changes = 0

    # -- what is held in memory -------------------------------------------------------------

    def forget(self, owner: str, id: str) -> None:
        """An image changed; with two empty strings, any may have. From any thread."""
        with self._lock:
            self._changes += 1
            if owner:
                self._evict((owner, id))
            else:
                self._hot.clear()
                self._by_image.clear()
                self._bytes = 0

    def _evict(self, image: tuple[str, str]) -> None:
        for key in self._by_image.pop(image, ()):
            self._bytes -= _weight(self._hot.pop(key))

    def _keep(self, key: str, served: Served, changes: int) -> None:
        with self._lock:
            if changes != self._changes or key in self._hot:
                return  # it may be about an image that is gone since
            self._hot[key] = served
            self._by_image.setdefault((served.owner, served.id), set()).add(key)
            self._bytes += _weight(served)
            while self._bytes > self._memory_bytes:
                oldest = next(iter(self._hot.values()))
                self._evict((oldest.owner, oldest.id))

    async def _find(self, key: str, scope: Scope) -> Served:
        served = self._hot.get(key)
        fresh = isinstance(self._catalog, Immediate) and self._catalog.fresh()
        if served is None or not fresh:
            self._authorize(keys_owner(key), scope)
            served = await self._threads.read(self._look_up, key)
        return served

    def _look_up(self, key: str) -> Served:
        parsed = keys.parse(key)
        if parsed is None or parsed.role not in ("image", "thumb"):
            raise NotFound("There is no such image", code="unknown_image")
        owner, changes = parsed.folder.owner, self._changes
        entry = self._library.asked(
            lambda: self._catalog.get(owner, parsed.id, parsed.folder.month)
        )
        record = entry.record if entry else None
        if record is None or key not in (record.image, record.thumb):
            raise NotFound("There is no such image", code="unknown_image")
        if (served := self._hot.get(key)) is not None:
            return served
        served = self._thumb(record) if key == record.thumb else self._original(record)
        if served.body is None or served.size <= HOT_BYTES:
            self._keep(key, served, changes)
        return served

    def _thumb(self, record: Record) -> Served:
        body = self._library.thumbnail(record)
        etag = b'"%b"' % hashlib.sha256(body).hexdigest().encode()
        name = f"{record.id}.webp"
        return _served(record, len(body), etag, b"image/webp", _FOR_A_DAY, name, body)

    def _original(self, record: Record) -> Served:
        size = self._library.blobs.stat(record.image).size
        # A file of another size isn't what the hash was taken of: damaged, but shown.
        etag = b'"%b"' % (record.sha256 if size == record.bytes else f"size-{size}").encode()
        name = record.original_filename or f"{record.id}.{keys.EXT_OF[record.mime]}"
        return _served(record, size, etag, record.mime.encode(), _FOR_EVER, name, None)

    # -- answering --------------------------------------------------------------------------

    def _authorize(self, owner: str, scope: Scope) -> None:
        visitor = self._identity.visitor(scope["headers"])
        if visitor is None or visitor.owner != owner:
            if self._identity.role(scope["headers"]) == "admin":
                return
            raise NotFound("There is no such image", code="unknown_image")

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Raises GalleryError before anything was sent."""
        key = scope["path"][9:]
        served = await self._find(key, scope)
        self._authorize(served.owner, scope)
        wants = _wants(scope["headers"])
        head = [*served.headers]
        if scope["query_string"] and b"download=1" in scope["query_string"].split(b"&"):
            head.append((b"content-disposition", _attachment(served.name)))
        if (match := wants.get(b"if-none-match")) and _names(match, served.etag):
            await _send(send, 304, head, b"")
            return
        span = _span(wants, served)
        if span is None:
            length = (b"content-range", b"bytes */%d" % served.size)
            await _send(send, 416, [*head, length, (b"content-length", b"0")], b"")
            return
        start, end = span
        status = 200
        if end - start != served.size or (b"range" in wants and _ranged(wants, served)):
            status = 206
            head.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, served.size)))
        head.append((b"content-length", b"%d" % (end - start)))
        if scope["method"] == "HEAD":
            await _send(send, status, head, b"")
        elif served.body is not None:
            await _send(send, status, head, served.body[start:end])
        else:
            await self._send_original(send, key, status, head, start, end)

    async def _send_original(
        self, send: Send, key: str, status: int, head: Headers, start: int, end: int
    ) -> None:
        blobs = self._library.blobs
        if not isinstance(blobs, LocalFiles):
            body = await self._threads.read(blobs.read, key, start, end - start)
            await _send(send, status, head, body)
            return
        fd = await self._threads.read(blobs.open, key)
        try:
            if self._accel is not None and status == 200:
                kept = [pair for pair in head if pair[0] != b"content-length"]
                path = (self._accel.rstrip("/") + "/" + key).encode()
                await _send(send, status, [*kept, (b"x-accel-redirect", path)], b"")
                return
            await send({"type": "http.response.start", "status": status, "headers": head})
            while start < end:
                data = await self._pread(fd, min(CHUNK, end - start), start, key)
                start += len(data)
                more = start < end
                await send({"type": "http.response.body", "body": data, "more_body": more})
        finally:
            os.close(fd)

    async def _pread(self, fd: int, size: int, offset: int, key: str) -> bytes:
        """From the page cache without leaving the loop; from the disk in a thread."""
        if _NOWAIT:
            buffer = bytearray(size)
            try:
                if read := os.preadv(fd, [buffer], offset, _NOWAIT):
                    return bytes(buffer[:read]) if read < size else bytes(buffer)
            except OSError:  # not in the cache, or not on this file system
                pass
        with storage(key):
            data = await self._threads.read(os.pread, fd, size, offset)
        if not data:
            raise Unavailable(f"{key} became shorter while it was sent")
        return data


def keys_owner(key: str) -> str:
    """The owner that a key names, as far as that can be told without parsing it all."""
    return key.split("/", 2)[1] if key.startswith("users/") else ""


def _served(
    record: Record,
    size: int,
    etag: bytes,
    mime: bytes,
    caching: tuple[bytes, bytes],
    name: str,
    body: bytes | None,
) -> Served:
    headers = [(b"content-type", mime), (b"etag", etag), caching, *_GUARD]
    return Served(record.owner, record.id, size, etag, headers, name, body)


def _weight(served: Served) -> int:
    return 1_500 + (served.size if served.body is not None else 0)


def _wants(headers: Headers) -> dict[bytes, bytes]:
    wanted = (b"if-none-match", b"range", b"if-range")
    return {name: value for name, value in headers if name in wanted}


def _names(header: bytes, etag: bytes) -> bool:
    tags = [tag.strip().removeprefix(b"W/") for tag in header.split(b",")]
    return etag in tags or tags == [b"*"]


def _ranged(wants: dict[bytes, bytes], served: Served) -> bool:
    return wants.get(b"if-range", served.etag) == served.etag


def _span(wants: dict[bytes, bytes], served: Served) -> tuple[int, int] | None:
    """The bytes that are asked for; None when there are none such. One range is served;
    of several, or of what isn't a range, the whole."""
    whole = (0, served.size)
    header = wants.get(b"range")
    if header is None or not _ranged(wants, served):
        return whole
    unit, _, spec = header.partition(b"=")
    first, dash, last = spec.strip().partition(b"-")
    if unit.strip().lower() != b"bytes" or not dash or not (first + last).isdigit():
        wants.pop(b"range")
        return whole
    if not first:
        length = int(last)
        return (max(0, served.size - length), served.size) if length and served.size else None
    start = int(first)
    end = min(int(last) + 1, served.size) if last else served.size
    if last and int(last) < start:
        wants.pop(b"range")
        return whole
    return (start, end) if start < served.size else None


def _attachment(name: str) -> bytes:
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\/%' else "_" for c in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
