"""The stores that the suites are run on. A new one joins by its entry here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gallery.blobs import BlobStore
from gallery.blobs.files import FileBlobs
from gallery.blobs.memory import MemoryBlobs
from gallery.catalog import Catalog
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.memory import MemoryCatalog
from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.postgres.questions import WALK
from gallery.totals import Totals
from tests import databases, services
from tests.samples import OWNER

LIBRARY = "3f0c1d52-8f0e-4a3b-9d51-0a5f2f7d9c11"
PLENTY = 64 << 20
TIGHT = 2_000
"""So few bytes that a month is let go of whenever another one is loaded."""


@dataclass(frozen=True, slots=True)
class Catalogs:
    """A catalog to write to and one to read from: the same, or two on the same data."""

    write: Catalog
    read: Catalog


def some_totals(both: Catalogs, owner: str = OWNER) -> dict[str, Totals]:
    """The totals of the kinds that there are any images of."""
    totals = both.read.totals(owner)
    return {kind: t for kind, t in totals.items() if t.active or t.trash}


def _manifests(folder: Path, ring_items: int, memory_bytes: int = PLENTY) -> Catalog:
    catalog = ManifestCatalog(str(folder), memory_bytes=memory_bytes, ring_items=ring_items)
    catalog.start(LIBRARY)
    return catalog


def _alone(make: Callable[[Path], Catalog]) -> Callable[[Path], Catalogs]:
    def both(folder: Path) -> Catalogs:
        catalog = make(folder)
        return Catalogs(catalog, catalog)

    return both


def _memory(_: Path) -> Catalog:
    catalog = MemoryCatalog()
    catalog.start(LIBRARY)
    return catalog


def _postgres(folder: Path, walk: int = WALK) -> Catalog:
    """On the database that belongs to the folder."""
    catalog = PostgresCatalog(_database_of(folder), walk=walk)
    catalog.start(LIBRARY)
    return catalog


_lending = ExitStack()


@functools.lru_cache(1)
def _database_of(_: Path) -> str:
    """Until there is another folder."""
    _lending.close()
    return _lending.enter_context(databases.lent())


def _bucket(server: str, folder: Path) -> BlobStore:
    return services.s3(server).blobs(folder)


BLOBS: dict[str, Callable[[Path], BlobStore]] = {
    "files": lambda folder: FileBlobs(str(folder)),
    "memory": lambda _: MemoryBlobs(),
    **{f"s3 on {server}": partial(_bucket, server) for server in services.OBJECT_STORES},
}
CATALOGS: dict[str, Callable[[Path], Catalogs]] = {
    "memory": _alone(_memory),
    "manifests without ring": _alone(lambda folder: _manifests(folder, 0)),
    "manifests with a ring of 2": _alone(lambda folder: _manifests(folder, 2)),
    "manifests with a large ring": _alone(lambda folder: _manifests(folder, 10_000)),
    "manifests in little memory": _alone(lambda folder: _manifests(folder, 10_000, TIGHT)),
    "manifests read by another": lambda folder: Catalogs(
        _manifests(folder, 10_000), _manifests(folder, 10_000)
    ),
    "postgres": _alone(_postgres),
    "postgres read by another, which walks little": lambda folder: Catalogs(
        _postgres(folder), _postgres(folder, 2)
    ),
}
