"""How an S3-compatible store is reached: its address, its client, and the names of what can
go wrong. Endpoint, region and credentials are those of the standard ``AWS_*`` variables, or of
the profile that the URL names."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from botocore.utils import determine_content_length

from gallery.blobs.s3.answers import check_success
from gallery.errors import NotFound, StartRefused, StorageFull, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

_URL = re.compile(
    r"s3://(?:(?P<profile>[A-Za-z0-9_-]+)@)?(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])"
    r"(?P<prefix>(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)/?"
)
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "NotFound", "404"})
_FULL = frozenset({"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull"})
_DENIED = (401, 403)
SILENT = (ConnectTimeoutError, ReadTimeoutError)
"""A store that says nothing in the time it is given."""
UNANSWERED = (BotoCoreError, ResponseParserError)
"""No answer came, or none that can be understood."""
_SMALL_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Place:
    """Where a library lies: a bucket, and what every key begins with there ("" or "…/").
    ``profile`` is the section of the AWS configuration that leads there, if one is named."""

    bucket: str
    prefix: str
    profile: str | None = None

    @classmethod
    def parse(cls, url: str) -> Place:
        """Raises StartRefused."""
        match = _URL.fullmatch(url)
        if match is None:
            raise StartRefused(f"GALLERY_BLOBS: {url!r} is not s3://bucket or s3://bucket/prefix")
        prefix = f"{match['prefix'][1:]}/" if match["prefix"] else ""
        return cls(match["bucket"], prefix, match["profile"])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def url(self) -> str:
        """As a setting names it."""
        return str(self).replace("//", f"//{self.profile}@", 1) if self.profile else str(self)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take and how often it is tried, first time included. Between
    tries botocore's mode ``standard`` waits up to 1, 2, 4 … seconds, by chance."""

    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    attempts: int = 3

    def hurried(self) -> Patience:
        """When nobody wants to wait any more."""
        return Patience(min(self.connect_seconds, 2.0), min(self.read_seconds, 3.0), attempts=1)


PATIENCE = Patience()


def new_client(patience: Patience, *, connections: int, profile: str | None = None) -> S3Client:
    """A client for as many threads as ``connections``. Raises Unavailable without
    credentials or with settings that make no sense. It asks the store nothing yet."""
    # It tells at every start where it found its credentials.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    with requests("the client"):
        session = boto3.session.Session(profile_name=profile)
        endpoint, region = _address(session, profile)
        client = session.client(
            "s3", region_name=region, endpoint_url=endpoint,
            config=_config(patience, connections, by_path=endpoint is not None),
        )  # fmt: skip
    client.meta.events.register_last("before-call.s3", _at_once)
    client.meta.events.register("after-call.s3", check_success)
    return client


def _at_once(params: dict[str, Any], **_: Any) -> None:
    """A small body goes with its head: to ask whether it is wanted takes as long as to send it."""
    asks = params["headers"].get("Expect") is not None
    if asks and (determine_content_length(params["body"]) or 0) <= _SMALL_BYTES:
        del params["headers"]["Expect"]


def _address(session: boto3.session.Session, profile: str | None) -> tuple[str | None, str]:
    """Endpoint and region. What a profile says goes before the variables: those lead to the
    other place, where two are in use."""
    said = session._session.get_scoped_config() if profile else {}  # noqa: SLF001 - no other way
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    endpoint = said.get("endpoint_url") or next(filter(None, map(os.environ.get, names)), None)
    region = said.get("region") or os.environ.get("AWS_REGION") or session.region_name
    return endpoint, region or "us-east-1"


def _config(patience: Patience, connections: int, *, by_path: bool) -> Config:
    return Config(
        signature_version="s3v4",
        user_agent="gallery",  # its own is put together anew for each request
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        max_pool_connections=connections,
        tcp_keepalive=True,
        # The sha256 that is part of the signature is what every server knows; the newer
        # checksums in trailers are refused by some.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if by_path else "auto", "payload_signing_enabled": True},
    )


@contextmanager
def requests(what: str, unclear: type[Unavailable] = Unavailable) -> Iterator[None]:
    """Gives the failures of a store their names. ``what`` is the key or action, for the
    operator's log; ``unclear`` is raised when the request may have been carried out."""
    try:
        yield
    except ClientError as error:
        raise _named(what, error, unclear) from error
    except UNANSWERED as error:
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
