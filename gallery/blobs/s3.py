"""Blobs in a bucket of an S3-compatible store: the same keys as in the tree, below a prefix.

There is no rename here. A put is image, thumbnail, sidecar, and the last one commits. Each
image says in its metadata that a put of this library wrote it and when, so that what a crash
left without a sidecar can be told from what somebody dropped; a mark of its own would cost
two more requests for each upload. A purge has a mark, since it is rare.

A sidecar is known by its ETag, not by its time: a put's answer, a look and a listing all give
it alike, while their times differ in precision and two replacements may share a second.
"""

from __future__ import annotations

import base64
import builtins
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from gallery import keys
from gallery.blobs import (
    LIVES,
    MAX_READ,
    TEMPORARY,
    Expected,
    Listed,
    Presigned,
    Purpose,
    Spool,
    Stat,
    s3_versions,
)
from gallery.blobs.s3_bodies import check_head, get_part, size_in
from gallery.blobs.s3_client import code_of, requests, status_of
from gallery.blobs.s3_presign import presigned_put
from gallery.blobs.s3_root import Root
from gallery.errors import NotFound, Unavailable, Unsure
from gallery.keys import Folder
from gallery.records import Seen

_CACHED = {
    "image": "private, max-age=31536000, immutable",
    "thumb": "private, max-age=86400",
}
_PUT = "gallery-put"
_SHA256 = "sha256"
_YET_TO_COME = 1 << 62
_PIECE = 1 << 20
PAGE = 1000
_TEMPORARY_SECONDS = 8 * 86_400.0
"""A lifecycle rule removes them after seven days, and rules are carried out once a day."""


@dataclass(frozen=True, slots=True)
class _Got:
    body: bytes
    stat: Stat


class _Taken(Exception):
    """Something has the key of what was to be new."""


