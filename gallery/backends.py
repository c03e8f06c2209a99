"""From settings to stores: the only place that knows the concrete ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gallery.blobs import BlobStore
from gallery.blobs.files import FileBlobs
from gallery.catalog import Catalog
from gallery.catalog.manifests import ManifestCatalog, library_of
from gallery.errors import StartRefused
from gallery.settings import Settings

_S3 = "s3:"


def stores(settings: Settings) -> tuple[BlobStore, Catalog]:
    """The stores that the settings name, not yet started. Raises StartRefused."""
    if settings.catalog != "manifest:":
        raise StartRefused(f"GALLERY_CATALOG: {settings.catalog!r} is not one this version knows")
    manifests = str(settings.manifests)
    blobs = _blobs(settings, library_of(manifests))
    catalog = ManifestCatalog(
        manifests,
        memory_bytes=settings.memory_bytes * 5 // 8,
        ring_items=settings.ring_items,
    )
    return blobs, catalog


def _blobs(settings: Settings, expected: str | None) -> BlobStore:
    if settings.blobs == "file:":
        return FileBlobs(str(settings.outputs), expected)
    if settings.blobs.startswith(_S3):
        with _extra("s3"):
            from gallery.blobs.s3 import S3Blobs
            from gallery.blobs.s3_client import Place
        # Bodies on their way in are local files, and wait where they always do.
        incoming = settings.outputs / ".gallery" / "incoming"
        return S3Blobs(Place.parse(settings.blobs), str(incoming), expected)
    raise StartRefused(f"GALLERY_BLOBS: {settings.blobs!r} is not a store this version knows")


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """What not every gallery needs is installed on demand."""
    try:
        yield
    except ImportError as error:
        raise StartRefused(f"{error}: pip install 'gallery[{name}]'") from error


def init_bucket(
    settings: Settings, environment: str | None, **wanted: Any
) -> tuple[str, Iterator[object]]:
    """The place that the settings name, in that environment, and step by step what is done
    to its bucket. Raises StartRefused, and on the way Unavailable."""
    if not settings.blobs.startswith(_S3):
        raise StartRefused("GALLERY_BLOBS names no bucket")
    with _extra("s3"):
        from gallery.blobs import s3_bucket, s3_client
    place = s3_bucket.of_environment(s3_client.Place.parse(settings.blobs), environment)
    client = s3_client.new_client(s3_client.PATIENCE, connections=1)
    wants = s3_bucket.Wanted(origin=settings.public_origin, **wanted)
    return str(place), s3_bucket.init(client, place, wants)
