"""What a bucket is set to: that nobody else gets in, that what is replaced is kept, that it is
encrypted, and which site's pages may ask it. Each can be asked for, made and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, Protocol

from botocore.exceptions import ClientError

from gallery.blobs.s3.client import status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PRIVATE: Any = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_ENCRYPTED: Any = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]


class Setting(Protocol):
    """One of them. What cannot be asked for, or be set, raises ClientError; an answer without
    what it is about raises KeyError."""

    def is_right(self) -> bool: ...
    def make(self) -> None: ...
    def undo(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Private:
    client: S3Client
    bucket: str

    def is_right(self) -> bool:
        found = self.client.get_public_access_block(Bucket=self.bucket)
        return bool(found["PublicAccessBlockConfiguration"] == _PRIVATE)

    def make(self) -> None:
        self.client.put_public_access_block(
            Bucket=self.bucket, PublicAccessBlockConfiguration=_PRIVATE
        )

    def undo(self) -> None:
        self.client.delete_public_access_block(Bucket=self.bucket)


@dataclass(frozen=True, slots=True)
class Versioned:
    client: S3Client
    bucket: str

    def is_right(self) -> bool:
        return self.client.get_bucket_versioning(Bucket=self.bucket).get("Status") == "Enabled"

    def make(self) -> None:
        self._set("Enabled")

    def undo(self) -> None:
        self._set("Suspended")

    def _set(self, status: Literal["Enabled", "Suspended"]) -> None:
        self.client.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": status}
        )


@dataclass(frozen=True, slots=True)
class Encrypted:
    """With any algorithm: a key of the operator's own is better than the default."""

    client: S3Client
    bucket: str

    def is_right(self) -> bool:
        found = self.client.get_bucket_encryption(Bucket=self.bucket)
        rules = found["ServerSideEncryptionConfiguration"]["Rules"]
        return any("ApplyServerSideEncryptionByDefault" in rule for rule in rules)

    def make(self) -> None:
        self.client.put_bucket_encryption(
            Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": _ENCRYPTED}
        )

    def undo(self) -> None:
        self.client.delete_bucket_encryption(Bucket=self.bucket)


@dataclass(frozen=True, slots=True)
class LetIn:
    """The pages of one site may read from the bucket, and put to it."""

    client: S3Client
    bucket: str
    origin: str

    def is_right(self) -> bool:
        return any(
            self._is_of_site(rule) and "PUT" in rule["AllowedMethods"] for rule in self._all()
        )

    def _all(self) -> list[Any]:
        try:
            return list(self.client.get_bucket_cors(Bucket=self.bucket)["CORSRules"])
        except ClientError as error:
            if status_of(error) == HTTPStatus.NOT_FOUND:
                return []
            raise

    def _is_of_site(self, rule: Any) -> bool:
        return bool(rule["AllowedOrigins"] == [self.origin])

    def make(self) -> None:
        """Beside what others have set, in the place of what lets the site read alone."""
        rules = [rule for rule in self._all() if not self._is_of_site(rule)]
        rules.append(
            {
                "AllowedOrigins": [self.origin],
                "AllowedMethods": ["GET", "HEAD", "PUT"],
                "AllowedHeaders": ["*"],
                "ExposeHeaders": ["ETag"],
                "MaxAgeSeconds": 3600,
            }
        )
        self.client.put_bucket_cors(Bucket=self.bucket, CORSConfiguration={"CORSRules": rules})
