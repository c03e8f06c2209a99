"""The stores, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.blobs import BlobStore
from tests.conformance.stores import BLOBS, CATALOGS, Catalogs


@pytest.fixture(params=sorted(BLOBS))
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    store = BLOBS[request.param](tmp_path / "outputs")
    store.start()
    yield store
    store.close()


@pytest.fixture(params=sorted(CATALOGS))
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogs]:
    catalogs = CATALOGS[request.param](tmp_path / "manifests")
    yield catalogs
    catalogs.read.close()
    if catalogs.write is not catalogs.read:
        catalogs.write.close()
