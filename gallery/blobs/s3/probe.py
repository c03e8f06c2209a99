"""What an S3-compatible store can do, found out by trying: no two are alike.

A probe writes a few small objects under ``.gallery/tmp/`` and removes them. Nothing relies on
an ability that was not seen to work, and everything is right without any of them.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

from gallery.blobs import TEMPORARY
from gallery.blobs.abilities import Expected
from gallery.blobs.s3.client import UNANSWERED, Place, requests
from gallery.blobs.s3.presign import presigned_put
from gallery.blobs.s3.versions import drop

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BODY, _OTHER = b"a probe", b"damaged"
_RACERS = 4
_DISPOSITION = "attachment; filename=\"probe\"; filename*=UTF-8''probe"
_TYPE = "image/webp"
_MIME = "image/png"
Versioning = Literal["on", "suspended", "off", "unknown"]
Puts = Literal["checked", "yes", "no"]


@dataclass(frozen=True, slots=True)
class Abilities:
    """``conditional_put``: a put only where nothing is, honoured by one of several at once
    ("atomic"), or by those that come later ("checked"). ``sha256`` and ``md5``: a body that
    is not what the signature or Content-MD5 says is refused. ``presigned``: who has a signed
    URL gets the object. ``disposition``: such a URL can name a download, and say its type.
    ``presigned_put``: one can be put to, and refuses a body with another sha256 ("checked").
    ``private``: a stranger is refused."""

    conditional_put: Literal["atomic", "checked", "no"] = "no"
    sha256: bool = False
    md5: bool = False
    presigned: bool = False
    disposition: bool = False
    presigned_put: Puts = "no"
    versioning: Versioning = "unknown"
    private: bool = True

    def __str__(self) -> str:
        return ", ".join(f"{f.name} {_shown(getattr(self, f.name))}" for f in fields(self))


def _shown(value: bool | str) -> str:
    return value if isinstance(value, str) else ("yes" if value else "no")


def probe(client: S3Client, place: Place) -> Abilities:
    """Raises Unavailable when the store cannot be reached or written to."""
    return _Probe(client, place).abilities()


class _Probe:
    def __init__(self, client: S3Client, place: Place) -> None:
        self._client = client
        self._bucket = place.bucket
        self._key = f"{place.prefix}{TEMPORARY}{uuid.uuid4().hex}"
        self._raced = f"{self._key}-race"

    def abilities(self) -> Abilities:
        try:
            with requests("probing the store"):
                self._put(self._key)
            return Abilities(
                conditional_put=self._conditional_put(),
                sha256=self._refuses(self._damaged_on_the_way),
                md5=self._refuses(lambda: self._put(self._key, ContentMD5=md5_of(_OTHER))),
                presigned=self._signs(),
                disposition=self._names_downloads(),
                presigned_put=self._is_sent_to(),
                versioning=versioning(self._client, self._bucket),
                private=self._is_private(),
            )
        finally:
            for key in (self._key, self._raced):
                drop(self._client, self._bucket, key)

    def _put(self, key: str, **more: Any) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=_BODY, **more)

    def _refuses(self, attempt: Callable[[], None]) -> bool:
        """Whether the store refuses it: as wrong, not because something failed."""
        try:
            attempt()
        except ClientError as error:
            return 400 <= error.response["ResponseMetadata"]["HTTPStatusCode"] < 500
        except UNANSWERED:
            pass
        return False

    def _damaged_on_the_way(self) -> None:
        """The signature is of one body, and another one arrives."""

        def swap(request: Any, **_: Any) -> None:
            if request.url.endswith(self._key):
                request.body = _OTHER

        self._client.meta.events.register("before-send.s3.PutObject", swap)
        try:
            self._put(self._key)
        finally:
            self._client.meta.events.unregister("before-send.s3.PutObject", swap)

    def _conditional_put(self) -> Literal["atomic", "checked", "no"]:
        if not self._refuses(lambda: self._put(self._key, IfNoneMatch="*")):
            return "no"
        together = threading.Barrier(_RACERS)

        def race(_: int) -> bool:
            together.wait()
            return self._refuses(lambda: self._put(self._raced, IfNoneMatch="*"))

        with ThreadPoolExecutor(_RACERS) as racers:
            refused = sum(racers.map(race, range(_RACERS)))
        return "atomic" if refused == _RACERS - 1 else "checked"

    def _ask(self, url: str, method: str = "GET", **more: Any) -> AWSResponse:
        session = URLLib3Session(timeout=10)
        try:
            return session.send(AWSRequest(method, url, **more).prepare())
        finally:
            session.close()

    def _url(self, **more: str) -> str:
        parameters = {"Bucket": self._bucket, "Key": self._key} | more
        return self._client.generate_presigned_url("get_object", parameters, 60)

    def _signs(self) -> bool:
        with suppress(BotoCoreError):
            answer = self._ask(self._url())
            return (answer.status_code, answer.content) == (200, _BODY)
        return False

    def _names_downloads(self) -> bool:
        wanted = {"ResponseContentDisposition": _DISPOSITION, "ResponseContentType": _TYPE}
        with suppress(BotoCoreError):
            answer = self._ask(self._url(**wanted))
            said = [answer.headers.get(f"content-{what}") for what in ("disposition", "type")]
            return answer.status_code == 200 and said == [_DISPOSITION, _TYPE]
        return False

    def _is_private(self) -> bool:
        with suppress(BotoCoreError):
            return self._ask(self._url().partition("?")[0]).status_code != 200
        return True

    def _is_sent_to(self) -> Puts:
        """By strangers with a URL. An unknown header may be ignored, or be too much."""
        with suppress(BotoCoreError):
            refused = 400 <= self._sent(_OTHER, checked=True) < 500
            if refused and self._sent(_BODY, checked=True) == 200:
                return "checked"
            if self._sent(_BODY, checked=False) == 200:
                return "yes"
        return "no"

    def _sent(self, body: bytes, *, checked: bool) -> int:
        """The status that a body gets where ``_BODY`` is expected, which is as long."""
        expected = Expected(len(_BODY), _MIME, hashlib.sha256(_BODY).hexdigest())
        place = (self._bucket, self._key)
        to = presigned_put(self._client, place, expected, 60, checked=checked)
        return self._ask(to.url, "PUT", data=body, headers=to.headers).status_code


def remove_all(client: S3Client, bucket: str, prefix: str) -> None:
    """Whatever begins so; and every version of it, where the credentials may. Raises
    GalleryError."""
    with requests(f"removing what was tried in {bucket}"), ThreadPoolExecutor(_RACERS) as threads:
        found = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
        keys = [item["Key"] for item in found]
        [*threads.map(lambda key: client.delete_object(Bucket=bucket, Key=key), keys)]
        with suppress(ClientError):
            past = client.list_object_versions(Bucket=bucket, Prefix=prefix)
            for version in (*past.get("Versions", ()), *past.get("DeleteMarkers", ())):
                key, id = version["Key"], version["VersionId"]
                client.delete_object(Bucket=bucket, Key=key, VersionId=id)


def versioning(client: S3Client, bucket: str) -> Versioning:
    """Whether a deleted object leaves earlier versions behind."""
    states: dict[str, Versioning] = {"Enabled": "on", "Suspended": "suspended"}
    try:
        status = client.get_bucket_versioning(Bucket=bucket)
    except (ClientError, *UNANSWERED):
        return "unknown"
    return states.get(status.get("Status", ""), "off")


def md5_of(body: bytes) -> str:
    """As the header Content-MD5 has it."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
