"""What is known of the bytes under a key: looked up once, and remembered for a while."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import quote

from gallery import keys
from gallery.errors import NotFound
from gallery.library import Library
from gallery.records import Record
from gallery.remembered import Memory

Headers = list[tuple[bytes, bytes]]
HOT_BYTES = 256 << 10
"""Thumbnails larger than this are not kept in memory."""
_GUARD: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"accept-ranges", b"bytes"),
]
_FOR_EVER = (b"cache-control", b"private, max-age=31536000, immutable")
_NOT_KEPT = (b"cache-control", b"no-store")
_FOR_A_DAY = (b"cache-control", b"private, max-age=86400")


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of the bytes under a key. ``body`` is there for thumbnails."""

    owner: str
    size: int
    etag: bytes
    headers: Headers
    attachment: str
    body: bytes | None
    length: tuple[bytes, bytes]


def record_at(library: Library, key: str) -> Record:
    """The record of the image whose original or thumbnail has this key. Raises NotFound for
    whatever else a key may name, and Unavailable."""
    parsed = keys.parse(key)
    if parsed is not None and parsed.role in ("image", "thumb"):
        owner, id, month = parsed.folder.owner, parsed.id, parsed.folder.month
        entry = library.healing.asked(lambda: library.catalog.get(owner, id, month))
        if entry is not None and key in (entry.record.image, entry.record.thumb):
            return entry.record
    raise NotFound("There is no such image", code="unknown_image")


def attachment(record: Record, key: str) -> str:
    """The Content-Disposition of a download, in ASCII."""
    name = f"{record.id}.{key.rpartition('.')[2]}"
    if key != record.thumb:
        name = record.original_filename or name
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\/%' else "_" for c in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


class Known:
    """Thumbnails, and what is known of originals, at most ``memory_bytes`` of them, until
    their image changes."""

    def __init__(self, library: Library, memory_bytes: int) -> None:
        self._library = library
        self._memory: Memory[Served] = Memory(memory_bytes)
        self.get = self._memory.get
        self.forget = self._memory.forget

    def look_up(self, key: str) -> Served:
        """What is so now; blocks. Raises NotFound and Unavailable."""
        changes = self._memory.changes
        record = record_at(self._library, key)
        if (served := self._memory.get(key)) is not None:
            return served
        served = self._thumb(record) if key == record.thumb else self._original(record)
        if served.body is None or served.size <= HOT_BYTES:
            image = record.owner, record.id
            self._memory.keep(key, image, served, _weight(served), changes)
        return served

    def _thumb(self, record: Record) -> Served:
        try:
            body = self._library.thumbnails.get(record)
        except NotFound:
            if self._library.fallback is None:
                raise
            body = self._library.fallback.thumbnail(record)
        etag = b'"%b"' % hashlib.sha256(body).hexdigest().encode()
        mime = keys.MIME_OF[record.thumb.rpartition(".")[2]].encode()
        return _served(record, record.thumb, len(body), etag, mime, _FOR_A_DAY, body)

    def _original(self, record: Record) -> Served:
        try:
            size = self._library.blobs.stat(record.image).size
        except NotFound:
            if self._library.fallback is None:
                raise
            return self._lost(record, self._library.fallback.original(record))
        etag, caching = b'"%b"' % record.sha256.encode(), _FOR_EVER
        if size != record.bytes:
            # Not what the hash was taken of: damaged, but shown; and perhaps mended one day.
            etag, caching = b'"size-%d"' % size, _NOT_KEPT
        return _served(record, record.image, size, etag, record.mime.encode(), caching, None)

    def _lost(self, record: Record, body: bytes) -> Served:
        etag = b'"%b"' % record.sha256.encode()
        mime = record.mime.encode()
        return _served(record, record.image, len(body), etag, mime, _FOR_EVER, body)


def _served(
    record: Record,
    key: str,
    size: int,
    etag: bytes,
    mime: bytes,
    caching: tuple[bytes, bytes],
    body: bytes | None,
) -> Served:
    headers = [(b"content-type", mime), (b"etag", etag), caching, *_GUARD]
    length = (b"content-length", b"%d" % size)
    named = attachment(record, key)
    return Served(record.owner, size, etag, headers, named, body, length)


def _weight(served: Served) -> int:
    return 1_500 + (served.size if served.body is not None else 0)
