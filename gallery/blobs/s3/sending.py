"""An object on its way into a bucket: what is sent with it, and how it is known to be whole.

Each image says in its metadata that a put of this library wrote it and when, so that what a
crash left without a sidecar can be told from what somebody dropped; a mark of its own would
cost two more requests for each upload.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import IO, Any

from botocore.exceptions import ClientError

from gallery import keys
from gallery.blobs import MAX_READ
from gallery.blobs.s3.client import status_of
from gallery.blobs.s3.reading import get
from gallery.blobs.s3.root import Root
from gallery.errors import Unavailable

_SHA256 = "sha256"
_PUT = "gallery-put"
_CACHED = {
    "image": "private, max-age=31536000, immutable",
    "thumb": "private, max-age=86400",
}
_PIECE = 1 << 20


class Taken(Exception):
    """Something has the key of what was to be new."""


def send(
    root: Root,
    key: str,
    body: bytes | IO[bytes],
    sha256: str,
    unclear: type[Unavailable] = Unavailable,
    **only: Any,
) -> str:
    """Stores the object, and gives its ETag. Raises Taken where it is "only" to be put if
    something is not so."""
    client, abilities = root.client, root.abilities
    if not abilities.sha256:
        only["ContentMD5"] = _md5(body)
    with root.asking(key, unclear), _unless_taken():
        answer = client.put_object(
            Bucket=root.place.bucket,
            Key=root.name(key),
            Body=body,
            **_described(key, sha256, root.library),
            **only,
        )
    if not abilities.sha256 and not abilities.md5:
        _read_back(root, key, sha256)
    return answer["ETag"]


def _read_back(root: Root, key: str, sha256: str) -> None:
    """Where the store compares nothing, what it holds is compared here."""
    arrived, start = hashlib.sha256(), 0
    while (got := get(root, key, start, MAX_READ)) and got.body:
        arrived.update(got.body)
        start += len(got.body)
    if arrived.hexdigest() != sha256:
        raise Unavailable(f"{key}: another body arrived than was sent")


def _described(key: str, sha256: str, library: str) -> Any:
    """What is stored beside the body."""
    parsed = keys.parse(key)
    role = parsed.role if parsed else ""
    metadata = {_SHA256: sha256}
    if role == "image":
        metadata[_PUT] = f"{library} {int(time.time())}"
    return {
        "ContentType": type_of(key),
        "CacheControl": _CACHED.get(role, "no-store"),
        "Metadata": metadata,
    }


def type_of(key: str) -> str:
    ext = key.rpartition(".")[2]
    return keys.MIME_OF.get(
        ext, "application/json" if ".json" in key else "application/octet-stream"
    )


def put_at(head: Any, library: str) -> float | None:
    """When a put of this library wrote the object (seconds since 1970), as its head says."""
    by, _, when = head["Metadata"].get(_PUT, "").partition(" ")
    return float(when) if by == library and when.isdigit() else None


def sha256_of(head: Any) -> str | None:
    """The hash of the body that was sent, as the object's head says."""
    found: str | None = head["Metadata"].get(_SHA256)
    return found


@contextmanager
def _unless_taken() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if status_of(error) == HTTPStatus.PRECONDITION_FAILED:
            raise Taken from error
        raise


def _md5(body: bytes | IO[bytes]) -> str:
    """As the header Content-MD5 has it. A file is left at its beginning."""
    digest = hashlib.md5(usedforsecurity=False)
    if isinstance(body, bytes):
        digest.update(body)
    else:
        while piece := body.read(_PIECE):
            digest.update(piece)
        body.seek(0)
    return base64.b64encode(digest.digest()).decode()
