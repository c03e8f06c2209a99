"""What lies in a bucket, page by page: a thousand names are one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gallery.blobs import Stat
from gallery.blobs.s3.answers import stat_of
from gallery.blobs.s3.root import Root

PAGE = 1000


def objects(root: Root, prefix: str) -> Iterator[Stat]:
    """Those whose keys begin with ``prefix``, in byte order."""
    for page in _pages(root, prefix):
        for item in page.get("Contents", ()):
            key = item["Key"][len(root.place.prefix) :]
            yield stat_of(key, item["Size"], item["ETag"], item["LastModified"])


def folders(root: Root, folder: str) -> Iterator[str]:
    """The names that have more below them, in byte order."""
    for page in _pages(root, folder, Delimiter="/"):
        for found in page.get("CommonPrefixes", ()):
            yield found["Prefix"][len(root.name(folder)) : -1]


def within(root: Root, folder: str) -> Iterator[str]:
    """The keys of objects in the folder itself, and those of the folders in it, which end
    with "/"; a page's objects first."""
    for page in _pages(root, folder, Delimiter="/"):
        names = [item["Key"] for item in page.get("Contents", ())]
        names += [found["Prefix"] for found in page.get("CommonPrefixes", ())]
        yield from (name[len(root.place.prefix) :] for name in names)


def _pages(root: Root, prefix: str, **more: Any) -> Iterator[Any]:
    token: dict[str, Any] = {}
    while True:
        client = root.client
        with root.asking(f"the list of {prefix}"):
            page = client.list_objects_v2(
                Bucket=root.place.bucket,
                Prefix=root.name(prefix),
                MaxKeys=PAGE,
                **more,
                **token,
            )
        yield page
        if not page["IsTruncated"]:
            return
        token = {"ContinuationToken": page["NextContinuationToken"]}
