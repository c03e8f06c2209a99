"""The body of an upload: read as it streams, hashed and written to a file in threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import multipart
from starlette.requests import Request
from starlette.types import Receive

from gallery.blobs import BlobStore
from gallery.blobs.incoming import Spool
from gallery.draft import shown_name
from gallery.errors import BadRequest, Timeout, TooLarge, UnsupportedBody
from gallery.threads import Threads

BATCH = 1 << 20
SLACK = 1 << 20
"""Bytes of a body that may be there beside the file: fields and boundaries."""
SLOWEST = 16 << 10
"""Bytes a second: who sends fewer, however steadily, is given up."""
FIELD_BYTES = 256 << 10
MAX_PARTS = 8


@dataclass(frozen=True, slots=True)
class Received:
    """An upload as it came in: the file, its name, and the fields beside it."""

    spool: Spool
    filename: str | None
    fields: dict[str, bytes]


@asynccontextmanager
async def received(
    request: Request, blobs: BlobStore, threads: Threads, *, max_bytes: int, pause: float
) -> AsyncIterator[Received]:
    """The request's body, read to its end; ``pause`` is the longest wait within (seconds).
    Its file is gone afterwards, unless the library took it. Raises a GalleryError as soon
    as something is wrong, and then the rest of the body is not read."""
    check_size(request, max_bytes)
    reader = _Reader(blobs, _boundary(request), max_bytes)
    try:
        try:
            await _read(request, reader.take, threads, pause)
        except multipart.ParserLimitReached as error:
            raise BadRequest(
                f"Too many parts or headers: {error}", code="too_many_parts"
            ) from error
        except (multipart.MultipartError, ValueError) as error:
            raise BadRequest(f"Not a whole multipart body: {error}", code="bad_body") from error
        yield reader.received()
    finally:
        if reader.spool and not reader.spool.taken:
            await threads.write(reader.spool.discard)


@asynccontextmanager
async def received_raw(
    request: Request, blobs: BlobStore, threads: Threads, *, size: int, pause: float
) -> AsyncIterator[Spool]:
    """Likewise, where the body is the file and nothing else, of this size or smaller."""
    too_large = TooLarge(f"{size} bytes were announced", code="body_too_large")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > size:
        raise too_large

    def take(batch: list[bytes]) -> None:
        data = b"".join(batch)
        if spool.size + len(data) > size:
            raise too_large
        spool.write(data)

    spool = await threads.write(blobs.spool)
    try:
        await _read(request, take, threads, pause)
        yield spool
    finally:
        if not spool.taken:
            await threads.write(spool.discard)


def check_size(request: Request, max_bytes: int) -> None:
    """Refuses a body that says it is too large before any of it is read."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes + SLACK:
        raise TooLarge(f"An image may have {max_bytes} bytes", code="body_too_large")


def _boundary(request: Request) -> str:
    kind, options = multipart.parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise UnsupportedBody("Send multipart/form-data with a part named file")
    return str(options["boundary"])


async def _read(
    request: Request, take: Callable[[list[bytes]], None], threads: Threads, pause: float
) -> None:
    """Collects what comes, while a thread takes what came before."""
    taking: asyncio.Future[None] | None = None
    try:
        async for batch in _batches(request, pause):
            if taking:
                await taking
            taking = asyncio.ensure_future(threads.write(take, batch))
        if taking:
            await taking
    finally:
        if taking:
            await asyncio.wait([taking])


async def _batches(request: Request, pause: float) -> AsyncIterator[list[bytes]]:
    """What comes, a megabyte at a time. The last batch ends with an empty chunk."""
    more = True
    while more:
        batch: list[bytes] = []
        try:
            async with asyncio.timeout(pause) as limit:
                more = await _fill(batch, request.receive, limit, pause)
        except TimeoutError as error:
            raise Timeout from error
        if not more:
            batch.append(b"")
        yield batch


async def _fill(batch: list[bytes], receive: Receive, limit: asyncio.Timeout, pause: float) -> bool:
    """Collects a megabyte, if there is so much; whether there is more."""
    now = asyncio.get_running_loop().time
    began = set_at = now()
    size = 0
    while size < BATCH:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The body was not sent whole", code="bad_body")
        if chunk := message.get("body"):
            batch.append(chunk)
            size += len(chunk)
        if not message.get("more_body"):
            return False
        # Setting a timer for every chunk would cost more than parsing it.
        if now() - set_at > pause / 8:
            set_at = now()
            limit.reschedule(pause + min(set_at, began + BATCH / SLOWEST))
    return True


class _Reader:
    """Sorts what the parser finds: the file's bytes go to the spool."""

    def __init__(self, blobs: BlobStore, boundary: str, max_bytes: int) -> None:
        self.spool: Spool | None = None
        self._blobs = blobs
        self._parser = multipart.PushMultipartParser(boundary, max_segment_count=MAX_PARTS)
        self._max_bytes = max_bytes
        self._part = ""
        self._filename: str | None = None
        self._fields: dict[str, bytes] = {}
        self._pieces: list[bytes | bytearray] = []
        self._size = 0

    def received(self) -> Received:
        """What came, at the end. Raises BadRequest when there was no file."""
        if self.spool is None:
            raise BadRequest("There is no part named file", code="file_missing")
        return Received(self.spool, self._filename, self._fields)

    def take(self, batch: list[bytes]) -> None:
        """Parses and writes; blocks. An empty chunk is the body's end. Raises GalleryError,
        and multipart's errors."""
        for chunk in batch:
            for event in self._parser.parse(chunk) if chunk else ():
                if isinstance(event, multipart.MultipartSegment):
                    self._begin(event.name or "", event.filename)
                elif event:
                    self._add(event)
        if self.spool:  # parsed while it was in the processor's cache, written at once
            self.spool.write(b"".join(self._pieces))
            self._pieces.clear()
        if not batch[-1]:
            self._parser.close()

    def _begin(self, name: str, filename: str | None) -> None:
        again = self.spool is not None if name == "file" else name in self._fields
        if name not in ("file", "meta", "owner") or again:
            raise BadRequest(f"An unexpected or second part: {name[:50]!r}", code="unexpected_part")
        self._part = name
        if name == "file":
            self._blobs.room(0)
            self.spool, self._filename = self._blobs.spool(), shown_name(filename)
        else:
            self._fields[name] = b""

    def _add(self, data: bytearray | bytes) -> None:
        if self._part == "file":
            self._size += len(data)
            if self._size > self._max_bytes:
                raise TooLarge(f"An image may have {self._max_bytes} bytes", code="body_too_large")
            self._pieces.append(data)
            return
        value = self._fields[self._part] + data
        if len(value) > FIELD_BYTES:
            raise TooLarge(f"{self._part} may have {FIELD_BYTES} bytes", code="field_too_large")
        self._fields[self._part] = value
