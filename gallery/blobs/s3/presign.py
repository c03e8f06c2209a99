"""URLs that let a client have one object of a bucket, or send one, by itself."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gallery.blobs.abilities import Expected, Presigned

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHECKSUM = "x-amz-checksum-sha256"


def origin(client: S3Client, place: tuple[str, str]) -> str:
    """Scheme, host and port of every URL, as one for this bucket and key has them."""
    bucket, key = place
    where = {"Bucket": bucket, "Key": key}
    parts = urlsplit(client.generate_presigned_url("get_object", where))
    return f"{parts.scheme}://{parts.netloc}"


def presigned_get(
    client: S3Client,
    place: tuple[str, str],
    seconds: int,
    *,
    mime: str | None,
    disposition: str | None,
) -> str:
    """For the bucket and key that ``place`` names. Type and Content-Disposition are what the
    store is to say, where they are given."""
    bucket, key = place
    parameters = {"Bucket": bucket, "Key": key}
    if mime is not None:
        parameters["ResponseContentType"] = mime
    if disposition is not None:
        parameters["ResponseContentDisposition"] = disposition
    return client.generate_presigned_url("get_object", parameters, seconds)


def presigned_put(
    client: S3Client, place: tuple[str, str], body: Expected, seconds: int, *, checked: bool
) -> Presigned:
    """For the bucket and key that ``place`` names. Type and size are part of what is signed,
    and so is the sha256 if the store has ``checked`` such: asked of one that doesn't know it,
    it might refuse everything."""
    bucket, key = place
    parameters: dict[str, Any] = {"Bucket": bucket, "Key": key}
    parameters |= {"ContentType": body.mime, "ContentLength": body.size}
    headers = {"content-type": body.mime}
    if checked:
        digest = base64.b64encode(bytes.fromhex(body.sha256)).decode()
        parameters["ChecksumSHA256"] = headers[_CHECKSUM] = digest
    return Presigned(client.generate_presigned_url("put_object", parameters, seconds), headers)
