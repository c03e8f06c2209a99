"""A library is founded in a bucket: its marker, and its keys, where nothing is yet.

.gallery/library.json   marks the place and names the library
.gallery/secret         signing keys, newest first, one a line
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from gallery.blobs.marker import MARKER, SECRET, marker_of
from gallery.blobs.s3.answers import get_part
from gallery.blobs.s3.client import requests, status_of
from gallery.errors import GalleryError, NotFound, StartRefused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from gallery.blobs.s3.root import Root

_PAUSE_SECONDS = 0.1
_MOST_BYTES = 65_536
"""More than marker and keys have."""


def read(root: Root, name: str, client: S3Client) -> bytes:
    """The marker, or the keys, whatever place it is. Raises NotFound and Unavailable."""
    where = (root.place.bucket, root.name(name))
    with requests(f"{root.place}/{name}"):
        return get_part(client, *where, 0, _MOST_BYTES, root.is_worth_a_try)[1]


def found(root: Root, library: str, keys: list[str]) -> None:
    """The secret first: a place that is marked has one. Of two processes that do this at once
    on a store without conditions, the last wins; both read back who that was. Raises
    StartRefused."""
    try:
        _put_once(root, SECRET, "".join(f"{key}\n" for key in keys).encode())
        _put_once(root, MARKER, marker_of(library))
    except GalleryError as error:
        raise StartRefused(f"cannot make a library in {root.place}: {error}") from error
    time.sleep(_PAUSE_SECONDS)


def _put_once(root: Root, name: str, body: bytes) -> None:
    """Where nothing is yet. A store that knows no conditions says so, or ignores them: a look
    before is the best that can be done there."""
    client = root.connect()
    where: dict[str, Any] = {"Bucket": root.place.bucket, "Key": root.name(name)}
    try:
        read(root, name, client)
    except NotFound:
        with requests(f"{root.place}/{name}"):
            try:
                client.put_object(**where, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if status_of(error) == 501:
                    client.put_object(**where, Body=body)
                elif status_of(error) not in (409, 412):
                    raise
