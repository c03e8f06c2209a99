"""What was removed from outside comes back from where the library lived before."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from gallery.blobs import BlobStore
from gallery.carried import Purges, begin
from gallery.errors import NotFound, Unavailable
from gallery.fallback import Fallback, reads
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.reconcile import Reconciler
from migrate.sides import Sides
from tests.migrate.moves import Move, fill, stored
from tests.samples import OWNER, ident, pixels

WAYS = [("files", "memory"), ("services", "files"), ("files", "services")]
on_each = pytest.mark.parametrize("ways", WAYS, ids=" to ".join)


@pytest.fixture
def here(move: Move) -> Library:
    """Where the library lives, after it left the source."""
    fill(move.source)
    move.all()
    here = move.target
    begin(here.catalog.notes, here.catalog.changes(None).position, whole=True)
    here.fallback = Fallback(here.catalog.notes, lambda: move.source.blobs, lambda: 1)
    return here


@pytest.fixture
def walker(here: Library, imaging: Imaging) -> Reconciler:
    return Reconciler(here, imaging, settle=0, vanish=0)


def _remove(library: Library, n: int) -> None:
    record = library.get(OWNER, ident(n)).record
    for key in (record.image, record.thumb, record.folder.sidecar(record.id)):
        with suppress(NotFound):
            library.blobs.delete(key)


def _walk(walker: Reconciler) -> None:
    """One look finds it missing, one brings it back, one ends it."""
    for _ in range(3):
        walker.run()


@on_each
def test_an_image_that_is_removed_is_brought_back(
    move: Move, here: Library, walker: Reconciler
) -> None:
    before, entry = stored(here), here.get(OWNER, ident(1))
    _remove(here, 1)
    _walk(walker)
    Purges(here, move.source).carry()
    assert here.get(OWNER, ident(1)).record == entry.record
    record = entry.record
    assert here.blobs.read(record.image) == move.source.blobs.read(record.image)
    assert here.sidecars.read(record.folder, record.id)[0] == record
    assert stored(move.source).keys() == before.keys()
    assert sum(reads(here.catalog.notes).values()) > 0


@on_each
def test_an_image_that_was_removed_after_a_change_is_not_lost_on_the_way_back(
    move: Move, here: Library, walker: Reconciler, tmp_path: Path
) -> None:
    """The migrator may be told of the change before anybody misses the image."""
    position = here.catalog.changes(None).position
    changed = here.edit(OWNER, ident(1), tags=("late",)).record
    _remove(here, 1)
    back = Move(Sides(here, move.source, "back"), tmp_path / "back")
    back.position = position
    with back.held():
        back.follow()
        _walk(walker)
        back.follow()
    for side in (here, move.source):
        assert side.get(OWNER, ident(1)).record == changed
        assert side.blobs.read(changed.image) == pixels(1)


def test_nothing_is_purged_while_that_cannot_be_told(
    move: Move, here: Library, walker: Reconciler
) -> None:
    """The process was started while the other stores were away."""

    def away() -> BlobStore:
        raise Unavailable("the other stores are not open yet")

    here.fallback = Fallback(here.catalog.notes, away, lambda: 1)
    _remove(here, 1)
    _walk(walker)
    assert here.get(OWNER, ident(1))
    here.fallback = Fallback(here.catalog.notes, lambda: move.source.blobs, lambda: 1)
    _walk(walker)
    record = here.get(OWNER, ident(1)).record
    assert here.blobs.stat(record.image)


@on_each
def test_one_that_is_nowhere_any_more_is_purged(
    move: Move, here: Library, walker: Reconciler
) -> None:
    _remove(here, 1)
    _remove(move.source, 1)
    _walk(walker)
    with pytest.raises(NotFound):
        here.get(OWNER, ident(1))
