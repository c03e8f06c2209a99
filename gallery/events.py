"""What happens, as it happens: the changes of an owner, or of everybody, as server-sent events.

The feed is read, nothing is queued: a stream is a place in the feed, and goes on from there
when its owner is mentioned. So a slow reader takes no memory, one who was away is like any
other, and a stream that ends loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator

import orjson

from gallery.catalog import Immediate, Noted
from gallery.encoding import item, with_purge_at
from gallery.errors import GalleryError, PositionGone, Unavailable
from gallery.library import Library
from gallery.records import to_text
from gallery.threads import Threads

log = logging.getLogger(__name__)

POLL_SECONDS = 0.02
HEARTBEAT_SECONDS = 15.0
MAX_STREAMS = 2_000
MAX_OF_ONE = 50
_BATCH = 100
_BYTES = 256 << 10
"""About as much is written for a reader at once: a hundred records may be a hundred MiB."""
_MENTIONS = 1_000
_PAUSE_SECONDS = 1.0
_NOWHERE = ""
"""A position that no feed holds."""


class Events:
    """The streams of one server process. One task looks for news as long as there are any."""

    def __init__(self, library: Library, threads: Threads) -> None:
        self._library = library
        self._threads = threads
        self._streams: set[Stream] = set()
        self._task: asyncio.Task[None] | None = None
        self._position: str | None = None
        self._news = False
        self._closed = False

    def start(self) -> None:
        """Once the catalog has been started."""
        self._library.catalog.listen(lambda *_: self._note())

    def close(self) -> None:
        """Ends the streams, on the event loop: their readers go on elsewhere."""
        self._closed = True
        for stream in self._streams:
            stream.news.set()

    def open_again(self) -> None:
        """After ``close``: streams are taken on again."""
        self._closed = False

    def open(self, owner: str | None, since: str | None) -> Stream:
        """A stream of the owner's changes (None: everybody's) after a position (None: from
        now on). Raises Unavailable when there are too many."""
        own = sum(stream.owner == owner for stream in self._streams)
        if self._closed or len(self._streams) >= MAX_STREAMS or own >= MAX_OF_ONE:
            raise Unavailable("there are too many streams", code="busy")
        stream = Stream(self, self._library, owner, since)
        self._streams.add(stream)
        return stream

    def count(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def leave(self, stream: Stream) -> None:
        """To be called when nobody reads a stream that was opened."""
        self._streams.discard(stream)

    async def begin(self, stream: Stream) -> None:
        """From here on nothing is missed: to be awaited before the reader is told that it is
        followed, as what they ask for then and what they hear after it must leave no gap."""
        await self._threads.read(stream.begin)

    async def read(self, stream: Stream) -> AsyncGenerator[bytes]:
        """The stream's events, and a sign of life where there are none, until the end."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        try:
            while not self._closed:
                stream.news.clear()
                yield await self._threads.read(stream.next) or stream.heartbeat()
                if stream.level and not self._closed:
                    # Not wait_for: in Python 3.11 it forgets that it was cancelled when there is
                    # news in the same moment, and a reader who left would be written for for ever.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(HEARTBEAT_SECONDS):
                            await stream.news.wait()
        finally:
            self.leave(stream)

    def _note(self) -> None:
        """Called by any thread."""
        self._news = True

    async def _watch(self) -> None:
        """Wakes the streams whose owners are mentioned."""
        catalog = self._library.catalog
        immediate = catalog if isinstance(catalog, Immediate) else None
        while self._streams:
            # From the first look on: what came before it, the streams have seen.
            if self._position is None or self._news or (immediate and not immediate.fresh()):
                self._news = False
                try:
                    self._wake(await self._threads.read(self._mentioned))
                except Exception as error:
                    unknown = None if isinstance(error, GalleryError) else error
                    log.warning("events wait: %s", error, exc_info=unknown)
                    self._news = True
                    await asyncio.sleep(_PAUSE_SECONDS)
            await asyncio.sleep(POLL_SECONDS)
        self._task = self._position = None

    def _wake(self, mentioned: set[str] | None) -> None:
        for stream in self._streams:
            if mentioned is None or stream.is_of(mentioned):
                stream.news.set()

    def _mentioned(self) -> set[str] | None:
        """The owners who are mentioned since the last call; None when that cannot be told."""
        known, owners = self._position is not None, set[str]()
        with contextlib.suppress(PositionGone):
            while known:
                found = self._library.catalog.changes(self._position, limit=_MENTIONS)
                owners |= {noted.owner for noted in found.noted}
                self._position = found.position
                if found.level:
                    return owners
        self._position = self._library.catalog.changes(None).position
        return None


class Stream:
    """A reader's place in the feed. ``news`` is set when there may be something to read."""

    def __init__(
        self, events: Events, library: Library, owner: str | None, since: str | None
    ) -> None:
        self.events = events
        self.news = asyncio.Event()
        self.level = False
        """Whether all that had happened has been read."""
        self._library = library
        self.owner = owner
        self._position = since

    def is_of(self, owners: set[str]) -> bool:
        return bool(owners) if self.owner is None else self.owner in owners

    def begin(self) -> None:
        """Takes the place in the feed where it is now, if it has none. Blocks. While the storage
        is away there is none to take, and the reader will be told to ask anew."""
        if self._position is None:
            try:
                self._position = self._library.catalog.changes(None).position
            except GalleryError:
                self._position = _NOWHERE

    def next(self) -> bytes:
        """Some events, or b"". Blocks. While the storage is away there are none."""
        try:
            with contextlib.suppress(PositionGone):
                return self._read()
            return self._reset()
        except GalleryError as error:
            log.warning("an event stream waits: %s", error)
            self.level = True
            return b""

    def _read(self) -> bytes:
        found = self._library.catalog.changes(self._position, owner=self.owner, limit=_BATCH)
        events = bytearray()
        for noted in found.noted:
            events += self._event(noted)
            if len(events) >= _BYTES and noted is not found.noted[-1]:
                self._position, self.level = noted.position, False
                return bytes(events)
        self._position, self.level = found.position, found.level
        return bytes(events)

    def heartbeat(self) -> bytes:
        """Keeps the connection, and has the reader remember the place. It is no event."""
        if not self._position:
            return b":\n\n"
        return b"id: %b\n:\n\n" % self._position.encode()

    def _reset(self) -> bytes:
        """What was missed cannot be told any more: ask for the lists anew."""
        self._position, self.level = self._library.catalog.changes(None).position, True
        return _message(self._position, "reset", b"{}")

    def _event(self, noted: Noted) -> bytes:
        """With the image as it is now, which may be later than the change: ``rev`` tells."""
        data = {"op": noted.op, "owner": noted.owner, "month": noted.month, "id": noted.id}
        more = {"kind": noted.kind, "rev": noted.rev, "at": to_text(noted.at)}
        image = b"null"
        if noted.id and noted.op != "purge":
            entry = self._library.catalog.get(noted.owner, noted.id, noted.month)
            if entry:
                image = with_purge_at(item(entry.raw), self._library.retention_us)
        body = orjson.dumps(data | more)[:-1] + b',"image":' + image + b"}"
        return _message(noted.position, noted.op, body)


def _message(position: str, name: str, data: bytes) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (position.encode(), name.encode(), data)
