"""From settings to stores: the only place that knows the concrete ones."""

from __future__ import annotations

from gallery.blobs import BlobStore
from gallery.blobs.files import FileBlobs
from gallery.catalog import Catalog
from gallery.catalog.manifests import ManifestCatalog, library_of
from gallery.errors import StartRefused
from gallery.settings import Settings


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
    if settings.blobs.startswith("s3:"):
        try:
            from gallery.blobs.s3 import S3Blobs
            from gallery.blobs.s3_client import Place
        except ImportError as error:
            raise StartRefused(f"GALLERY_BLOBS: {error}; pip install 'gallery[s3]'") from error
        # Bodies on their way in are local files, and wait where they always do.
        incoming = settings.outputs / ".gallery" / "incoming"
        return S3Blobs(Place.parse(settings.blobs), str(incoming), expected)
    raise StartRefused(f"GALLERY_BLOBS: {settings.blobs!r} is not a store this version knows")
