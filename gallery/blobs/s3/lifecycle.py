"""What a bucket does with objects by their age: what is temporary goes, what was replaced goes
later, and what is large moves to a cheaper class."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from gallery.blobs import TEMPORARY
from gallery.blobs.s3.client import Place, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TEMPORARY_DAYS = 7
_COLD_FROM_BYTES = 128 << 10
"""Sidecars and thumbnails stay: smaller objects cost more there than they save."""


class Lifecycle:
    """The rules of a place, among whatever others its bucket has."""

    def __init__(self, client: S3Client, place: Place) -> None:
        self._client = client
        self._place = place

    def has(self, rules: list[Any], *, only: bool) -> bool:
        """Servers add fields of their own to a rule: those that are wanted must be there. With
        ``only``, no other rules of ours."""
        found = {rule["ID"]: rule for rule in self._all() if self._is_ours(rule)}
        wanted = {rule["ID"]: rule for rule in rules}
        return (not only or found.keys() == wanted.keys()) and _within(wanted, found)

    def set(self, rules: list[Any]) -> None:
        """Beside what others have set, in the place of what was ours."""
        kept = [rule for rule in self._all() if not self._is_ours(rule)]
        self._client.put_bucket_lifecycle_configuration(
            Bucket=self._place.bucket, LifecycleConfiguration={"Rules": [*kept, *rules]}
        )

    def _all(self) -> list[Any]:
        try:
            found = self._client.get_bucket_lifecycle_configuration(Bucket=self._place.bucket)
        except ClientError as error:
            if status_of(error) == HTTPStatus.NOT_FOUND:
                return []
            raise
        return list(found["Rules"])

    def _is_ours(self, rule: Any) -> bool:
        return str(rule.get("ID")).startswith(f"gallery {self._place} ")

    def _rule(self, name: str, **rule: Any) -> Any:
        return {"ID": f"gallery {self._place} {name}", "Status": "Enabled"} | rule

    # -- the rules ----------------------------------------------------------------------

    def temporary(self) -> Any:
        return self._rule(
            "temporary",
            Filter={"Prefix": self._place.prefix + TEMPORARY},
            Expiration={"Days": TEMPORARY_DAYS},
            NoncurrentVersionExpiration={"NoncurrentDays": 1},
            AbortIncompleteMultipartUpload={"DaysAfterInitiation": TEMPORARY_DAYS},
        )

    def noncurrent(self, days: int) -> Any:
        return self._rule(
            "noncurrent",
            Filter={"Prefix": self._place.prefix},
            NoncurrentVersionExpiration={"NoncurrentDays": days},
            Expiration={"ExpiredObjectDeleteMarker": True},
        )

    def cold(self, days: int, storage_class: str) -> Any:
        """An image moves after so many days, to a class that is read at once: it is shown whenever
        somebody wants to see it."""
        prefix = f"{self._place.prefix}users/"
        return self._rule(
            "cold",
            Filter={"And": {"Prefix": prefix, "ObjectSizeGreaterThan": _COLD_FROM_BYTES}},
            Transitions=[{"Days": days, "StorageClass": storage_class}],
        )


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            name in whole and _within(value, whole[name]) for name, value in part.items()
        )
    return bool(part == whole)
