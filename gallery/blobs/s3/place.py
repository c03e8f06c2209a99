"""A bucket as it is, for who wants to move a library there: looked at, and tried.

What is tried is put below ``.gallery/tmp/`` and removed, with every version of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from gallery.blobs import TEMPORARY
from gallery.blobs.marker import MARKER, library_in
from gallery.blobs.s3.client import Patience, Place, new_client, requests
from gallery.blobs.s3.probe import Abilities, probe, remove_all, versioning
from gallery.errors import GalleryError, NotFound
from gallery.findings import Finding, Odd, skew, timed, tried, whose
from gallery.keys import Folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BODY = b"a round trip"
_PART = slice(2, 7)
_THREADS = 16
_PATIENCE = Patience(connect_seconds=3.0, read_seconds=10.0, attempts=2)
_MOST_BYTES = 1024
_LONGEST_KEY = len(Folder("a" * 64, "control", date.max).mark("0" * 32, "purge"))


class S3Place:
    """Fulfils Place. ``library`` is the one that wants to move here; ``presigned`` whether
    visitors are to be sent here."""

    def __init__(self, place: Place, library: str | None, *, presigned: bool) -> None:
        self._place = place
        self._library = library
        self._presigned = presigned
        self._tried = f"{place.prefix}{TEMPORARY}preflight-{uuid.uuid4().hex}"
        self._client: S3Client = new_client(_PATIENCE, connections=_THREADS, profile=place.profile)
        self._bucket: dict[str, Any] = {"Bucket": place.bucket}

    def close(self) -> None:
        self._client.close()

    def findings(self) -> Iterator[Finding]:
        todo = "see gallery bucket init, GALLERY_NEXT_BLOBS and the AWS_* variables"
        answers = tried("the bucket answers", self._answers, todo)
        yield answers
        if answers.state == "failed":
            return
        yield tried("the clock of the store", self._clock)
        yield tried("whose the bucket is", self._whose, "give it a prefix of its own")
        yield tried("every key fits there", self._fits)
        try:
            steps = [*self._round_trip()]
        finally:
            with suppress(GalleryError):
                remove_all(self._client, self._place.bucket, self._tried)
        yield from steps
        if all(step.state == "ok" for step in steps):
            yield from self._abilities()
        yield tried("rules that remove by age", self._rules)

    # -- as it is -----------------------------------------------------------------------

    def _answers(self) -> str:
        with requests(f"bucket {self._place.bucket}"):
            self._client.head_bucket(**self._bucket)
        return f"{self._place} at {self._client.meta.endpoint_url}"

    def _clock(self) -> str:
        with requests("the time"):
            answer = self._client.head_bucket(**self._bucket)
        said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        if said is None:
            raise Odd("it does not say", state="warning")
        ahead = parsedate_to_datetime(said) - datetime.now(UTC)
        return skew(ahead.total_seconds(), "the store's clock")

    def _whose(self) -> str:
        try:
            with requests(f"{self._place}/{MARKER}"):
                found = self._client.get_object(**self._bucket, Key=self._place.prefix + MARKER)
                raw = found["Body"].read(65_536)
        except NotFound:
            return self._nobodys()
        return whose(library_in(raw, f"{self._place}/{MARKER}", ""), self._library)

    def _nobodys(self) -> str:
        with requests(f"the list of {self._place}"):
            found = self._client.list_objects_v2(
                **self._bucket, Prefix=f"{self._place.prefix}users/", MaxKeys=1
            )
        if found.get("KeyCount"):
            raise Odd(
                "nobody's, yet there are objects below users/",
                "give it a prefix of its own; what lies there is never overwritten",
                "warning",
            )
        return whose(None, self._library)

    def _fits(self) -> str:
        longest = len(self._place.prefix) + _LONGEST_KEY
        if longest > _MOST_BYTES:
            raise Odd(
                f"keys have up to {longest} bytes, S3 knows {_MOST_BYTES}", "a shorter prefix"
            )
        return f"at most {longest} of {_MOST_BYTES} bytes"

    def _rules(self) -> str:
        """Rules of ours remove what is temporary, and earlier versions."""
        rules: list[Any] = []
        with suppress(GalleryError), requests("the rules of age"):
            found = self._client.get_bucket_lifecycle_configuration(**self._bucket)
            rules = list(found.get("Rules", ()))
        for rule in rules:
            if self._removes_images(rule):
                raise Odd(f"{rule.get('ID')} removes images", "remove that rule")
        if not rules:
            raise Odd("there are none", "see gallery bucket init", "warning")
        return ", ".join(str(rule.get("ID")) for rule in rules)

    def _removes_images(self, rule: Any) -> bool:
        images, begins = f"{self._place.prefix}users/", _prefix(rule)
        is_theirs = images.startswith(begins) or begins.startswith(images)
        return is_theirs and bool(rule.get("Expiration", {}).keys() & {"Days", "Date"})

    # -- tried --------------------------------------------------------------------------

    def _round_trip(self) -> Iterator[Finding]:
        """Ends with what fails."""
        steps: dict[str, Callable[[], bool]] = {
            "an object can be put": self._put,
            "it can be looked at (HEAD)": self._head,
            "a part of it can be read": self._read,
            "it can be listed": self._listed,
            "it can be removed": self._removed,
        }
        for what, step in steps.items():
            found = tried(what, lambda step=step: _right(step()), "see the credentials' rights")  # type: ignore[misc]
            yield found
            if found.state == "failed":
                return

    def _put(self) -> bool:
        with requests("put"):
            self._client.put_object(**self._bucket, Key=self._tried, Body=_BODY)
        return True

    def _head(self) -> bool:
        with requests("HEAD"):
            found = self._client.head_object(**self._bucket, Key=self._tried)
        return found["ContentLength"] == len(_BODY)

    def _read(self) -> bool:
        span = f"bytes={_PART.start}-{_PART.stop - 1}"
        with requests("GET"):
            found = self._client.get_object(**self._bucket, Key=self._tried, Range=span)
            return found["Body"].read() == _BODY[_PART]

    def _listed(self) -> bool:
        with requests("list"):
            found = self._client.list_objects_v2(**self._bucket, Prefix=self._tried)
        return [item["Key"] for item in found.get("Contents", ())] == [self._tried]

    def _removed(self) -> bool:
        with requests("delete"):
            self._client.delete_object(**self._bucket, Key=self._tried)
        try:
            self._head()
        except NotFound:
            return True
        return False

    # -- abilities ----------------------------------------------------------------------

    def _abilities(self) -> Iterator[Finding]:
        """All that the store does when a server starts there."""
        try:
            can = probe(self._client, self._place)
        except GalleryError as error:
            yield Finding("what the store can do", "failed", str(error))
            return
        yield Finding("what the store can do", "ok", str(can))
        if can.conditional_put != "atomic":
            why = "two that make a library here at once may both believe they did"
            yield Finding("puts where nothing is yet", "warning", why, "have nobody but copy do it")
        if not can.sha256 and not can.md5:
            why = "the store compares nothing, so that each object is read back"
            yield Finding("bodies are compared", "warning", why, "expect twice the time")
        if self._presigned and not can.presigned:
            why = "GALLERY_DELIVERY is presigned, and signed links do not work here"
            yield Finding("signed links", "failed", why, "set GALLERY_DELIVERY=server")
        if not can.private:
            why = "anybody can read the bucket, also the keys that sign cookies"
            yield Finding("strangers are refused", "failed", why, "see gallery bucket init")
        yield tried("earlier versions", lambda: self._versions(can))

    def _versions(self, can: Abilities) -> str:
        if can.versioning in ("off", "unknown"):
            todo = "turn versioning on with gallery bucket init"
            why = "what is replaced or removed by mistake cannot be had back"
            raise Odd(f"{can.versioning}: {why}", todo, "warning")
        with requests("the list of versions"):
            self._client.list_object_versions(**self._bucket, Prefix=self._tried)
        return f"{versioning(self._client, self._place.bucket)}; a purge removes those of sidecars"

    # -- how fast -----------------------------------------------------------------------

    def rate(self, size: int, bodies: int) -> float:
        body = bytes(size)

        def put(number: int) -> None:
            with requests("a timed put"):
                key = f"{self._tried}-{number}"
                self._client.put_object(**self._bucket, Key=key, Body=body)

        try:
            with ThreadPoolExecutor(min(_THREADS, bodies)) as threads:
                put(0)  # opens the connection
                return size * bodies / timed(lambda: [*threads.map(put, range(bodies))])
        finally:
            remove_all(self._client, self._place.bucket, self._tried)


def _right(*said: bool) -> str:
    if not all(said):
        raise Odd("something else came back than was sent", "use another store")
    return ""


def _prefix(rule: Any) -> str:
    """What the keys begin with that a rule of age is for."""
    found = rule.get("Filter", {})
    return str(
        found.get("Prefix") or found.get("And", {}).get("Prefix") or rule.get("Prefix") or ""
    )
