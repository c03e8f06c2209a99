"""Stores by their kind, which can be opened more than once, as several processes would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gallery.blobs import BlobStore
from gallery.blobs.files import FileBlobs
from gallery.blobs.memory import MemoryBlobs
from gallery.catalog import Catalog
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.memory import MemoryCatalog
from gallery.catalog.postgres import PostgresCatalog
from gallery.library import Library
from tests import databases, services
from tests.conformance.stores import LIBRARY, PLENTY
from tests.samples import NOON

KEYS = ["the key that signs in tests"]
HasMoved = Callable[[], bool]


class Place:
    """``kind`` is memory (which can be opened once), files or services."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind = kind
        self._folder = folder
        if kind == "services":
            self._store, self.url = services.s3(), databases.database().create()

    def opened(self, has_moved: HasMoved = lambda: False) -> Library:
        """The library here, which is made if there is none yet."""
        library = Library(*self._stores(has_moved), clock=lambda: NOON)
        library.has_moved = has_moved
        library.blobs.claim(LIBRARY, KEYS)
        library.start(recover=False)
        return library

    def _stores(self, has_moved: HasMoved) -> tuple[BlobStore, Catalog]:
        if self._kind == "memory":
            return MemoryBlobs(), MemoryCatalog()
        if self._kind == "files":
            manifests = str(self._folder / "manifests")
            catalog = ManifestCatalog(manifests, memory_bytes=PLENTY, has_moved=has_moved)
            return FileBlobs(str(self._folder / "outputs")), catalog
        return self._store.blobs(self._folder), PostgresCatalog(self.url, has_moved=has_moved)
