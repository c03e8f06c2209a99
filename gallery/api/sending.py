"""How the bytes of an original leave the server: from files here, from a store elsewhere, or
through a web server in front."""

from __future__ import annotations

import logging
import os

from starlette.types import Send

from gallery.api.served import Headers
from gallery.blobs.abilities import LocalFiles
from gallery.errors import GalleryError, Unavailable, storage
from gallery.library import Library
from gallery.threads import Threads

log = logging.getLogger(__name__)

CHUNK = 1 << 20
PIECE = 8 << 20
"""Each is a request where the store is another machine."""
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)


async def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> int:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status


class Originals:
    """Sends what lies under a key. ``accel_prefix`` is where a web server in front finds the
    files."""

    def __init__(self, library: Library, threads: Threads, accel_prefix: str | None) -> None:
        self._blobs = library.blobs
        self._threads = threads
        self._accel = accel_prefix
        # Asked once: looking for a protocol's methods takes longer than serving a thumbnail.
        self._files = library.blobs if isinstance(library.blobs, LocalFiles) else None

    async def send(
        self, send: Send, key: str, status: int, head: Headers, start: int, end: int
    ) -> int:
        """Answers with the bytes from ``start`` to ``end``, and gives the status. Raises
        GalleryError before anything was sent."""
        if self._files is None:
            return await self._send_pieces(send, key, status, head, start, end)
        if self._accel is not None and status == 200:
            kept = [pair for pair in head if pair[0] != b"content-length"]
            path = (self._accel.rstrip("/") + "/" + key).encode()
            return await send_whole(send, status, [*kept, (b"x-accel-redirect", path)], b"")
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
        data = await self._threads.fetch(self._blobs.read, key, start, size)
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
