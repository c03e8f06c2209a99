"""One object of the place that was started: a part of it, or what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from gallery.blobs import Stat
from gallery.blobs.s3.answers import check_head, get_part, size_in, stat_of
from gallery.blobs.s3.client import code_of
from gallery.blobs.s3.root import Root
from gallery.errors import NotFound


@dataclass(frozen=True, slots=True)
class Got:
    body: bytes
    stat: Stat


def get(root: Root, key: str, start: int, size: int) -> Got | None:
    """A part of the object, and what the object is; None when it ends before. Raises
    NotFound."""
    client, where = root.client, (root.place.bucket, root.name(key))
    with _proven(root), root.asking(key):
        try:
            answer, body = get_part(client, *where, start, size, root.is_worth_a_try)
        except ClientError as error:
            if code_of(error) == "InvalidRange":
                return None
            raise
    whole = size_in(answer)
    if whole is None:  # the store knows no ranges
        whole, body = len(body), body[start : start + size]
    return Got(body, stat_of(key, whole, answer["ETag"], answer["LastModified"]))


def head(root: Root, key: str) -> Any:
    """What the store says of the object. Raises NotFound."""
    client = root.client
    with _proven(root), root.asking(key):
        found = client.head_object(Bucket=root.place.bucket, Key=root.name(key))
        check_head(found)
        return found


@contextmanager
def _proven(root: Root) -> Iterator[None]:
    """A bucket that is gone, or another one, gives the same answer, and proves nothing."""
    try:
        yield
    except NotFound:
        root.check_now()
        raise
