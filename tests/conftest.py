"""What many tests share: stores on a temporary folder, and the image workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.imaging import Imaging
from gallery.library import Library


@pytest.fixture(scope="session")
def imaging() -> Iterator[Imaging]:
    imaging = Imaging(workers=2, max_pixels=1_000_000)
    imaging.start()
    yield imaging
    imaging.close()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library on files, with nothing in it."""
    blobs = FileBlobs(str(tmp_path / "outputs"))
    blobs.start()
    catalog = ManifestCatalog(str(tmp_path / "manifests"), memory_bytes=64 << 20)
    catalog.start(blobs.library)
    yield Library(blobs, catalog)
    catalog.close()
    blobs.close()
