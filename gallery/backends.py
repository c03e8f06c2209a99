"""From settings to stores: the only place that knows the concrete ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from gallery import network
from gallery.blobs import BlobStore
from gallery.blobs.abilities import Linked
from gallery.blobs.files import FileBlobs
from gallery.blobs.files.place import FolderPlace
from gallery.catalog import Catalog
from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog
from gallery.errors import StartRefused
from gallery.findings import Finding, Place
from gallery.links import Cdn
from gallery.settings import Settings

_FILES = "file:"
_S3 = "s3:"
_POSTGRES = ("postgresql://", "postgres://")


def stores(
    settings: Settings, has_moved: Callable[[], bool] = lambda: False, server: str = ""
) -> tuple[BlobStore, Catalog]:
    """The stores that the settings name, not yet started. Where the library "has moved" from
    them, nothing can be changed in them any more. ``server`` is the id of the server process
    that opens them, if it is one. Raises StartRefused."""
    if settings.workers > 1 and (why := alone(settings)):
        raise StartRefused(f"GALLERY_WORKERS: {why}; 1 is allowed")
    blobs = _blobs(settings)
    linked(settings, blobs)
    return blobs, _catalog(settings, has_moved, server)


def linked(settings: Settings, blobs: BlobStore) -> Linked | None:
    """Whose links visitors are sent to; None where the server sends all bytes itself. Raises
    StartRefused."""
    if settings.delivery == "server":
        return None
    if settings.delivery != "presigned":
        return Cdn(settings.delivery)
    if not isinstance(blobs, Linked):
        raise StartRefused(
            f"GALLERY_DELIVERY: presigned needs a bucket, and GALLERY_BLOBS is {settings.blobs}"
        )
    return blobs


def known_library(settings: Settings) -> str | None:
    """The library that the catalog is of, if it is of any yet. Raises StartRefused."""
    if settings.catalog.startswith(_POSTGRES):
        library: str | None = _postgres().schema.library_of(settings.catalog)
        return library
    return library_of(str(settings.manifests))


def noted(settings: Settings, name: str) -> bytes | None:
    """A note of the catalog, if that lies on another machine and has one. Raises
    StartRefused when it cannot be reached."""
    if not settings.catalog.startswith(_POSTGRES):
        return None
    body: bytes | None = _postgres().schema.note_of(settings.catalog, name)
    return body


def _blobs(settings: Settings) -> BlobStore:
    if settings.blobs == _FILES:
        return FileBlobs(str(settings.outputs), expected=known_library(settings))
    if settings.blobs.startswith(_S3):
        with _extra("s3"):
            from gallery.blobs.s3 import S3Blobs
            from gallery.blobs.s3.client import Place
        place = Place.parse(settings.blobs)
        # Bodies on their way in are local files, and wait where they always do.
        incoming = settings.outputs / ".gallery" / "incoming"
        return S3Blobs(place, str(incoming), known_library(settings))
    raise StartRefused(f"GALLERY_BLOBS: {settings.blobs!r} is not a store this version knows")


def _catalog(settings: Settings, has_moved: Callable[[], bool], server: str) -> Catalog:
    if settings.catalog.startswith(_POSTGRES):
        catalog: Catalog = _postgres().PostgresCatalog(
            settings.catalog, has_moved=has_moved, server=server
        )
        return catalog
    if settings.catalog != "manifest:":
        raise StartRefused("GALLERY_CATALOG: neither manifest: nor postgresql://…")
    return ManifestCatalog(
        str(settings.manifests),
        memory_bytes=settings.memory_bytes * 5 // 8,
        ring_items=settings.ring_items,
        alone=alone(settings),
        has_moved=has_moved,
    )


def _postgres() -> ModuleType:
    with _extra("postgres"):
        from gallery.catalog import postgres
    return postgres


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """Imported where it is wanted: what not every gallery needs is an extra of the package."""
    try:
        yield
    except ImportError as error:
        raise StartRefused(f"{error}; pip install 'gallery[{name}]'") from error


def alone(settings: Settings) -> str:
    """Why one process must have the library to itself; "" when several may share it."""
    manifests, outputs = settings.manifests, settings.outputs
    folders = []
    if not settings.catalog.startswith(_POSTGRES):
        folders += [manifests, manifests / "feed", manifests / "users"]
    if settings.blobs == _FILES:
        folders += [outputs, outputs / "users"]
    for folder in folders:
        if kind := network.shared(str(folder)):
            return f"{folder} lies on {kind}, where processes cannot agree"
    return ""


def init_bucket(
    settings: Settings, environment: str | None, **wanted: Any
) -> tuple[str, Iterator[object]]:
    """The place that the settings name, in that environment, and step by step what is done
    to its bucket. Raises StartRefused, and on the way Unavailable."""
    if not settings.blobs.startswith(_S3):
        raise StartRefused("GALLERY_BLOBS names no bucket")
    with _extra("s3"):
        from gallery.blobs.s3 import bucket
        from gallery.blobs.s3.client import PATIENCE, new_client
        from gallery.blobs.s3.client import Place as Bucket
    place = bucket.of_environment(Bucket.parse(settings.blobs), environment)
    client = new_client(PATIENCE, connections=1, profile=place.profile)
    wants = bucket.Wanted(origin=settings.public_origin, **wanted)
    return place.url, bucket.init(client, place, wants)


def blobs_place(settings: Settings, library: str | None) -> Place:
    """Where the settings keep images, as it is, for this library to move to. Raises
    StartRefused, and Unavailable."""
    if settings.blobs == _FILES:
        return FolderPlace(str(settings.outputs), library)
    if not settings.blobs.startswith(_S3):
        raise StartRefused(f"{settings.blobs!r} is not a store this version knows")
    with _extra("s3"):
        from gallery.blobs.s3.client import Place as Bucket
        from gallery.blobs.s3.place import S3Place
    presigned = settings.delivery == "presigned"
    return S3Place(Bucket.parse(settings.blobs), library, presigned=presigned)


def catalog_findings(settings: Settings, library: str | None) -> Iterator[Finding]:
    """What is found where the settings' lists come from. Raises StartRefused."""
    if settings.catalog.startswith(_POSTGRES):
        _postgres()
        from gallery.catalog.postgres.place import PostgresPlace

        yield from PostgresPlace(settings.catalog, library).findings()
    else:
        yield from FolderPlace(str(settings.manifests), library, "library.json").findings()
