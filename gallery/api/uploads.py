"""Taking images in: ``POST /api/v1/images``, and the drawers of inputs and controls."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from gallery.api.answers import Image
from gallery.api.fields import OwnerName
from gallery.api.intake import INTAKE_ERRORS, Intake, Meta, owner_of, said
from gallery.api.operation import Operation, parse_json
from gallery.api.receive import Received, received
from gallery.api.services import Services, set_cookie
from gallery.draft import Draft
from gallery.errors import BadRequest, Timeout
from gallery.keys import Kind, id_for

_MAX_KEY = 255


class UploadForm(BaseModel):
    """The parts of an upload."""

    file: str = Field(json_schema_extra={"format": "binary"}, description="PNG, JPEG or WebP")
    meta: Meta | SkipJsonSchema[None] = Field(None, description="JSON")
    owner: OwnerName | SkipJsonSchema[None] = Field(None, description="only with a token")


class Uploads:
    """Receives a form, and has its file taken in."""

    def __init__(self, services: Services, intake: Intake) -> None:
        self._services = services
        self._intake = intake
        self._library = services.library
        self._threads = services.threads

    async def take(self, request: Request, kind: Kind) -> Response:
        settings, intake = self._services.settings, self._intake
        visitor, cookie = intake.asking(request)
        if visitor and "idempotency-key" not in request.headers:  # a repeat needs no room
            await self._threads.read(self._library.check_quota, visitor, 0)
        reading = received(
            request, self._library.blobs, self._threads,
            max_bytes=settings.max_upload_bytes, pause=settings.body_seconds,
        )  # fmt: skip
        async with intake.slot(), reading as found:
            draft = self._draft(request, found, kind, visitor)
            inspection = await intake.inspected(found.spool)
            stored = await intake.stored(draft, found.spool, inspection)
        return set_cookie(intake.answer(stored), cookie)

    def _draft(self, request: Request, found: Received, kind: Kind, visitor: str | None) -> Draft:
        meta = Meta.model_validate({})
        if raw := found.fields.get("meta"):
            meta = parse_json(raw, Meta, code="bad_meta")
        fields = said(meta, visitor)
        named = found.fields.get("owner")
        owner = owner_of(None if named is None else named.decode("utf-8", "replace"), visitor)
        return Draft(
            owner=owner,
            kind=kind,
            id=self._determined_id(request, owner),
            original_filename=found.filename,
            **fields,
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
            "POST", path, self, summary, form=UploadForm, answer=Image,
            status=201, errors=(*INTAKE_ERRORS, Timeout),
        )  # fmt: skip
