"""Blobs in a bucket of an S3-compatible store: the same keys as in the tree, below a prefix.

    root             whose the place is, the connection, and whether it is trusted
    founding         the marker and the keys, made where there is no library
    client           addresses, patience, and names for what can go wrong
    probe            what the store can do, found out by trying
    sending          an object on its way there
    reading          an object, or a part of it, on its way back
    answers          what a store says then, and whether that is whole
    listing          what lies there
    presign          URLs that lead there past the server
    versions         what was replaced or removed
    bucket           a bucket made fit, step by step: bucket_settings, lifecycle
    place            a bucket as it is, for who wants to move a library there

There is no rename here. A put is image, thumbnail, sidecar, and the last one commits. A purge
has a mark, since it is rare.
"""

from __future__ import annotations

import builtins
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gallery import keys
from gallery.blobs import MAX_READ, TEMPORARY, Listed, Stat
from gallery.blobs.abilities import LIVES, Expected, Presigned, Purpose
from gallery.blobs.incoming import Spool
from gallery.blobs.s3 import listing, presign, reading, versions
from gallery.blobs.s3.answers import number_of, stat_of
from gallery.blobs.s3.client import requests
from gallery.blobs.s3.root import Root
from gallery.blobs.s3.sending import Taken, put_at, send, sha256_of, type_of
from gallery.errors import NotFound, Unsure
from gallery.keys import Folder
from gallery.records import Seen

_TEMPORARY_SECONDS = 8 * 86_400.0
"""A lifecycle rule removes them after seven days, and rules are carried out once a day."""


class S3Blobs(Root):
    """Fulfils BlobStore, Exclusive, Hashed, SelfMarked, Linked, Remote, Renames, SentTo, Shared
    and Versioned."""

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
        except Taken:
            return False
        return True

    def _put(self, key: str, body: bytes | Spool, **only: Any) -> None:
        if isinstance(body, bytes):
            send(self, key, body, hashlib.sha256(body).hexdigest(), **only)
            return
        with open(body.path, "rb") as file:
            send(self, key, file, body.sha256, **only)

    def delete(self, key: str) -> None:
        """Of what is temporary no version is kept: nobody would ever want it back."""
        client = self.client
        with suppress(NotFound):  # as it should be
            if key.startswith(TEMPORARY) and self._keeps_versions():
                self._erase(key)
                return
            with self.asking(key):
                client.delete_object(Bucket=self.place.bucket, Key=self.name(key))

    def _keeps_versions(self) -> bool:
        return self.abilities.versioning in ("on", "suspended")

    def _erase(self, key: str) -> None:
        client = self.client
        with self.asking(f"the versions of {key}"):
            versions.erase(client, self.place.bucket, self.name(key))

    def erase_hidden(self, prefix: str) -> None:
        client = self.client
        if self._keeps_versions():
            with self.asking(f"the versions below {prefix}"):
                versions.erase_hidden(client, self.place.bucket, self.name(prefix))

    def rename(self, old: str, new: str) -> None:
        """The store copies it itself, with its type and what it says of itself."""
        client, bucket = self.client, self.place.bucket
        with self.asking(old):
            client.copy_object(
                Bucket=bucket,
                Key=self.name(new),
                CopySource={"Bucket": bucket, "Key": self.name(old)},
            )
        self.delete(old)

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
        etag = send(self, key, sidecar, hashlib.sha256(sidecar).hexdigest(), Unsure)
        return Seen(len(sidecar), number_of(etag))

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

    # -- reading ------------------------------------------------------------------------

    def read(self, key: str, start: int = 0, size: int = MAX_READ) -> bytes:
        if size <= 0:
            self.stat(key)
            return b""
        got = reading.get(self, key, start, size)
        return got.body if got else b""

    def stat(self, key: str) -> Stat:
        found = reading.head(self, key)
        return stat_of(key, found["ContentLength"], found["ETag"], found["LastModified"])

    def put_at(self, key: str) -> float | None:
        return put_at(reading.head(self, key), self.library)

    def sha256_of(self, key: str) -> str | None:
        return sha256_of(reading.head(self, key))

    # -- listing ------------------------------------------------------------------------

    def list(self, prefix: str) -> Iterator[Listed]:
        yield from listing.objects(self, prefix)

    def fetch(self, found: Listed, size: int) -> tuple[bytes, Seen]:
        got = reading.get(self, found.key, 0, size) if size else None
        stat = got.stat if got else self.stat(found.key)
        return got.body if got else b"", Seen(stat.size, stat.mtime_ns)

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
            for year in listing.folders(self, top):
                if year.isdigit():
                    months = listing.folders(self, f"{top}{year}/")
                    found |= {f"{year}-{month}" for month in months}
        return sorted(month for month in found if keys.is_month(month))

    def owners(self) -> Iterator[str]:
        yield from filter(keys.is_owner, listing.folders(self, "users/"))

    def strangers(self) -> Iterator[str]:
        """Of folders only their names: another software's may hold millions."""
        for top in ("", "users/"):
            for name in listing.within(self, top):
                if name != top and not _is_ours(name):
                    yield name

    def leftovers(self) -> Iterator[str]:
        for found in self.list(TEMPORARY):
            if time.time() - found.mtime_ns / 1e9 > _TEMPORARY_SECONDS:
                yield found.key

    # -- links ----------------------------------------------------------------------------

    def origin(self) -> str:
        with requests("a link"):
            return presign.origin(self.connect(), (self.place.bucket, self.place.prefix or "-"))

    def presigned(
        self, key: str, purpose: Purpose, *, disposition: str | None = None
    ) -> str | None:
        client, can = self.client, self.abilities
        if not can.presigned or (disposition is not None and not can.disposition):
            return None
        # The type is of our own list, whatever somebody who dropped the object said of it.
        mime = type_of(key) if can.disposition else None
        place = (self.place.bucket, self.name(key))
        with self.asking(key):
            seconds = self.lives[purpose]
            return presign.presigned_get(client, place, seconds, mime=mime, disposition=disposition)

    def presigned_put(self, key: str, body: Expected, seconds: int) -> Presigned | None:
        client, can = self.client, self.abilities.presigned_put
        if can == "no":
            return None
        place = (self.place.bucket, self.name(key))
        with self.asking(key):
            return presign.presigned_put(client, place, body, seconds, checked=can == "checked")


def _is_ours(name: str) -> bool:
    """Whether this is a folder that the gallery, or one of its owners, has objects in."""
    return name == ".gallery/" or (name.endswith("/") and keys.is_on_the_way(name[:-1]))
