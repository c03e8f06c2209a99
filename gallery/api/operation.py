"""One route as a value: Starlette routes and the OpenAPI document are made from the same
list of these, and the models that document a request are those that validate it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gallery.errors import BadRequest, GalleryError, Timeout, TooLarge

Endpoint = Callable[[Request], Awaitable[Response]]
Security = Literal["visitor", "admin", "none"]
M = TypeVar("M", bound=BaseModel)
MAX_JSON_BYTES = 1 << 20
MAX_QUERY_BYTES = 8 << 10
JSON_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path. A ``raw`` body is the bytes of an image. ``errors`` are the failures
    a client may meet beyond those that any request can (malformed, unavailable)."""

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: str
    endpoint: Endpoint
    summary: str
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = True
    form: type[BaseModel] | None = None
    raw: bool = False
    answer: type[BaseModel] | None = None
    media: str = "application/json"
    status: int = 200
    statuses: tuple[int, ...] = ()
    errors: tuple[type[GalleryError], ...] = ()
    security: Security = "visitor"


def query(request: Request, model: type[M]) -> M:
    """The query string as ``model``. Raises BadRequest."""
    return parse_query(request.scope["query_string"], model)


def parse_query(raw: bytes, model: type[M]) -> M:
    if len(raw) > MAX_QUERY_BYTES:
        raise BadRequest(f"A query may have {MAX_QUERY_BYTES} bytes", code="bad_parameter")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise BadRequest("The query is not UTF-8", code="bad_parameter") from error
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise BadRequest("A parameter is given twice", code="bad_parameter")
    return _valid(lambda: model.model_validate(dict(pairs)), "bad_parameter")


async def body(request: Request, model: type[M], *, required: bool = True) -> M:
    """The JSON body as ``model``. Raises BadRequest, Timeout, and TooLarge beyond 1 MiB."""
    try:
        async with asyncio.timeout(JSON_SECONDS):
            data = await _read(request)
    except TimeoutError as error:
        raise Timeout(f"A JSON body has {JSON_SECONDS:g} seconds to come") from error
    except ClientDisconnect as error:
        raise BadRequest("The body was not sent whole", code="bad_body") from error
    return parse_json(data if data or required else b"{}", model, code="bad_body")


async def _read(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_JSON_BYTES:
            raise TooLarge(f"A JSON body may have {MAX_JSON_BYTES} bytes")
    return bytes(data)


def parse_json(data: bytes, model: type[M], *, code: str) -> M:
    """JSON as ``model``. Raises BadRequest."""
    return _valid(lambda: model.model_validate_json(data), code)


def _valid(validated: Callable[[], M], code: str) -> M:
    """Raises BadRequest that names the field."""
    try:
        return validated()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadRequest(f"{field}: {first['msg']}", code=code) from error
