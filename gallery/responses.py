"""How answers look: JSON, and problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from gallery.errors import GalleryError, Unavailable


def json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON; ``bytes`` are sent as they are."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Response(body, status, headers, "application/json")


def problem(error: GalleryError) -> Response:
    """The answer that an error gives, after RFC 9457."""
    content = {
        "type": f"urn:gallery:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail or error.title,
    }
    headers = {"cache-control": "no-store"}
    if error.status >= 500:
        # What is said then names files: it is for the log.
        content["detail"] = error.title
    if isinstance(error, Unavailable):
        headers["retry-after"] = str(error.retry_after)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status in (408, 413):
        headers["connection"] = "close"
    return Response(orjson.dumps(content), error.status, headers, "application/problem+json")
