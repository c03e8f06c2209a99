"""What is read of the feed for one stream."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gallery.api.events import EventStream
from gallery.changes import change
from gallery.errors import Unavailable
from gallery.events import Events
from gallery.library import Library
from gallery.threads import Threads
from tests.samples import OWNER, ident, record


def put(library: Library, number: int) -> None:
    with library.catalog.lock(OWNER):
        library.catalog.apply(change("put", record(number)))


def test_large_records_are_written_a_few_at_a_time_and_none_is_left_out(library: Library) -> None:
    """Or readers that take nothing would hold as many records as there are, each."""
    threads = Threads()
    events = Events(library, threads)
    since = library.catalog.changes(None).position
    with library.catalog.lock(OWNER):
        for n in range(20):
            library.catalog.apply(change("put", replace(record(n), prompt="x" * 100_000)))
    stream = events.open(OWNER, since)
    parts = []
    while not stream.level:
        parts.append(stream.next())
    threads.close()
    assert max(map(len, parts)) < 500_000
    assert [b"".join(parts).count(b'"id":"%b","kind"' % ident(n).encode()) for n in range(20)]
    assert b"".join(parts).count(b"event: put\n") == 20
    assert stream.next() == b""


def test_what_is_changed_as_soon_as_a_stream_is_open_is_told(library: Library) -> None:
    """Whoever has loaded the lists by then would not hear of it otherwise."""
    threads, told = Threads(), []

    async def follow() -> None:
        left = asyncio.Event()

        async def receive() -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                put(library, 1)
            else:
                told.append(message["body"])
                left.set()

        stream = Events(library, threads).open(OWNER, None)
        await EventStream(stream)({"type": "http"}, receive, send)

    asyncio.run(follow())
    threads.close()
    assert b'"id":"%b"' % ident(1).encode() in told[0]


def test_a_stream_that_began_while_the_storage_was_away_has_its_reader_ask_anew(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = Threads()
    stream = Events(library, threads).open(OWNER, None)

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(library.catalog, "changes", away)
        stream.begin()
        assert stream.next() == b""
        assert stream.heartbeat() == b":\n\n"
    put(library, 1)
    assert b"event: reset\n" in stream.next()
    put(library, 2)
    assert b'"id":"%b"' % ident(2).encode() in stream.next()
    threads.close()


def test_a_reader_who_leaves_as_there_is_news_is_let_go_of(library: Library) -> None:
    threads = Threads()

    async def left(ticks: int) -> bool:
        stream = Events(library, threads).open(OWNER, None)
        has_begun = asyncio.Event()

        async def follow() -> None:
            async for _ in stream.events.read(stream):
                has_begun.set()

        reading = asyncio.create_task(follow())
        await has_begun.wait()
        await asyncio.sleep(0.1)  # it has been told that there may be news, and waits for more
        stream.news.set()
        for _ in range(ticks):
            await asyncio.sleep(0)
        reading.cancel()
        done, _ = await asyncio.wait({reading}, timeout=5)
        reading.cancel()
        return bool(done)

    assert all(asyncio.run(left(ticks)) for ticks in range(5))
    threads.close()
