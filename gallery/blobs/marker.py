"""``.gallery/library.json``: the object that marks a root and names its library."""

from __future__ import annotations

import secrets
import uuid

import orjson

from gallery.errors import Unavailable

FORMAT = 1
MARKER = ".gallery/library.json"
SECRET = ".gallery/secret"  # noqa: S105 - the name of the file


def marker_of(library: str) -> bytes:
    return orjson.dumps({"format": FORMAT, "library": library}) + b"\n"


def new_library() -> tuple[str, list[str]]:
    """The name and the signing keys of a library that is made."""
    return str(uuid.uuid4()), [secrets.token_hex(32)]


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
