"""``.gallery/library.json``: the object that marks a root and names its library."""

from __future__ import annotations

import uuid

import orjson

from gallery.errors import Unavailable

FORMAT = 1
MARKER = ".gallery/library.json"
SECRET = ".gallery/secret"  # noqa: S105 - the name of the file


def new_marker() -> bytes:
    return orjson.dumps({"format": FORMAT, "library": str(uuid.uuid4())}) + b"\n"


def library_in(raw: bytes, where: str, expected: str) -> str:
    """The library that a marker names. Raises Unavailable when that is another than
    ``expected`` (where that is not empty), or the marker is not for this software."""
    try:
        marker = orjson.loads(raw)
        library, format_ = str(uuid.UUID(marker["library"])), int(marker["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"{where} cannot be read: {error}") from error
    if format_ > FORMAT:
        raise Unavailable(f"{where}: format {format_} is newer than this software")
    if expected and library != expected:
        raise Unavailable(f"{where} marks another library, {library}")
    return library
