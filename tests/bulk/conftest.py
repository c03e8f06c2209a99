"""A library whose images are changed by the many, over each kind of stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gallery.blobs.files import FileBlobs
from gallery.blobs.memory import MemoryBlobs
from gallery.bulk import Bulk
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.memory import MemoryCatalog
from gallery.journal import Report
from gallery.library import Library
from gallery.records import Record
from tests.conformance.stores import PLENTY
from tests.samples import NOON, OTHER, OWNER, SECOND, ident, put, upload

OP = ident(99)
NO_TAGS: tuple[str, ...] = ()


def on_files(folder: Path) -> Library:
    catalog = ManifestCatalog(str(folder / "manifests"), memory_bytes=PLENTY)
    return Library(FileBlobs(str(folder / "outputs")), catalog, clock=Clock())


def in_memory(_: Path) -> Library:
    return Library(MemoryBlobs(), MemoryCatalog(), clock=Clock())


class Clock:
    """A second later each time that somebody looks."""

    def __init__(self) -> None:
        self._now = NOON

    def __call__(self) -> int:
        self._now += SECOND
        return self._now


@pytest.fixture(params=[on_files, in_memory])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """Images 1 to 5; another owner has image 6."""
    make: Callable[[Path], Library] = request.param
    library = make(tmp_path)
    library.start()
    for n in range(1, 6):
        put(library, n, tags=("a", "b") if n == 1 else NO_TAGS, favorite=n == 2)
    upload(library, id=ident(6), owner=OTHER)
    yield library
    library.close()


@pytest.fixture
def bulk(library: Library) -> Bulk:
    return Bulk(library, batch=2)


def on(*numbers: int) -> tuple[str, ...]:
    return tuple(map(ident, numbers))


def said(report: Report) -> list[tuple[int, str]]:
    return [(int(item.id, 16), item.outcome) for item in report.outcomes]


def records(library: Library) -> dict[int, Record]:
    return {n: library.get(OWNER, ident(n)).record for n in range(1, 6)}
