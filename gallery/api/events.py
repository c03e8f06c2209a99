"""``GET /api/v1/events``: what happens, as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gallery import keys
from gallery.api.fields import OwnerName, Strict
from gallery.api.operation import Operation, query
from gallery.api.services import Services
from gallery.errors import Forbidden, Unauthorized
from gallery.events import Events, Stream

log = logging.getLogger(__name__)

SEND_SECONDS = 30.0


class EventsQuery(Strict):
    since: str | None = Field(
        None, max_length=80, description="a position to go on from, as Last-Event-ID"
    )
    owner: OwnerName | None = Field(None, description="for administrators: only this owner's")


class EventRoutes:
    """A visitor follows their own changes, an administrator everybody's or one owner's."""

    def __init__(self, services: Services, events: Events) -> None:
        self._services = services
        self._events = events

    async def follow(self, request: Request) -> Response:
        wanted = query(request, EventsQuery)
        since = request.headers.get("last-event-id", wanted.since) or None
        if self._services.identity.role(request.scope["headers"]) is not None:
            self._services.require_admin(request)
            owner = None if wanted.owner is None else keys.owner(wanted.owner)
        else:
            if wanted.owner is not None:
                raise Unauthorized("Only administrators follow others")
            visitor = self._services.visitor(request)
            if visitor is None:
                return Response(status_code=204)  # which tells an EventSource to stay away
            owner = visitor.owner
        if request.method == "HEAD":
            return _described(Response(media_type=EventStream.media_type))
        return EventStream(self._events.open(owner, since))

    def operations(self) -> list[Operation]:
        return [
            Operation("GET", "/api/v1/events", self.follow, "Changes, as they happen",
                      query=EventsQuery, media="text/event-stream", statuses=(204,),
                      errors=(Unauthorized, Forbidden)),
        ]  # fmt: skip


class EventStream(Response):
    """Events until the reader leaves, the server stops, or nothing could be sent for a while."""

    media_type = "text/event-stream"

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        _described(self)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        try:
            await self._converse(receive, send)
        finally:
            self._stream.events.leave(self._stream)

    async def _converse(self, receive: Receive, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await self._stream.events.begin(self._stream)
        await send(start)
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: Send) -> None:
        async with contextlib.aclosing(self._stream.events.read(self._stream)) as chunks:
            async for chunk in chunks:
                try:
                    async with asyncio.timeout(SEND_SECONDS):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    log.info("an event stream was let go of: its reader takes nothing")
                    return
        await send({"type": "http.response.body", "body": b""})


def _described(response: Response) -> Response:
    """With the head of a stream: what stands between must pass each event on at once."""
    response.headers["cache-control"] = "no-store"
    response.headers["x-accel-buffering"] = "no"
    del response.headers["content-length"]
    return response


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
