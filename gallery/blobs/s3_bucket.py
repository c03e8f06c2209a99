"""Makes a bucket fit for a library: private, versioned, encrypted, tidied by age.

Each step looks first, so that doing it twice is like doing it once, and looks again
afterwards: some servers accept what they then ignore. A step that a server doesn't support is
named and left out. One after which the bucket can no longer be written to is taken back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from gallery.blobs import TEMPORARY
from gallery.blobs.s3_client import Place, code_of, requests, status_of
from gallery.blobs.s3_versions import drop
from gallery.errors import StartRefused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ENVIRONMENTS = ("dev", "stage", "prod")
COLD_CLASSES = ("STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR")
"""Those that are read at once: an image is shown whenever somebody wants to see it."""
TEMPORARY_DAYS = 7
_COLD_FROM_BYTES = 128 << 10
"""Sidecars and thumbnails stay: smaller objects cost more there than they save."""
_PRIVATE = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_ENCRYPTED: Any = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
Outcome = Literal["made", "was so", "not supported", "left out"]


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things that were to be done, and what came of it."""

    name: str
    outcome: Outcome
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}{f' ({self.why})' if self.why else ''}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``cold_days`` is after how many days large objects move to ``cold_class``."""

    origin: str | None = None
    noncurrent_days: int = 30
    cold_days: int | None = None
    cold_class: str = "STANDARD_IA"


def of_environment(place: Place, environment: str | None) -> Place:
    """The place with the environment's prefix before its bucket's name. Raises StartRefused
    for a bucket that bears another's."""
    if environment is None:
        return place
    first = place.bucket.partition("-")[0]
    if first in ENVIRONMENTS and first != environment:
        raise StartRefused(f"{place.bucket} is not a bucket of {environment}")
    name = place.bucket if first == environment else f"{environment}-{place.bucket}"
    return Place.parse(replace(place, bucket=name).url)


def init(client: S3Client, place: Place, wanted: Wanted) -> Iterator[Step]:
    """Does the steps one by one. Raises Unavailable when the store cannot be reached, or
    its credentials don't allow it."""
    return _Bucket(client, place, wanted).steps()


