"""A bucket for each test: as a store, and with a library in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.blobs.s3 import S3Blobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.reconcile import Reconciler
from tests.conformance.stores import PLENTY
from tests.recovery import AGAIN, EARLY
from tests.samples import NOON
from tests.services.proxy import Proxy
from tests.services.s3 import Store


@pytest.fixture
def blobs(store: Store, tmp_path: Path) -> Iterator[S3Blobs]:
    blobs = store.blobs(tmp_path)
    blobs.start()
    yield blobs
    blobs.close()


@pytest.fixture
def far(store: Store, proxy: Proxy, tmp_path: Path) -> Iterator[S3Blobs]:
    """Started, and reached through the proxy."""
    blobs = store.blobs(tmp_path, port=proxy.port)
    blobs.start()
    yield blobs
    blobs.close()


@pytest.fixture
def library(store: Store, proxy: Proxy, tmp_path: Path) -> Iterator[Library]:
    """With its images in the bucket, which it reaches through the proxy, and its manifests in
    files."""
    blobs = store.blobs(tmp_path / "incoming", port=proxy.port)
    catalog = ManifestCatalog(str(tmp_path / "manifests"), memory_bytes=PLENTY)
    library = Library(blobs, catalog, clock=lambda: NOON)
    library.start()
    yield library
    library.close()


@pytest.fixture
def walker(library: Library, imaging: Imaging) -> Reconciler:
    """Without its waiting times."""
    return Reconciler(library, imaging, settle=EARLY, vanish=AGAIN, put=0)
