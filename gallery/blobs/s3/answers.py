"""What a bucket answers: when it is asked for an object, or for a part of one, all of it.

A body that is cut short is asked for again, as a request without an answer is. What an answer
says of its own length may be said of what is left of it, so a part is always asked for, and is
measured by what the answer says of the whole.

A sidecar is known by its ETag, not by its time: a put's answer, a look and a listing all give
it alike, while their times differ in precision and two replacements may share a second.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from gallery.blobs import Stat

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_HEAD = {"ETag", "LastModified"}
_YET_TO_COME = 1 << 62
_SPAN = re.compile(r"bytes \d+-\d+/\d+").fullmatch
_CUT_SHORT = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_SAID = {
    "PutObject": "ETag",
    "CopyObject": "CopyObjectResult",
    "ListObjectsV2": "IsTruncated",
    "ListObjectVersions": "IsTruncated",
}
"""What is said in every answer to a request that was carried out."""
_IN_BODY = {
    "GetBucketVersioning": b"VersioningConfiguration",
    "GetBucketCors": b"<",
    "GetBucketLifecycleConfiguration": b"<",
}
"""What is in the body of an answer that may say nothing else. Servers that don't know the last
two of these settings answer with what they do know."""
Again = Callable[[int, Exception], bool]
"""After so many tries, of which the last ended so."""


def get_part(
    client: S3Client, bucket: str, key: str, start: int, size: int, again: Again
) -> tuple[Any, bytes]:
    """The answer, and its body: all of the object where the store knows no parts. ``again``
    says of a body that is cut short whether it is asked for once more. Raises ClientError and
    BotoCoreError."""
    tries, span = 0, f"bytes={start}-{start + size - 1}"
    while True:
        answer = client.get_object(Bucket=bucket, Key=key, Range=span)
        try:
            return answer, _whole(answer, start, size)
        except _CUT_SHORT as error:
            tries += 1
            if not again(tries, error):
                raise
            time.sleep(random.random() * 2**tries / 4)  # noqa: S311 - jitter


def size_in(answer: Any) -> int | None:
    """Of the object that a part was given of; None where all of it was."""
    span: str | None = answer.get("ContentRange")
    return int(span.rpartition("/")[2]) if span else None


def check_head(answer: Any) -> None:
    """A connection that ends within the head of an answer is no error to Python's client; what
    was still to come is missing then. Raises BotoCoreError."""
    is_part = answer["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.PARTIAL_CONTENT
    if not answer.keys() >= _HEAD or (is_part and not _SPAN(answer.get("ContentRange", ""))):
        raise ResponseStreamingError(error="the answer ends within its head")


def check_success(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
    """Of a list that ends within its head, and of another server's page, botocore makes an empty
    list: what is known of each answer has to be there. A handler of its own calls that raises
    BotoCoreError."""
    if http_response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        return
    said, in_body = _SAID.get(model.name), _IN_BODY.get(model.name)
    if (said and parsed.get(said) in (None, "", {})) or (
        in_body and in_body not in http_response.content
    ):
        raise ResponseStreamingError(error="the answer is not one to what was asked")


def _whole(answer: Any, start: int, size: int) -> bytes:
    check_head(answer)
    body: bytes = answer["Body"].read()
    whole = size_in(answer)
    if whole is not None and len(body) != (expected := min(size, whole - start)):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=expected)
    return body


def stat_of(key: str, size: int, etag: str, modified: datetime) -> Stat:
    """In whole seconds: some servers say more in a listing than when asked for one object."""
    changed = number_of(etag) if key.endswith(".json") else int(modified.timestamp()) * 10**9
    return Stat(key, size, changed)


def number_of(etag: str) -> int:
    """A number for an ETag, in the range of times yet to come."""
    digest = hashlib.blake2b(etag.strip('"').encode(), digest_size=8).digest()
    return _YET_TO_COME | (int.from_bytes(digest, "big") >> 2)