class _Bucket:
    def __init__(self, client: S3Client, place: Place, wanted: Wanted) -> None:
        self._client = client
        self._bucket: dict[str, Any] = {"Bucket": place.bucket}
        self._place = place
        self._wanted = wanted

    def steps(self) -> Iterator[Step]:
        yield self._exists()
        for name, get, put, undo in (
            ("no public access", self._access, self._make_private, self._drop_private),
            ("versions kept", self._versions, self._keep_versions, self._drop_versions),
            ("encryption", self._encryption, self._encrypt, self._drop_encryption),
        ):
            yield self._step(name, get, put, undo)
        if self._wanted.origin is None:
            yield Step("access from the site", "left out", "GALLERY_PUBLIC_ORIGIN is not set")
        else:
            yield self._step("access from the site", self._cors, self._let_in)
        yield from self._by_age()

    def _by_age(self) -> Iterator[Step]:
        """Cold storage is a step of its own: a server that drops the condition on size would
        move sidecars and thumbnails as well."""
        tidied = [self._temporary(), self._noncurrent()]
        is_cold = self._wanted.cold_days is not None
        yield self._step(
            "removal by age",
            lambda: self._has(tidied, only=not is_cold),
            lambda: self._set_rules(tidied),
        )
        if is_cold:
            yield self._step(
                "cold storage",
                lambda: self._has([*tidied, self._cold()], only=True),
                lambda: self._set_rules([*tidied, self._cold()]),
                lambda: self._set_rules(tidied),
            )

    def _exists(self) -> Step:
        with requests(f"bucket {self._place.bucket}"):
            try:
                self._client.head_bucket(**self._bucket)
            except ClientError as error:
                if status_of(error) != 404:
                    raise
            else:
                return Step("bucket", "was so")
            where = self._client.meta.region_name
            more: dict[str, Any] = {}
            if where != "us-east-1":
                more["CreateBucketConfiguration"] = {"LocationConstraint": where}
            self._client.create_bucket(**self._bucket, **more)
        return Step("bucket", "made")

    def _step(
        self,
        name: str,
        right: Callable[[], bool],
        change: Callable[[], object],
        undo: Callable[[], object] | None = None,
    ) -> Step:
        with requests(f"{name} of {self._place.bucket}"):
            if self._is(right):
                return Step(name, "was so")
            try:
                change()
            except ClientError as error:
                if status_of(error) in (401, 403) or status_of(error) > 501:
                    raise
                return Step(name, "not supported", code_of(error))
            why = self._wrong(right, undo)
            if why and undo is not None:
                undo()
            return Step(name, "not supported" if why else "made", why)

    def _wrong(self, right: Callable[[], bool], undo: object) -> str:
        """What speaks against a change that the server accepted."""
        if not self._is(right):
            return "accepted, and not kept as it was sent"
        if undo is not None and not self._is_writable():
            return "nobody could write any more: taken back"
        return ""

    def _is(self, right: Callable[[], bool]) -> bool:
        """Whether it is so. What cannot be asked for, or is not there, is not."""
        try:
            return right()
        except ClientError as error:
            if status_of(error) in (401, 403):
                raise
            return False
        except KeyError:
            return False

    def _is_writable(self) -> bool:
        key = f"{self._place.prefix}{TEMPORARY}{uuid.uuid4().hex}"
        try:
            self._client.put_object(**self._bucket, Key=key, Body=b"a probe")
        except ClientError:
            return False
        drop(self._client, self._place.bucket, key)
        return True

    # -- the steps ----------------------------------------------------------------------

    def _access(self) -> bool:
        found = self._client.get_public_access_block(**self._bucket)
        return dict(found["PublicAccessBlockConfiguration"]) == _PRIVATE

    def _make_private(self) -> None:
        self._client.put_public_access_block(
            **self._bucket,
            PublicAccessBlockConfiguration=_PRIVATE,  # type: ignore[arg-type]  # a TypedDict of booleans
        )

    def _drop_private(self) -> None:
        self._client.delete_public_access_block(**self._bucket)

    def _versions(self) -> bool:
        return self._client.get_bucket_versioning(**self._bucket).get("Status") == "Enabled"

    def _keep_versions(self) -> None:
        self._set_versions("Enabled")

    def _drop_versions(self) -> None:
        self._set_versions("Suspended")

    def _set_versions(self, status: Literal["Enabled", "Suspended"]) -> None:
        self._client.put_bucket_versioning(
            **self._bucket, VersioningConfiguration={"Status": status}
        )

    def _encryption(self) -> bool:
        """With any algorithm: a key of the operator's own is better than the default."""
        found = self._client.get_bucket_encryption(**self._bucket)
        rules = found["ServerSideEncryptionConfiguration"]["Rules"]
        return any("ApplyServerSideEncryptionByDefault" in rule for rule in rules)

    def _encrypt(self) -> None:
        self._client.put_bucket_encryption(
            **self._bucket, ServerSideEncryptionConfiguration={"Rules": _ENCRYPTED}
        )

    def _drop_encryption(self) -> None:
        self._client.delete_bucket_encryption(**self._bucket)

    def _cors(self) -> bool:
        rules = self._client.get_bucket_cors(**self._bucket)["CORSRules"]
        return any(self._is_of_site(rule) and "PUT" in rule["AllowedMethods"] for rule in rules)

    def _is_of_site(self, rule: Any) -> bool:
        return bool(rule["AllowedOrigins"] == [self._wanted.origin])

    def _let_in(self) -> None:
        """Beside what others have set, in the place of what lets the site read alone."""
        rules: list[Any] = []
        with suppress(ClientError, KeyError):
            found = self._client.get_bucket_cors(**self._bucket)["CORSRules"]
            rules = [rule for rule in found if not self._is_of_site(rule)]
        rules.append(
            {
                "AllowedOrigins": [self._wanted.origin],
                "AllowedMethods": ["GET", "HEAD", "PUT"],
                "AllowedHeaders": ["*"],
                "ExposeHeaders": ["ETag"],
                "MaxAgeSeconds": 3600,
            }
        )
        self._client.put_bucket_cors(**self._bucket, CORSConfiguration={"CORSRules": rules})

    def _has(self, rules: list[Any], *, only: bool) -> bool:
        """Servers add fields of their own to a rule: those that are wanted must be there."""
        found = {rule["ID"]: rule for rule in self._lifecycle() if self._is_ours(rule)}
        wanted = {rule["ID"]: rule for rule in rules}
        return (not only or found.keys() == wanted.keys()) and _within(wanted, found)

    def _set_rules(self, rules: list[Any]) -> None:
        """Beside what others have set, in the place of what was ours."""
        kept: list[Any] = []
        with suppress(ClientError, KeyError):
            kept = [rule for rule in self._lifecycle() if not self._is_ours(rule)]
        self._client.put_bucket_lifecycle_configuration(
            **self._bucket, LifecycleConfiguration={"Rules": [*kept, *rules]}
        )

    def _lifecycle(self) -> list[Any]:
        found = self._client.get_bucket_lifecycle_configuration(**self._bucket)
        return list(found["Rules"])

    def _is_ours(self, rule: Any) -> bool:
        return str(rule.get("ID")).startswith(f"gallery {self._place} ")

    def _rule(self, name: str, **rule: Any) -> Any:
        return {"ID": f"gallery {self._place} {name}", "Status": "Enabled"} | rule

    def _temporary(self) -> Any:
        return self._rule(
            "temporary",
            Filter={"Prefix": self._place.prefix + TEMPORARY},
            Expiration={"Days": TEMPORARY_DAYS},
            NoncurrentVersionExpiration={"NoncurrentDays": 1},
            AbortIncompleteMultipartUpload={"DaysAfterInitiation": TEMPORARY_DAYS},
        )

    def _noncurrent(self) -> Any:
        return self._rule(
            "noncurrent",
            Filter={"Prefix": self._place.prefix},
            NoncurrentVersionExpiration={"NoncurrentDays": self._wanted.noncurrent_days},
            Expiration={"ExpiredObjectDeleteMarker": True},
        )

    def _cold(self) -> Any:
        prefix = f"{self._place.prefix}users/"
        move = {"Days": self._wanted.cold_days, "StorageClass": self._wanted.cold_class}
        return self._rule(
            "cold",
            Filter={"And": {"Prefix": prefix, "ObjectSizeGreaterThan": _COLD_FROM_BYTES}},
            Transitions=[move],
        )


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            name in whole and _within(value, whole[name]) for name, value in part.items()
        )
    return bool(part == whole)