class S3Blobs(Root):
    """Fulfils BlobStore, Exclusive, Hashed, SelfMarked, Linked, Renames, SentTo, Shared and
    Versioned."""

    lives = LIVES

    # -- writing ------------------------------------------------------------------------

    def put(self, key: str, body: bytes | Spool) -> None:
        self._put(key, body)

    def put_new(self, key: str, body: bytes | Spool) -> bool:
        """The store is told to refuse it, or where it would not, is looked at before."""
        try:
            if self.abilities.conditional_put == "no":
                with suppress(NotFound):
                    self.stat(key)
                    return False
                self._put(key, body)
            else:
                self._put(key, body, IfNoneMatch="*")
        except _Taken:
            return False
        return True

    def _put(self, key: str, body: bytes | Spool, **only: Any) -> None:
        if isinstance(body, bytes):
            self._send(key, body, hashlib.sha256(body).hexdigest(), **only)
            return
        with open(body.path, "rb") as file:
            self._send(key, file, body.sha256, **only)

    def _send(
        self,
        key: str,
        body: bytes | IO[bytes],
        sha256: str,
        unclear: type[Unavailable] = Unavailable,
        **only: Any,
    ) -> str:
        """Stores the object, and gives its ETag. Raises _Taken where it is "only" to be put
        if something is not so."""
        client, abilities = self._s3, self.abilities
        parsed = keys.parse(key)
        role = parsed.role if parsed else None
        metadata = {_SHA256: sha256}
        if role == "image":
            metadata[_PUT] = f"{self.library} {int(time.time())}"
        if not abilities.sha256:
            only["ContentMD5"] = _md5(body)
        with self._asking(key, unclear), _unless_taken():
            answer = client.put_object(
                Bucket=self.place.bucket,
                Key=self._key(key),
                Body=body,
                ContentType=_type_of(key),
                CacheControl=_CACHED.get(role or "", "no-store"),
                Metadata=metadata,
                **only,
            )
        if not abilities.sha256 and not abilities.md5:
            self._read_back(key, sha256)
        return answer["ETag"]

    def _read_back(self, key: str, sha256: str) -> None:
        """Where the store compares nothing, what it holds is compared here."""
        arrived, start = hashlib.sha256(), 0
        while piece := self.read(key, start):
            arrived.update(piece)
            start += len(piece)
        if arrived.hexdigest() != sha256:
            raise Unavailable(f"{key}: another body arrived than was sent")

    def delete(self, key: str) -> None:
        """Of what is temporary no version is kept: nobody would ever want it back."""
        client = self._s3
        with suppress(NotFound):  # as it should be
            if key.startswith(TEMPORARY) and self._keeps_versions():
                self._erase(key)
                return
            with self._asking(key):
                client.delete_object(Bucket=self.place.bucket, Key=self._key(key))

    def _keeps_versions(self) -> bool:
        return self.abilities.versioning in ("on", "suspended")

    def _erase(self, key: str) -> None:
        client = self._s3
        with self._asking(f"the versions of {key}"):
            s3_versions.erase(client, self.place.bucket, self._key(key))

    def erase_hidden(self, prefix: str) -> None:
        client = self._s3
        if self._keeps_versions():
            with self._asking(f"the versions below {prefix}"):
                s3_versions.erase_hidden(client, self.place.bucket, self._key(prefix))

    def rename(self, old: str, new: str) -> None:
        """The store copies it itself, with its type and what it says of itself."""
        client, bucket = self._s3, self.place.bucket
        with self._asking(old):
            client.copy_object(
                Bucket=bucket,
                Key=self._key(new),
                CopySource={"Bucket": bucket, "Key": self._key(old)},
            )
        self.delete(old)

    # -- reading ------------------------------------------------------------------------

    def read(self, key: str, start: int = 0, size: int = MAX_READ) -> bytes:
        if size <= 0:
            self.stat(key)
            return b""
        got = self._get(key, start, size)
        return got.body if got else b""

    def _get(self, key: str, start: int, size: int) -> _Got | None:
        """A part of the object, and what the object is; None when it ends before."""
        client = self._s3
        with self._asking(key):
            try:
                answer, body = get_part(
                    client, self.place.bucket, self._key(key), start, size, self._patience.attempts
                )
            except ClientError as error:
                if code_of(error) == "InvalidRange":
                    return None
                raise
        whole = size_in(answer)
        if whole is None:  # the store knows no ranges
            whole, body = len(body), body[start : start + size]
        return _Got(body, _stat(key, whole, answer["ETag"], answer["LastModified"]))

    def stat(self, key: str) -> Stat:
        found = self._head(key)
        return _stat(key, found["ContentLength"], found["ETag"], found["LastModified"])

    def _head(self, key: str) -> Any:
        client = self._s3
        try:
            with self._asking(key):
                found = client.head_object(Bucket=self.place.bucket, Key=self._key(key))
                check_head(found)
                return found
        except NotFound:
            # A bucket that is gone gives the same answer, and proves nothing.
            self.check_now()
            raise

    def fetch(self, found: Listed, size: int) -> tuple[bytes, Seen]:
        got = self._get(found.key, 0, size) if size else None
        stat = got.stat if got else self.stat(found.key)
        return got.body if got else b"", Seen(stat.size, stat.mtime_ns)

    # -- listing ------------------------------------------------------------------------

    def list(self, prefix: str) -> Iterator[Listed]:
        for page in self._pages(prefix):
            for item in page.get("Contents", ()):
                key = item["Key"][len(self.place.prefix) :]
                yield _stat(key, item["Size"], item["ETag"], item["LastModified"])

    def _pages(self, prefix: str, **more: Any) -> Iterator[Any]:
        token: dict[str, Any] = {}
        while True:
            client = self._s3
            with self._asking(f"the list of {prefix}"):
                page = client.list_objects_v2(
                    Bucket=self.place.bucket,
                    Prefix=self._key(prefix),
                    MaxKeys=PAGE,
                    **more,
                    **token,
                )
            if "IsTruncated" not in page:
                raise Unavailable(f"the list of {prefix}: the answer is no list")
            yield page
            if not page["IsTruncated"]:
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _folders(self, folder: str) -> Iterator[str]:
        """The names that have more below them, in byte order."""
        for page in self._pages(folder, Delimiter="/"):
            for found in page.get("CommonPrefixes", ()):
                yield found["Prefix"][len(self._key(folder)) : -1]

    def sidecars(self, owner: str, month: str) -> Iterator[Listed]:
        """Reads past images and thumbnails: a thousand names are one request, and to leave
        those out would take one for each day."""
        for drawer in keys.DRAWERS:
            for found in self.list(f"users/{owner}/{drawer}{month.replace('-', '/')}/"):
                if (key := keys.parse(found.key)) and key.role == "sidecar":
                    yield found

    def months(self, owner: str) -> builtins.list[str]:
        found = set()
        for drawer in keys.DRAWERS:
            top = f"users/{owner}/{drawer}"
            for year in self._folders(top):
                if year.isdigit():
                    found |= {f"{year}-{month}" for month in self._folders(f"{top}{year}/")}
        return sorted(month for month in found if keys.is_month(month))

    def owners(self) -> Iterator[str]:
        yield from (name for name in self._folders("users/") if keys.is_owner(name))

    def strangers(self) -> Iterator[str]:
        """Of folders only their names: another software's may hold millions."""
        for top in ("", "users/"):
            for page in self._pages(top, Delimiter="/"):
                names = [item["Key"] for item in page.get("Contents", ())]
                names += [found["Prefix"] for found in page.get("CommonPrefixes", ())]
                for name in (name[len(self.place.prefix) :] for name in names):
                    if name != top and not _is_ours(name):
                        yield name

    def leftovers(self) -> Iterator[str]:
        for found in self.list(TEMPORARY):
            if time.time() - found.mtime_ns / 1e9 > _TEMPORARY_SECONDS:
                yield found.key

    # -- sidecars -----------------------------------------------------------------------

    def stage(self, folder: Folder, id: str, sidecar: bytes) -> None:
        """Leaves nothing: the image that follows says of itself what it is."""

    def commit(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        return self._put_sidecar(folder.sidecar(id), sidecar)

    def replace(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        return self._put_sidecar(folder.sidecar(id), sidecar)

    def replace_all(self, folder: Folder, sidecars: Mapping[str, bytes]) -> dict[str, Seen]:
        return {id: self.replace(folder, id, sidecar) for id, sidecar in sidecars.items()}

    def _put_sidecar(self, key: str, sidecar: bytes) -> Seen:
        etag = self._send(key, sidecar, hashlib.sha256(sidecar).hexdigest(), Unsure)
        return Seen(len(sidecar), _number(etag))

    def doom(self, folder: Folder, id: str) -> None:
        """With all versions of the sidecar."""
        key = folder.sidecar(id)
        self.put(folder.mark(id, "purge"), b"{}\n")
        if self.abilities.versioning == "off":
            self.delete(key)
        else:
            self._erase(key)

    def finish(self, folder: Folder, id: str) -> None:
        self.delete(folder.mark(id, "put"))
        self.delete(folder.mark(id, "purge"))

    # -- abilities ------------------------------------------------------------------------

    def put_at(self, key: str) -> float | None:
        library, _, when = self._head(key)["Metadata"].get(_PUT, "").partition(" ")
        return float(when) if library == self.library and when.isdigit() else None

    def sha256_of(self, key: str) -> str | None:
        found: str | None = self._head(key)["Metadata"].get(_SHA256)
        return found

    def origin(self) -> str:
        with requests("a link"):
            where = {"Bucket": self.place.bucket, "Key": self.place.prefix or "-"}
            parts = urlsplit(self.connect().generate_presigned_url("get_object", where))
        return f"{parts.scheme}://{parts.netloc}"

    def presigned(
        self, key: str, purpose: Purpose, *, disposition: str | None = None
    ) -> str | None:
        client, can = self._s3, self.abilities
        if not can.presigned or (disposition is not None and not can.disposition):
            return None
        parameters = {"Bucket": self.place.bucket, "Key": self._key(key)}
        if can.disposition:
            # Of our own list, whatever somebody who dropped the object said of it.
            parameters["ResponseContentType"] = _type_of(key)
        if disposition is not None:
            parameters["ResponseContentDisposition"] = disposition
        with self._asking(key):
            return client.generate_presigned_url("get_object", parameters, self.lives[purpose])

    def presigned_put(self, key: str, body: Expected, seconds: int) -> Presigned | None:
        client, can = self._s3, self.abilities.presigned_put
        if can == "no":
            return None
        place = (self.place.bucket, self._key(key))
        with self._asking(key):
            return presigned_put(client, place, body, seconds, checked=can == "checked")


@contextmanager
def _unless_taken() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if status_of(error) == HTTPStatus.PRECONDITION_FAILED:
            raise _Taken from error
        raise


def _stat(key: str, size: int, etag: str, modified: datetime) -> Stat:
    """In whole seconds: some servers say more in a listing than when asked for one object."""
    changed = _number(etag) if key.endswith(".json") else int(modified.timestamp()) * 10**9
    return Stat(key, size, changed)


def _number(etag: str) -> int:
    """A number for an ETag, in the range of times yet to come."""
    digest = hashlib.blake2b(etag.strip('"').encode(), digest_size=8).digest()
    return _YET_TO_COME | (int.from_bytes(digest, "big") >> 2)


def _is_ours(name: str) -> bool:
    """Whether this is a folder that the gallery, or one of its owners, has objects in."""
    return name == ".gallery/" or (name.endswith("/") and keys.is_on_the_way(name[:-1]))


def _type_of(key: str) -> str:
    ext = key.rpartition(".")[2]
    return keys.MIME_OF.get(
        ext, "application/json" if ".json" in key else "application/octet-stream"
    )


def _md5(body: bytes | IO[bytes]) -> str:
    """As the header Content-MD5 has it. A file is left at its beginning."""
    digest = hashlib.md5(usedforsecurity=False)
    if isinstance(body, bytes):
        digest.update(body)
    else:
        while piece := body.read(_PIECE):
            digest.update(piece)
        body.seek(0)
    return base64.b64encode(digest.digest()).decode()
