"""Makes a bucket fit for a library: private, versioned, encrypted, tidied by age.

Each step looks first, so that doing it twice is like doing it once, and looks again
afterwards: some servers accept what they then ignore. A step that a server doesn't support is
named and left out. One after which the bucket can no longer be written to is taken back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from gallery.blobs import TEMPORARY
from gallery.blobs.s3.bucket_settings import Encrypted, LetIn, Private, Setting, Versioned
from gallery.blobs.s3.client import Place, code_of, requests, status_of
from gallery.blobs.s3.lifecycle import Lifecycle
from gallery.blobs.s3.versions import drop
from gallery.errors import StartRefused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ENVIRONMENTS = ("dev", "stage", "prod")
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
        self._place = place
        self._wanted = wanted
        self._lifecycle = Lifecycle(client, place)

    def steps(self) -> Iterator[Step]:
        bucket = (self._client, self._place.bucket)
        yield self._exists()
        yield self._set("no public access", Private(*bucket))
        yield self._set("versions kept", Versioned(*bucket))
        yield self._set("encryption", Encrypted(*bucket))
        if self._wanted.origin is None:
            yield Step("access from the site", "left out", "GALLERY_PUBLIC_ORIGIN is not set")
        else:
            site = LetIn(*bucket, self._wanted.origin)
            yield self._step("access from the site", site.is_right, site.make)
        yield from self._by_age()

    def _by_age(self) -> Iterator[Step]:
        """Cold storage is a step of its own: a server that drops the condition on size would
        move sidecars and thumbnails as well."""
        rules, days = self._lifecycle, self._wanted.cold_days
        tidied = [rules.temporary(), rules.noncurrent(self._wanted.noncurrent_days)]
        yield self._step(
            "removal by age",
            lambda: rules.has(tidied, only=days is None),
            lambda: rules.set(tidied),
        )
        if days is not None:
            everything = [*tidied, rules.cold(days, self._wanted.cold_class)]
            yield self._step(
                "cold storage",
                lambda: rules.has(everything, only=True),
                lambda: rules.set(everything),
                lambda: rules.set(tidied),
            )

    def _exists(self) -> Step:
        with requests(f"bucket {self._place.bucket}"):
            try:
                self._client.head_bucket(Bucket=self._place.bucket)
            except ClientError as error:
                if status_of(error) != 404:
                    raise
            else:
                return Step("bucket", "was so")
            where = self._client.meta.region_name
            more: dict[str, Any] = {}
            if where != "us-east-1":
                more["CreateBucketConfiguration"] = {"LocationConstraint": where}
            self._client.create_bucket(Bucket=self._place.bucket, **more)
        return Step("bucket", "made")

    def _set(self, name: str, setting: Setting) -> Step:
        return self._step(name, setting.is_right, setting.make, setting.undo)

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
            except KeyError:
                return Step(name, "not supported", "it does not tell what is set")
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
            self._client.put_object(Bucket=self._place.bucket, Key=key, Body=b"a probe")
        except ClientError:
            return False
        drop(self._client, self._place.bucket, key)
        return True
