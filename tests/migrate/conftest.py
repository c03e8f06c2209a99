"""A library on files, and stores that it moves to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.blobs.files import FileBlobs
from gallery.blobs.memory import MemoryBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.memory import MemoryCatalog
from gallery.catalog.postgres import PostgresCatalog
from gallery.library import Library
from migrate.sides import Sides
from tests import databases, services
from tests.conformance.stores import LIBRARY, PLENTY
from tests.migrate.moves import Move
from tests.samples import NOON


def _memory(_: Path) -> Library:
    return Library(MemoryBlobs(), MemoryCatalog(), clock=lambda: NOON)


def _files(folder: Path) -> Library:
    catalog = ManifestCatalog(str(folder / "manifests"), memory_bytes=PLENTY)
    return Library(FileBlobs(str(folder / "outputs")), catalog, clock=lambda: NOON)


def _services(folder: Path) -> Library:
    catalog = PostgresCatalog(databases.empty(LIBRARY))
    return Library(services.s3().blobs(folder), catalog, clock=lambda: NOON)


STORES = {"memory": _memory, "files": _files, "services": _services}


@pytest.fixture
def ways() -> tuple[str, str]:
    """From which stores to which."""
    return "files", "memory"


@pytest.fixture
def move(ways: tuple[str, str], tmp_path: Path) -> Iterator[Move]:
    """A library with nothing in it, and an empty place that was made its own."""
    here, there = (STORES[name](tmp_path / name) for name in ways)
    for library in (here, there):
        library.blobs.claim(LIBRARY, ["the key that signs in tests"])
        library.start()
    with Move(Sides(here, there), tmp_path / "run").held() as move:
        yield move
    there.close()
    here.close()
