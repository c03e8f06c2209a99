"""How an S3-compatible store is reached: its address, its client, and the names of what can
go wrong. Endpoint, region and credentials are those of the standard ``AWS_*`` variables."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gallery.errors import NotFound, StartRefused, StorageFull, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])"
    r"(?P<prefix>(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)/?"
)
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "NotFound", "404"})
_FULL = frozenset({"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull"})
_DENIED = (401, 403)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a library lies: a bucket, and what every key begins with there ("" or "…/")."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, url: str) -> Place:
        """Raises StartRefused."""
        match = _URL.fullmatch(url)
        if match is None:
            raise StartRefused(f"GALLERY_BLOBS: {url!r} is not s3://bucket or s3://bucket/prefix")
        return cls(match["bucket"], f"{match['prefix'][1:]}/" if match["prefix"] else "")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take and how often it is tried, first time included. Between
    tries botocore's mode ``standard`` waits up to 1, 2, 4 … seconds, by chance."""

    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    attempts: int = 3


PATIENCE = Patience()


def new_client(patience: Patience, *, connections: int) -> S3Client:
    """A client for as many threads as ``connections``. Raises Unavailable without
    credentials or with settings that make no sense. It asks the store nothing yet."""
    # It tells at every start where it found its credentials.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    config = Config(
        signature_version="s3v4",
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        max_pool_connections=connections,
        tcp_keepalive=True,
        # The sha256 that is part of the signature is what every server knows; the newer
        # checksums in trailers are refused by some.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if endpoint else "auto", "payload_signing_enabled": True},
    )
    with requests("the client"):
        session = boto3.session.Session()
        region = os.environ.get("AWS_REGION") or session.region_name or "us-east-1"
        return session.client("s3", region_name=region, config=config)


@contextmanager
def requests(what: str, unclear: type[Unavailable] = Unavailable) -> Iterator[None]:
    """Gives the failures of a store their names. ``what`` is the key or action, for the
    operator's log; ``unclear`` is raised when the request may have been carried out."""
    try:
        yield
    except ClientError as error:
        raise _named(what, error, unclear) from error
    except BotoCoreError as error:
        raise unclear(f"{what}: {error}") from error


def code_of(error: BaseException | None) -> str:
    """The store's own word for what went wrong; empty when it did not answer."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def status_of(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))


def _named(what: str, error: ClientError, unclear: type[Unavailable]) -> Exception:
    code, status = code_of(error), status_of(error)
    if code in _GONE:
        return NotFound(what)
    text = f"{what}: {code} {error.response['Error'].get('Message', '')}".rstrip()
    if code in _FULL or status == 507:
        return StorageFull(text)
    if status in _DENIED:
        log.error("the store refuses its credentials, or their rights: %s", text)
    return unclear(text) if status >= 500 else Unavailable(text)
