"""The lifespan of a server process, as ASGI has it: started, drained, stopped."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from starlette.types import Receive, Send

from gallery.errors import StartRefused
from gallery.threads import Threads

_STOPPING = (signal.SIGINT, signal.SIGTERM)


class Living(Protocol):
    """What a server process starts and stops."""

    threads: Threads

    def start(self) -> None: ...
    def drain(self) -> None: ...
    def stop(self) -> None: ...


async def lived(app: Living, receive: Receive, send: Send) -> None:
    """Refuses to start in one line, and stops when nothing is under way."""
    await receive()
    try:
        await app.threads.write(app.start)
    except StartRefused as error:
        await send({"type": "lifespan.startup.failed", "message": f"refused to start: {error}"})
        return
    with _drained(app):
        await send({"type": "lifespan.startup.complete"})
        await receive()
    app.drain()
    await app.threads.write(app.stop)
    app.threads.close()
    await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def _drained(app: Living) -> Iterator[None]:
    """The application is told when the server is told to stop. That waits for its connections
    before it ends the lifespan, and event streams would wait for the lifespan."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOPPING}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(app.drain)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
