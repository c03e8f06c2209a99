"""What is purged does not come back from the tree that the library left."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gallery import replica
from gallery.blobs import DROPPED
from gallery.carried import Purges, begin
from gallery.dropped import Dropped
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from tests.images import png
from tests.migrate.moves import Move
from tests.samples import OWNER, ident, upload

DAY = Folder(OWNER, "output", date(2026, 3, 14))


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def ways() -> tuple[str, str]:
    return "memory", "files"


@pytest.fixture
def here(move: Move) -> Library:
    """Where the library lives; the target is the tree that it left."""
    position = move.source.catalog.changes(None).position
    begin(move.source.catalog.notes, position, whole=True)
    return move.source


@pytest.fixture
def tree(move: Move) -> Library:
    return move.target


def _look(here: Library, tree: Library, imaging: Imaging) -> None:
    """As a process does that was just started."""
    Purges(here, tree).carry()
    dropped = Dropped(here, tree, tree, imaging, settle=0)
    for thing in dropped.everything():
        dropped.look(thing)


def _purge(library: Library) -> None:
    library.trash(OWNER, ident(1))
    library.purge(OWNER, ident(1))


def _is_gone(here: Library, tree: Library) -> None:
    assert here.catalog.get(OWNER, ident(1)) is None
    names = [found.key for side in (here, tree) for found in side.blobs.list("")]
    assert [name for name in names if ident(1) in name] == []


def test_nor_when_a_migrator_died_before_the_catalog_there_heard_of_it(
    move: Move, here: Library, tree: Library, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enter(*_: Any) -> None:
        raise Killed

    move.plan()
    upload(here, png(), id=ident(1))
    with monkeypatch.context() as dying:
        dying.setattr(replica, "enter", enter)
        with pytest.raises(Killed):
            move.follow()
    assert tree.sidecars.find(DAY, ident(1))
    _purge(here)
    _look(here, tree, imaging)
    _is_gone(here, tree)


def test_nor_when_it_was_dropped_twice(here: Library, tree: Library, imaging: Imaging) -> None:
    """Who copies a folder there finds each night that what was taken in is missing."""
    for _ in range(2):
        tree.blobs.put(DAY.image(ident(1), "png"), png())
        _look(here, tree, imaging)
    assert here.get(OWNER, ident(1))
    _purge(here)
    _look(here, tree, imaging)
    _is_gone(here, tree)


def test_nor_when_who_took_it_in_died_before_it_was_removed(
    here: Library, tree: Library, imaging: Imaging
) -> None:
    tree.blobs.put(DAY.image(ident(1), "png"), png())
    _look(here, tree, imaging)
    tree.blobs.put(DROPPED + DAY.image(ident(1), "png"), png())
    _purge(here)
    _look(here, tree, imaging)
    _is_gone(here, tree)
