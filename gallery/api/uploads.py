"""Taking images in: ``POST /api/v1/images``, and the drawers of inputs and controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from gallery import keys
from gallery.api import models
from gallery.api.images import Images
from gallery.api.operation import Operation, parse_json
from gallery.api.receive import Received, received
from gallery.api.services import Services, set_cookie
from gallery.blobs import Spool
from gallery.draft import Draft
from gallery.errors import (
    BadRequest,
    Forbidden,
    StorageFull,
    Timeout,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unprocessable,
    UnsupportedImage,
)
from gallery.imaging import Inspection
from gallery.keys import Kind
from gallery.library import Stored
from gallery.records import id_for, to_us

_MAX_KEY = 255
UPLOAD_ERRORS = (
    *(Unauthorized, Forbidden, Timeout, TooLarge, UnsupportedImage, Unprocessable, StorageFull),
)


class Uploads:
    """Receives, inspects, stores and answers."""

    def __init__(self, services: Services, images: Images) -> None:
        self._services = services
        self._images = images
        self._library = services.library
        self._threads = services.threads
        self._slots = asyncio.Semaphore(services.settings.uploads)

    async def take(self, request: Request, kind: Kind) -> Response:
        settings = self._services.settings
        role = self._services.identity.role(request.scope["headers"])
        visitor, cookie = (None, None) if role else self._services.identify(request)
        if visitor and "idempotency-key" not in request.headers:  # a repeat needs no room
            await self._threads.read(self._library.check_quota, visitor, 0)
        reading = received(
            request, self._library.blobs, self._threads,
            max_bytes=settings.max_upload_bytes, pause=settings.body_seconds,
        )  # fmt: skip
        async with self._slot(), reading as found:
            draft = self._draft(request, found, kind, visitor)
            inspection = await self._inspected(found.spool)
            stored = await self._threads.write(self._library.put, draft, found.spool, inspection)
        return set_cookie(self._answer(stored), cookie)

    def _answer(self, stored: Stored) -> Response:
        response = self._images.entry_response(stored.entry, 201)
        response.headers["location"] = f"/api/v1/images/{stored.entry.record.id}"
        if stored.repeated:
            response.headers["idempotency-replayed"] = "true"
        return response

    async def _inspected(self, spool: Spool) -> Inspection:
        """Decoded in a worker process while a thread makes it durable."""
        synced = asyncio.ensure_future(self._threads.write(spool.sync))
        try:
            return await asyncio.wrap_future(self._services.imaging.inspect(spool.path))
        finally:
            await synced

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._services.settings.body_seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise Unavailable("too many uploads at once", code="busy") from error
        try:
            yield
        finally:
            self._slots.release()

    def _draft(self, request: Request, found: Received, kind: Kind, visitor: str | None) -> Draft:
        meta = models.Meta.model_validate({})
        if raw := found.fields.get("meta"):
            meta = parse_json(raw, models.Meta, code="bad_meta")
        if meta.created_at is not None and visitor is not None:
            raise Forbidden("created_at needs a service token", code="wrong_role")
        owner = _owner(found, visitor)
        said = meta.model_dump(exclude={"created_at", "tags", "parents"})
        return Draft(
            owner=owner,
            kind=kind,
            id=self._determined_id(request, owner),
            created_at=None if meta.created_at is None else to_us(meta.created_at.isoformat()),
            original_filename=found.filename,
            tags=tuple(meta.tags),
            parents=None if meta.parents is None else tuple(meta.parents),
            **said,
        )

    def _determined_id(self, request: Request, owner: str) -> str | None:
        key = request.headers.get("idempotency-key")
        if key is None:
            return None
        if not 0 < len(key) <= _MAX_KEY:
            raise BadRequest(f"It has 1 to {_MAX_KEY} characters", code="bad_idempotency_key")
        return id_for(self._library.blobs.library, owner, key)


@dataclass(frozen=True, slots=True)
class Into:
    """The upload endpoint of one kind."""

    uploads: Uploads
    kind: Kind

    async def __call__(self, request: Request) -> Response:
        return await self.uploads.take(request, self.kind)

    def operation(self, path: str, summary: str) -> Operation:
        return Operation(
            "POST", path, self, summary, form=models.UploadForm, answer=models.Image,
            status=201, errors=UPLOAD_ERRORS,
        )  # fmt: skip


def _owner(found: Received, visitor: str | None) -> str:
    named = found.fields.get("owner")
    if visitor is None:
        if named is None:
            raise BadRequest("owner: a service names whose image it is", code="bad_owner")
        return keys.owner(named.decode("utf-8", "replace"))
    if named is not None:
        raise Forbidden("owner needs a service token", code="wrong_role")
    return visitor
