"""Which problem a request is answered with that was refused or failed, whoever it was that
raised."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gallery import responses
from gallery.errors import GalleryError

log = logging.getLogger(__name__)


def unrouted(error: HTTPException) -> Response:
    """What Starlette itself refuses: an unknown path or method."""
    found = GalleryError(
        error.detail,
        code={404: "unknown_path", 405: "method_not_allowed"}.get(error.status_code, "http_error"),
    )
    found.status, found.title = error.status_code, error.detail
    response = responses.problem(found)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def refused(method: str, path: str, error: GalleryError) -> Response:
    """What is refused, or cannot be done."""
    if error.status >= 500:
        log.warning("%s %s: %d %s", method, path, error.status, error)
    return responses.problem(error)


async def crashed(request: Request, error: Exception) -> Response:
    """A fault of ours. Starlette raises it again, for the server to log it whole."""
    log.error("%s %s failed: %r", request.method, request.url.path, error)
    return responses.problem(GalleryError())
