"""Every way in which a request can fail, as a tree.

    GalleryError
    ├── BadRequest             400   malformed input (a field, a cursor, a date)
    ├── Unauthorized           401   a token is missing or wrong
    ├── Forbidden              403   a foreign origin, a role that is not enough
    ├── NotFound               404   unknown, or somebody else's
    ├── Timeout                408   the body came too slowly
    ├── Conflict               409   the state does not allow it
    ├── PreconditionFailed     412   If-Match names another version
    ├── TooLarge               413   body, quota of bytes or number of images
    ├── UnsupportedImage       415   not a PNG, JPEG or WebP
    ├── UnsupportedBody        415   not multipart/form-data
    ├── Unprocessable          422   an image or value that cannot be used
    ├── Unavailable            503   a volume or service is away; nothing changed
    │   ├── Unsure             503   it went away, and may have made the change or not
    │   └── Moved              503   the library lives in other stores since
    └── StorageFull            507   no room to write

``code`` is stable and meant for programs; the message is for people.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class GalleryError(Exception):
    """A failure with an answer: ``status`` and ``code`` go to the client as problem+json."""

    status = 500
    code = "internal"
    title = "Something went wrong"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        if code is not None:
            self.code = code


class BadRequest(GalleryError):
    status, code, title = 400, "bad_request", "The request is malformed"


class Unauthorized(GalleryError):
    status, code, title = 401, "unauthorized", "A valid token is needed"


class Forbidden(GalleryError):
    status, code, title = 403, "forbidden", "This is not allowed"


class NotFound(GalleryError):
    status, code, title = 404, "not_found", "There is no such thing here"


class Timeout(GalleryError):
    status, code, title = 408, "body_timeout", "The body came too slowly"


class Conflict(GalleryError):
    status, code, title = 409, "conflict", "The present state does not allow this"


class PreconditionFailed(GalleryError):
    status, code, title = 412, "precondition_failed", "The image has changed since"


class TooLarge(GalleryError):
    status, code, title = 413, "too_large", "This is too large"


class UnsupportedImage(GalleryError):
    status, code, title = 415, "unsupported_image", "Not a PNG, JPEG or WebP image"


class UnsupportedBody(GalleryError):
    status, code, title = 415, "not_multipart", "The body is not multipart/form-data"


class Unprocessable(GalleryError):
    status, code, title = 422, "unprocessable", "This cannot be used"


class Unavailable(GalleryError):
    """The storage is away. ``retry_after`` is in seconds."""

    status, code, title = 503, "unavailable", "The storage is not available"
    retry_after = 5


class Unsure(Unavailable):
    """A change was sent, and its answer was lost. The next walk finds out."""


class Moved(Unavailable):
    """Nothing was changed here: the library lives in other stores now."""


class StorageFull(GalleryError):
    status, code, title = 507, "storage_full", "There is no room left to store this"


class Damaged(Exception):
    """A file of the library that does not say what it should; the message names it."""


class PositionGone(Exception):
    """A position in the feed that is no longer held, or never was one."""


class StartRefused(Exception):
    """The server must not start on what it found; the message is one line for the operator."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def storage(what: str, *, ours: bool = False) -> Iterator[None]:
    """Gives the failures of a file system their names. ``what`` is the file or action,
    for the operator's log. A file that isn't there was not found, or, where it is one of
    ours that must be there, is away."""
    try:
        yield
    except FileNotFoundError as error:
        if ours:
            raise Unavailable(f"{what} is away") from error
        raise NotFound from error  # the name is in what it comes from
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"{what}: {error.strerror}") from error
        raise Unavailable(f"{what}: {error.strerror}") from error
