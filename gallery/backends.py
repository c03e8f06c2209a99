"""From settings to stores: the only place that knows the concrete ones."""

from __future__ import annotations

from types import ModuleType

from gallery import network
from gallery.blobs import BlobStore
from gallery.blobs.files import FileBlobs
from gallery.catalog import Catalog
from gallery.catalog.manifests import ManifestCatalog, library_of
from gallery.errors import StartRefused
from gallery.settings import Settings

_POSTGRES = ("postgresql://", "postgres://")


def stores(settings: Settings) -> tuple[BlobStore, Catalog]:
    """The stores that the settings name, not yet started. Raises StartRefused."""
    if settings.blobs != "file:":
        raise StartRefused(f"GALLERY_BLOBS: {settings.blobs!r} is not a store this version knows")
    if settings.workers > 1 and (why := alone(settings)):
        raise StartRefused(f"GALLERY_WORKERS: {why}; 1 is allowed")
    blobs = FileBlobs(str(settings.outputs), expected=known_library(settings))
    return blobs, _catalog(settings)


def known_library(settings: Settings) -> str | None:
    """The library that the catalog is of, if it is of any yet. Raises StartRefused."""
    if settings.catalog.startswith(_POSTGRES):
        library: str | None = _postgres().schema.library_of(settings.catalog)
        return library
    return library_of(str(settings.manifests))


def _catalog(settings: Settings) -> Catalog:
    if settings.catalog.startswith(_POSTGRES):
        # The periodic jobs' own notes lie there in any case.
        settings.manifests.mkdir(parents=True, exist_ok=True)
        catalog: Catalog = _postgres().PostgresCatalog(settings.catalog)
        return catalog
    if settings.catalog != "manifest:":
        raise StartRefused("GALLERY_CATALOG: neither manifest: nor postgresql://…")
    return ManifestCatalog(
        str(settings.manifests),
        memory_bytes=settings.memory_bytes * 5 // 8,
        ring_items=settings.ring_items,
        alone=alone(settings),
    )


def _postgres() -> ModuleType:
    """Imported where it is wanted: its client is an extra of the package."""
    try:
        from gallery.catalog import postgres
    except ImportError as error:
        raise StartRefused(f"GALLERY_CATALOG: {error}; pip install 'gallery[postgres]'") from error
    return postgres


def alone(settings: Settings) -> str:
    """Why one process must have the library to itself; "" when several may share it."""
    manifests, outputs = settings.manifests, settings.outputs
    for folder in (manifests, manifests / "feed", manifests / "users", outputs, outputs / "users"):
        if kind := network.shared(str(folder)):
            return f"{folder} lies on {kind}, where processes cannot agree"
    return ""
