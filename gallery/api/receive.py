"""The body of an upload: parsed as it streams, hashed and written to a file in threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import multipart
from starlette.requests import ClientDisconnect, Request

from gallery.blobs import BlobStore, Spool
from gallery.errors import BadRequest, Timeout, TooLarge, UnsupportedImage, storage
from gallery.threads import Threads

BATCH = 1 << 20
SLACK = 1 << 20
"""Bytes of a body that may be there beside the file: fields and boundaries."""
FIELD_BYTES = 256 << 10
MAX_PARTS = 8
_MAX_NAME = 255


@dataclass(slots=True)
class Received:
    """An upload as it came in: the file, its name, and the fields beside it."""

    spool: Spool
    fields: dict[str, bytes] = field(default_factory=dict)
    filename: str | None = None
    has_file: bool = False


@asynccontextmanager
async def received(
    request: Request, blobs: BlobStore, threads: Threads, *, max_bytes: int, pause: float
) -> AsyncIterator[Received]:
    """The request's body, read to its end; ``pause`` is the longest wait within (seconds).
    Its file is gone afterwards, unless the library took it. Raises a GalleryError as soon
    as something is wrong, and then the rest of the body is not read."""
    check_size(request, max_bytes)
    boundary = _boundary(request)
    await threads.read(blobs.room, 0)
    spool = await threads.write(blobs.spool)
    try:
        found = Received(spool)
        await _read(request, boundary, _Reader(found, max_bytes), threads, pause)
        if not found.has_file:
            raise BadRequest("There is no part named file", code="file_missing")
        yield found
    finally:
        await threads.write(spool.discard)


def check_size(request: Request, max_bytes: int) -> None:
    """Refuses a body that says it is too large before any of it is read."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes + SLACK:
        raise TooLarge(f"An image may have {max_bytes} bytes", code="body_too_large")


def _boundary(request: Request) -> str:
    kind, options = multipart.parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise UnsupportedImage(
            "Send multipart/form-data with a part named file", code="not_multipart"
        )
    return str(options["boundary"])


async def _read(
    request: Request, boundary: str, reader: _Reader, threads: Threads, pause: float
) -> None:
    """Parses on the loop what comes, while a thread writes what came before."""
    writing: asyncio.Future[None] | None = None
    try:
        parser = multipart.PushMultipartParser(boundary, max_segment_count=MAX_PARTS)
        async for chunk in _chunks(request, pause):
            reader.take(parser.parse(chunk))
            if len(reader.pending) >= BATCH:
                if writing:
                    await writing
                writing = asyncio.ensure_future(threads.write(_write, reader.spool, reader.batch()))
        if writing:
            await writing
        parser.close()
        await threads.write(_write, reader.spool, reader.batch())
    except multipart.ParserLimitReached as error:
        raise BadRequest(f"Too many parts or headers: {error}", code="too_many_parts") from error
    except (multipart.MultipartError, ValueError) as error:
        raise BadRequest(f"Not a whole multipart body: {error}", code="bad_body") from error
    finally:
        if writing:
            await asyncio.wait([writing])


async def _chunks(request: Request, pause: float) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(pause):
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise Timeout(f"Nothing came for {pause:g} seconds") from error
        except ClientDisconnect as error:
            raise BadRequest("The body was not sent whole", code="bad_body") from error
        if chunk is None:
            return
        if chunk:
            yield chunk


def _write(spool: Spool, data: bytearray) -> None:
    with storage("an upload"):
        spool.write(data)


class _Reader:
    """Sorts what the parser finds: the file's bytes wait in ``pending`` to be written."""

    def __init__(self, found: Received, max_bytes: int) -> None:
        self.spool = found.spool
        self.pending = bytearray()
        self._found = found
        self._max_bytes = max_bytes
        self._size = 0
        self._part = ""

    def batch(self) -> bytearray:
        """What waits, to be written now."""
        data, self.pending = self.pending, bytearray()
        return data

    def take(self, events: Iterable[multipart.MultipartSegment | bytearray | bytes | None]) -> None:
        for event in events:
            if isinstance(event, multipart.MultipartSegment):
                self._begin(event.name or "", event.filename)
            elif event:
                self._add(event)

    def _begin(self, name: str, filename: str | None) -> None:
        again = self._found.has_file if name == "file" else name in self._found.fields
        if name not in ("file", "meta", "owner") or again:
            raise BadRequest(f"An unexpected or second part: {name[:50]!r}", code="unexpected_part")
        self._part = name
        if name == "file":
            self._found.has_file, self._found.filename = True, _base_name(filename)
        else:
            self._found.fields[name] = b""

    def _add(self, data: bytearray | bytes) -> None:
        if self._part == "file":
            self._size += len(data)
            if self._size > self._max_bytes:
                raise TooLarge(f"An image may have {self._max_bytes} bytes", code="body_too_large")
            self.pending += data
            return
        value = self._found.fields[self._part] + data
        if len(value) > FIELD_BYTES:
            raise TooLarge(f"{self._part} may have {FIELD_BYTES} bytes", code="field_too_large")
        self._found.fields[self._part] = value


def _base_name(name: str | None) -> str | None:
    """The file's own name, without folders and control characters. It is only shown."""
    if not name:
        return None
    last = name.replace("\\", "/").rpartition("/")[2]
    return (
        "".join(c for c in last if c.isprintable()).encode("utf-8", "replace").decode()[:_MAX_NAME]
    )
