"""From settings to stores: the only place that knows the concrete ones."""

from __future__ import annotations

from gallery import network
from gallery.blobs import BlobStore
from gallery.blobs.files import FileBlobs
from gallery.catalog import Catalog
from gallery.catalog.manifests import ManifestCatalog, library_of
from gallery.errors import StartRefused
from gallery.settings import Settings


def stores(settings: Settings) -> tuple[BlobStore, Catalog]:
    """The stores that the settings name, not yet started. Raises StartRefused."""
    if settings.blobs != "file:":
        raise StartRefused(f"GALLERY_BLOBS: {settings.blobs!r} is not a store this version knows")
    if settings.catalog != "manifest:":
        raise StartRefused(f"GALLERY_CATALOG: {settings.catalog!r} is not one this version knows")
    if settings.workers > 1 and (why := alone(settings)):
        raise StartRefused(f"GALLERY_WORKERS: {why}; 1 is allowed")
    manifests = str(settings.manifests)
    blobs = FileBlobs(str(settings.outputs), expected=library_of(manifests))
    catalog = ManifestCatalog(
        manifests,
        memory_bytes=settings.memory_bytes * 5 // 8,
        ring_items=settings.ring_items,
        alone=alone(settings),
    )
    return blobs, catalog


def alone(settings: Settings) -> str:
    """Why one process must have the library to itself; "" when several may share it."""
    manifests, outputs = settings.manifests, settings.outputs
    for folder in (manifests, manifests / "feed", manifests / "users", outputs, outputs / "users"):
        if kind := network.shared(str(folder)):
            return f"{folder} lies on {kind}, where processes cannot agree"
    return ""
