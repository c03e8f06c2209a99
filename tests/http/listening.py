"""Somebody who follows ``/api/v1/events``."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from tests.http.server import Server

PATIENCE = 20.0


@dataclass
class Event:
    name: str
    position: str
    data: Any


@dataclass
class Listener:
    """Reads a stream in a thread, as a browser does it. ``position`` is what a browser would
    send as Last-Event-ID when it comes again."""

    events: queue.Queue[Event | None] = field(default_factory=queue.Queue)
    position: str = ""
    opened: threading.Event = field(default_factory=threading.Event)
    heartbeats: int = 0

    def next(self) -> Event:
        event = self.events.get(timeout=PATIENCE)
        assert event is not None, "the stream has ended"
        return event

    def take(self, count: int) -> list[Event]:
        return [self.next() for _ in range(count)]

    def told(self, count: int) -> list[tuple[str, str, int]]:
        return [(e.name, e.data["id"], e.data["rev"]) for e in self.take(count)]

    def ended(self) -> bool:
        return self.events.get(timeout=PATIENCE) is None

    def read(self, response: httpx.Response) -> None:
        name, data = "", b""
        for line in response.iter_lines():
            label, _, value = line.partition(": ")
            if label == "id":
                self.position = value
                self.opened.set()
            elif label == "event":
                name = value
            elif label == "data":
                data = value.encode()
            elif line.startswith(":"):
                self.heartbeats += 1
            elif not line and name:
                self.events.put(Event(name, self.position, orjson.loads(data)))
                name = ""


@contextmanager
def listening(
    client: httpx.Client, since: str | None = None, *, at: Server | None = None, **query: str
) -> Iterator[Listener]:
    """Follows with what the client's cookies and headers allow, at this server or another,
    until the block ends."""
    listener = Listener()
    headers = {} if since is None else {"last-event-id": since}
    with (
        httpx.Client(
            base_url=at.url if at else client.base_url,
            cookies=client.cookies,
            headers=client.headers,
            timeout=PATIENCE,
        ) as own,
        own.stream("GET", "/api/v1/events", params=query, headers=headers) as response,
    ):
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        thread = threading.Thread(target=_read, args=(listener, response))
        thread.start()
        try:
            assert listener.opened.wait(PATIENCE)
            yield listener
        finally:
            _hang_up(response)
            thread.join(PATIENCE)


def _read(listener: Listener, response: httpx.Response) -> None:
    with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
        listener.read(response)
    listener.events.put(None)


def _hang_up(response: httpx.Response) -> None:
    """Closing would not wake the thread that reads."""
    with contextlib.suppress(OSError):
        connection = response.extensions["network_stream"].get_extra_info("socket")
        connection.shutdown(socket.SHUT_RDWR)
