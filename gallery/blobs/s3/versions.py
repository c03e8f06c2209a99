"""What a bucket with versions keeps of objects that were replaced or removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from gallery.blobs.s3.client import UNANSWERED, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_Version = tuple[bool, str, str, bool]
"""Whether it is the present one, its key, its id, and whether it only says "removed"."""


def erase(client: S3Client, bucket: str, name: str) -> None:
    """All versions of the object, the present one last: then it is gone for good. Where the
    store knows none, the object is all there is."""
    try:
        found = [v for v in _below(client, bucket, name) if v[1] == name]
    except ClientError as error:
        if status_of(error) != 501:
            raise
        client.delete_object(Bucket=bucket, Key=name)
        return
    _remove(client, bucket, found)


def erase_hidden(client: S3Client, bucket: str, prefix: str) -> None:
    """All versions below the prefix that nobody sees. What says "removed" goes last: without
    it the version before would be seen again."""
    hidden = [v for v in _below(client, bucket, prefix) if not v[0] or v[3]]
    _remove(client, bucket, hidden)


def drop(client: S3Client, bucket: str, name: str) -> None:
    """The object, with its versions where there are any: as well as can be."""
    try:
        client.delete_object(Bucket=bucket, Key=name)
        erase(client, bucket, name)
    except (ClientError, *UNANSWERED):
        pass  # a rule of the bucket removes it later


def _below(client: S3Client, bucket: str, prefix: str) -> Iterator[_Version]:
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for version in page.get("Versions", ()):
            yield version["IsLatest"], version["Key"], version["VersionId"], False
        for marker in page.get("DeleteMarkers", ()):
            yield marker["IsLatest"], marker["Key"], marker["VersionId"], True


def _remove(client: S3Client, bucket: str, versions: list[_Version]) -> None:
    """Somebody else may be at it as well."""
    for _, key, version, _ in sorted(versions):
        try:
            client.delete_object(Bucket=bucket, Key=key, VersionId=version)
        except ClientError as error:
            if status_of(error) != 404:
                raise
