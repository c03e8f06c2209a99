"""Uploads in three steps: announced here, put wherever the answer says, and confirmed here.

A bucket is sent the body by the client itself. Where that can't be, the answer names a route
of this server. The truth is found out at the end: what arrived is fetched, compared with what
was announced and decoded before anybody sees it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from gallery import keys, responses
from gallery.api.answers import Image
from gallery.api.fields import Body, Mime, OwnerName, Whole
from gallery.api.intake import INTAKE_ERRORS, Intake, Meta, owner_of, said
from gallery.api.operation import Operation, body
from gallery.api.receive import received_raw
from gallery.api.services import Services, set_cookie
from gallery.blobs.abilities import Presigned
from gallery.blobs.incoming import Spool
from gallery.catalog import Entry
from gallery.draft import Draft, shown_name
from gallery.errors import (
    Conflict,
    Forbidden,
    NotFound,
    StorageFull,
    Timeout,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unprocessable,
    UnsupportedImage,
)
from gallery.keys import Kind
from gallery.landing import PUT_SECONDS, WAIT_SECONDS, Ticket, mismatch, signed, unknown, verified
from gallery.library import Stored
from gallery.records import to_text

MAX_WAITING = 100
"""Bodies of one owner that may wait for their confirmation."""
_ROUTE = "/api/v1/storage/uploads"


class PresignPut(Body):
    """An upload that is yet to come."""

    name: Annotated[str, StringConstraints(max_length=1_000)] | None = Field(
        None, description="the file's own name"
    )
    type: Mime
    size: Whole = Field(ge=1, description="bytes")
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    kind: Kind = "output"
    owner: OwnerName | None = Field(None, description="only with a token")


class DirectUpload(BaseModel):
    upload: str = Field(description="to be confirmed with, within a day")
    method: Literal["PUT"]
    url: str
    headers: dict[str, str] = Field(description="to be sent with the body, exactly so")
    expires_at: str = Field(description="until when it may be put")


class Confirm(Body):
    upload: Annotated[str, StringConstraints(max_length=10_000)] = Field(
        description="as it was announced by"
    )
    meta: Meta = Field(default_factory=lambda: Meta.model_validate({}))


class Direct:
    """Routes under ``/api/v1/storage``."""

    def __init__(self, services: Services, intake: Intake) -> None:
        self._services = services
        self._intake = intake
        self._library = services.library
        self._landing = services.library.landing
        self._threads = services.threads

    # -- announcing -----------------------------------------------------------------------

    async def presign(self, request: Request) -> Response:
        """Says where the body goes. Nothing is kept."""
        visitor, cookie = self._intake.asking(request)
        wanted = await body(request, PresignPut)
        ticket = self._ticket(wanted, owner_of(wanted.owner, visitor))
        token = signed(ticket, self._services.identity.signer("upload"))
        to = await self._threads.fetch(self._destination, ticket)
        if to is None:
            own = f"{self._services.origin(request)}{_ROUTE}/{token}"
            to = Presigned(own, {"content-type": ticket.mime})
        answer = {
            "upload": token,
            "method": "PUT",
            "url": to.url,
            "headers": to.headers,
            "expires_at": to_text(ticket.at + PUT_SECONDS * 1_000_000),
        }
        return set_cookie(responses.json(answer, 201, {"cache-control": "no-store"}), cookie)

    def _ticket(self, wanted: PresignPut, owner: str) -> Ticket:
        limit = self._services.settings.max_upload_bytes
        if wanted.size > limit:
            raise TooLarge(f"An image may have {limit} bytes", code="body_too_large")
        return Ticket(
            owner=owner,
            id=keys.new_id(),
            kind=wanted.kind,
            name=shown_name(wanted.name),
            at=self._library.clock(),
            size=wanted.size,
            mime=wanted.type,
            sha256=wanted.sha256,
        )

    def _destination(self, ticket: Ticket) -> Presigned | None:
        self._admit(ticket)
        if not self._services.settings.direct_uploads:
            return None
        return self._landing.presigned(ticket)

    def _admit(self, ticket: Ticket) -> None:
        """Refuses early what could not be confirmed. What waits already counts, or it could
        fill the store without ever counting."""
        waiting = self._landing.waiting(ticket.owner)
        if len(waiting) >= MAX_WAITING:
            raise Conflict(f"{len(waiting)} uploads are not confirmed", code="too_many_waiting")
        self._library.check_quota(ticket.owner, sum(waiting) + ticket.size)
        self._library.blobs.room(ticket.size)

    # -- putting --------------------------------------------------------------------------

    async def receive(self, request: Request) -> Response:
        """Takes one body from whoever has the ticket, which is good for no other body."""
        ticket = self._verified(request.path_params["token"], PUT_SECONDS)
        if request.headers.get("content-type") != ticket.mime:
            raise mismatch("Content-Type")
        await self._threads.fetch(self._check_unused, ticket)
        reading = received_raw(
            request, self._library.blobs, self._threads,
            size=ticket.size, pause=self._services.settings.body_seconds,
        )  # fmt: skip
        async with self._intake.slot(), reading as spool:
            await self._threads.write(self._landing.put, ticket, spool)
        return Response(status_code=204)

    def _check_unused(self, ticket: Ticket) -> None:
        if self._landing.has(ticket) or self._image(ticket):
            raise Conflict("This was put before: confirm it", code="already_uploaded")
        self._admit(ticket)

    # -- confirming -----------------------------------------------------------------------

    async def confirm(self, request: Request) -> Response:
        """Makes an image of what was put. A repeat finds the image of the first."""
        role = self._services.identity.role(request.scope["headers"])
        visitor = None if role else self._services.owner_or_nobody(request)
        wanted = await body(request, Confirm)
        ticket = self._verified(wanted.upload, WAIT_SECONDS)
        if visitor not in (None, ticket.owner):
            raise unknown()
        fields = {"created_at": ticket.at} | said(wanted.meta, visitor)
        draft = Draft(ticket.owner, ticket.kind, ticket.id, original_filename=ticket.name, **fields)
        stored = await self._once(ticket, draft)
        await self._threads.write(self._clear, ticket)
        return self._intake.answer(stored)

    async def _once(self, ticket: Ticket, draft: Draft) -> Stored:
        """Looks again when there is nothing to confirm: somebody else may just have done so."""
        if found := await self._threads.fetch(self._image, ticket):
            return Stored(found, repeated=True)
        try:
            return await self._taken_in(ticket, draft)
        except Conflict:
            if found := await self._threads.fetch(self._image, ticket):
                return Stored(found, repeated=True)
            raise

    async def _taken_in(self, ticket: Ticket, draft: Draft) -> Stored:
        async with self._intake.slot():
            spool = await self._threads.write(self._fetched, ticket)
            try:
                inspection = await self._intake.inspected(spool)
                if inspection.mime != ticket.mime:
                    raise mismatch("type")
                return await self._intake.stored(draft, spool, inspection)
            except (TooLarge, UnsupportedImage, Unprocessable):
                await self._threads.write(self._clear, ticket)
                raise
            finally:
                await self._threads.write(spool.discard)

    def _fetched(self, ticket: Ticket) -> Spool:
        """What was put before the library moved waits where it lived. While that is away it is
        as if nothing had been put: the client can send it again."""
        there = self._library.successor
        try:
            return self._landing.fetch(ticket)
        except Conflict:
            if there is None:
                raise
            with suppress(Unavailable):
                return there.landing.fetch(ticket)
            raise

    def _clear(self, ticket: Ticket) -> None:
        self._landing.clear(ticket)
        if self._library.successor is not None:
            self._library.successor.landing.clear(ticket)

    def _image(self, ticket: Ticket) -> Entry | None:
        try:
            return self._library.get(ticket.owner, ticket.id)
        except NotFound:
            return None

    def _verified(self, token: str, seconds: int) -> Ticket:
        return verified(token, self._services.identity.signer("upload"), seconds)

    def operations(self) -> list[Operation]:
        announced = (Unauthorized, Forbidden, Conflict, TooLarge, StorageFull)
        put = (Conflict, Timeout, TooLarge, Unprocessable, StorageFull, Unavailable)
        return [
            Operation("POST", "/api/v1/storage/presign-put", self.presign,
                      "Announce an upload: says where its body goes", body=PresignPut,
                      answer=DirectUpload, status=201, errors=announced),
            Operation("PUT", f"{_ROUTE}/{{token}}", self.receive,
                      "Put the body of an upload that was announced", raw=True, status=204,
                      errors=put, security="none"),
            Operation("POST", "/api/v1/storage/confirm", self.confirm,
                      "Make an image of what was put", body=Confirm, answer=Image,
                      status=201, errors=(*INTAKE_ERRORS, NotFound, Conflict)),
        ]  # fmt: skip
