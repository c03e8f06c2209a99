"""``GET /outputs/{key}``: the one path on which the bytes of images leave."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import quote

from starlette.types import Scope, Send

from gallery import keys
from gallery.blobs import LocalFiles
from gallery.catalog import Immediate
from gallery.errors import GalleryError, NotFound, Unavailable, storage
from gallery.identity import Identity
from gallery.library import Library
from gallery.records import Record
from gallery.threads import Threads

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]
Wants = dict[bytes, bytes]
CHUNK = 1 << 20
PIECE = 8 << 20
"""Each is a request where the store is another machine."""
_MAX_RANGE = 64
HOT_BYTES = 256 << 10
"""Thumbnails larger than this are not kept in memory."""
_WANTED = frozenset({b"if-none-match", b"range", b"if-range"})
_GUARD: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"accept-ranges", b"bytes"),
]
_FOR_EVER = (b"cache-control", b"private, max-age=31536000, immutable")
_NOT_KEPT = (b"cache-control", b"no-store")
_FOR_A_DAY = (b"cache-control", b"private, max-age=86400")
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)


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
    length: tuple[bytes, bytes]


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
        # Asked once: looking for a protocol's methods takes longer than serving a thumbnail.
        self._immediate = self._catalog if isinstance(self._catalog, Immediate) else None
        self._files = library.blobs if isinstance(library.blobs, LocalFiles) else None
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
        # Asked first: what is found in memory after that is as new as the answer.
        fresh = self._immediate is not None and self._immediate.fresh()
        served = self._hot.get(key) if fresh else None
        if served is None:
            self._authorize(keys_owner(key), scope)
            served = await self._threads.fetch(self._look_up, key)
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
        body = self._library.thumbnails.get(record)
        etag = b'"%b"' % hashlib.sha256(body).hexdigest().encode()
        ext = record.thumb.rpartition(".")[2]
        mime = keys.MIME_OF[ext].encode()
        return _served(record, len(body), etag, mime, _FOR_A_DAY, f"{record.id}.{ext}", body)

    def _original(self, record: Record) -> Served:
        size = self._library.blobs.stat(record.image).size
        etag, caching = b'"%b"' % record.sha256.encode(), _FOR_EVER
        if size != record.bytes:
            # Not what the hash was taken of: damaged, but shown; and perhaps mended one day.
            etag, caching = b'"size-%d"' % size, _NOT_KEPT
        name = record.original_filename or f"{record.id}.{keys.EXT_OF[record.mime]}"
        return _served(record, size, etag, record.mime.encode(), caching, name, None)

    # -- answering --------------------------------------------------------------------------

    def _authorize(self, owner: str, scope: Scope) -> None:
        visitor = self._identity.visitor(scope["headers"])
        if visitor is None or visitor.owner != owner:
            if self._identity.role(scope["headers"]) == "admin":
                return
            raise NotFound("There is no such image", code="unknown_image")

    async def __call__(self, scope: Scope, send: Send) -> int:
        """Answers, and gives the status. Raises GalleryError before anything was sent."""
        key = scope["path"][9:]
        served = await self._find(key, scope)
        self._authorize(served.owner, scope)
        wants = {name: value for name, value in scope["headers"] if name in _WANTED}
        head = served.headers
        if scope["query_string"] and b"download=1" in scope["query_string"].split(b"&"):
            head = [*head, (b"content-disposition", _attachment(served.name))]
        if not wants and served.body is not None and scope["method"] == "GET":
            return await _send(send, 200, [*head, served.length], served.body)
        if (match := wants.get(b"if-none-match")) and _names(match, served.etag):
            return await _send(send, 304, head, b"")
        return await self._send_span(scope["method"], key, served, head, wants, send)

    async def _send_span(
        self, method: str, key: str, served: Served, head: Headers, wants: Wants, send: Send
    ) -> int:
        status, start, end = 200, 0, served.size
        if b"range" in wants and wants.get(b"if-range", served.etag) == served.etag:
            status, start, end = span_of(wants[b"range"], served.size)
        if status == 416:
            head = [*head, (b"content-range", b"bytes */%d" % served.size)]
        elif status == 206:
            part = b"bytes %d-%d/%d" % (start, end - 1, served.size)
            head = [*head, (b"content-range", part)]
        head = [*head, (b"content-length", b"%d" % (end - start))]
        if method == "HEAD" or start == end:
            return await _send(send, status, head, b"")
        if served.body is not None:
            return await _send(send, status, head, served.body[start:end])
        return await self._send_original(send, key, status, head, start, end)

    async def _send_original(
        self, send: Send, key: str, status: int, head: Headers, start: int, end: int
    ) -> int:
        if self._files is None:
            return await self._send_pieces(send, key, status, head, start, end)
        if self._accel is not None and status == 200:
            kept = [pair for pair in head if pair[0] != b"content-length"]
            path = (self._accel.rstrip("/") + "/" + key).encode()
            return await _send(send, status, [*kept, (b"x-accel-redirect", path)], b"")
        fd = await self._threads.fetch(self._files.open, key)
        try:
            await send({"type": "http.response.start", "status": status, "headers": head})
            while start < end:
                data = await self._pread(fd, min(CHUNK, end - start), start, key)
                start += len(data)
                more = start < end
                await send({"type": "http.response.body", "body": data, "more_body": more})
        except GalleryError as error:
            # Too late for a problem: the server closes the connection of what ends early.
            log.warning("%s was cut short: %s", key, error)
        finally:
            os.close(fd)
        return status

    async def _send_pieces(
        self, send: Send, key: str, status: int, head: Headers, start: int, end: int
    ) -> int:
        """From a store whose objects are not files here: a piece in memory at a time."""
        data = await self._piece(key, start, end)
        await send({"type": "http.response.start", "status": status, "headers": head})
        try:
            while start + len(data) < end:
                start += len(data)
                await send({"type": "http.response.body", "body": data, "more_body": True})
                data = await self._piece(key, start, end)
        except GalleryError as error:
            log.warning("%s was cut short: %s", key, error)
            return status
        await send({"type": "http.response.body", "body": data})
        return status

    async def _piece(self, key: str, start: int, end: int) -> bytes:
        size = min(PIECE, end - start)
        data = await self._threads.fetch(self._library.blobs.read, key, start, size)
        if not data:
            raise Unavailable(f"{key} became shorter while it was sent")
        return data

    async def _pread(self, fd: int, size: int, offset: int, key: str) -> bytes | memoryview:
        """From the page cache without leaving the loop; from the disk in a thread."""
        if _NOWAIT:
            # Sent as it is: a copy into bytes would cost as much as reading.
            buffer = memoryview(bytearray(size))
            try:
                if read := os.preadv(fd, [buffer], offset, _NOWAIT):
                    return buffer[:read]
            except OSError:  # not in the cache, or not on this file system
                pass
        with storage(key):
            data = await self._threads.fetch(os.pread, fd, size, offset)
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
    length = (b"content-length", b"%d" % size)
    return Served(record.owner, record.id, size, etag, headers, name, body, length)


def _weight(served: Served) -> int:
    return 1_500 + (served.size if served.body is not None else 0)


def _names(header: bytes, etag: bytes) -> bool:
    tags = [tag.strip().removeprefix(b"W/") for tag in header.split(b",")]
    return etag in tags or tags == [b"*"]


def span_of(header: bytes, size: int) -> tuple[int, int, int]:
    """Status, start and end for a Range header, of ``size`` bytes: 206 with the bytes it
    asks for, 416 when there are none such, and 200 with all of them when it is to be
    ignored: what isn't a byte range (or of numbers beyond reason), and more than one."""
    unit, _, spec = header.partition(b"=")
    first, dash, last = spec.strip().partition(b"-")
    is_range = unit.strip().lower() == b"bytes" and dash and (first + last).isdigit()
    if not is_range or len(spec) > _MAX_RANGE:
        return 200, 0, size
    if not first:
        length = min(int(last), size)
        return (206, size - length, size) if length else (416, 0, 0)
    start = int(first)
    if last and int(last) < start:
        return 200, 0, size
    return (206, start, min(int(last) + 1, size) if last else size) if start < size else (416, 0, 0)


def _attachment(name: str) -> bytes:
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\/%' else "_" for c in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> int:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status
