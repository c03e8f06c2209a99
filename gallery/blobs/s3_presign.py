"""URLs that let a client send one object to a bucket by itself."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from gallery.blobs import Expected, Presigned

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHECKSUM = "x-amz-checksum-sha256"


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
