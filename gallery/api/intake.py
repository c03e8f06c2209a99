"""What every way of taking an image in shares: whose it is, what is said of it, decoding,
storing and the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from gallery import keys
from gallery.api.fields import Body, Id, Moment, Name, Ratio, Tags, Text, Whole
from gallery.api.images import Images
from gallery.api.services import Services
from gallery.blobs.incoming import Spool
from gallery.draft import Draft
from gallery.errors import (
    BadRequest,
    Forbidden,
    StorageFull,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unprocessable,
    UnsupportedImage,
)
from gallery.imaging import Inspection
from gallery.library import Stored
from gallery.records import to_us

INTAKE_ERRORS = (Unauthorized, Forbidden, TooLarge, UnsupportedImage, Unprocessable, StorageFull)


class Meta(Body):
    """What an uploader says of an image. What is left out is read from the file."""

    prompt: Text | None = None
    negative_prompt: Text | None = None
    seed: Whole | None = Field(None, ge=0, le=2**64 - 1)
    model: Name | None = None
    source: Name | None = None
    workflow_id: Name | None = None
    aspect_ratio: Ratio | None = None
    tags: Tags = Field([])
    favorite: bool = False
    job_id: Name | None = None
    parents: Annotated[list[Id], Field(max_length=100)] | None = None
    created_at: Moment | None = Field(
        None, description="only with the service token; naive means UTC"
    )


class Intake:
    """So many bodies at once are received or decoded as ``GALLERY_UPLOADS`` says."""

    def __init__(self, services: Services, images: Images) -> None:
        self._services = services
        self._images = images
        self._slots = asyncio.Semaphore(services.settings.uploads)

    def asking(self, request: Request) -> tuple[str | None, bytes | None]:
        """The visitor, and the cookie to set if any; None is somebody with a role."""
        if self._services.identity.role(request.scope["headers"]):
            return None, None
        return self._services.identify(request)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._services.settings.body_seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise Unavailable("too many uploads at once", code="busy") from error
        try:
            yield
        finally:
            self._slots.release()

    async def inspected(self, spool: Spool) -> Inspection:
        """Decoded in a worker process while a thread makes it durable."""
        synced = asyncio.ensure_future(self._services.threads.write(spool.sync))
        try:
            return await asyncio.wrap_future(self._services.imaging.inspect(spool.path))
        finally:
            await synced

    async def stored(self, draft: Draft, spool: Spool, inspection: Inspection) -> Stored:
        return await self._services.threads.write(
            self._services.library.put, draft, spool, inspection
        )

    def answer(self, stored: Stored) -> Response:
        response = self._images.entry_response(stored.entry, 201)
        response.headers["location"] = f"/api/v1/images/{stored.entry.record.id}"
        if stored.repeated:
            response.headers["idempotency-replayed"] = "true"
        return response


def owner_of(named: str | None, visitor: str | None) -> str:
    """Whose image it becomes: the visitor's own, or whom somebody with a role names."""
    if visitor is None:
        if named is None:
            raise BadRequest("owner: a service names whose image it is", code="bad_owner")
        return keys.owner(named)
    if named is not None:
        raise Forbidden("owner needs a service token", code="wrong_role")
    return visitor


def said(meta: Meta, visitor: str | None) -> dict[str, Any]:
    """What the uploader says of the image, as a draft has it. Raises Forbidden."""
    if meta.created_at is not None and visitor is not None:
        raise Forbidden("created_at needs a service token", code="wrong_role")
    fields = meta.model_dump(exclude={"created_at"})
    fields["tags"] = tuple(meta.tags)
    fields["parents"] = None if meta.parents is None else tuple(meta.parents)
    if meta.created_at is not None:
        fields["created_at"] = to_us(meta.created_at.isoformat())
    return fields
