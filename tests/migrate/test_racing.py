"""Somebody changes an image, or purges it, just while the migrator copies it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gallery.library import Library
from tests.migrate.real import Ground
from tests.samples import OWNER, ident


def _edited(library: Library, id: str) -> None:
    library.edit(OWNER, id, tags=("raced",), favorite=True)


def _trashed(library: Library, id: str) -> None:
    library.trash(OWNER, id)


def _purged(library: Library, id: str) -> None:
    _trashed(library, id)
    library.purge(OWNER, id)


RACES: dict[str, Callable[[Library, str], None]] = {
    "an edit": _edited,
    "its trashing": _trashed,
    "its purge": _purged,
}


@pytest.mark.parametrize("what", RACES)
def test_while_the_copy_stands_still_comes(ground: Ground, what: str, everything: bool) -> None:
    """When the original is there and its sidecar is not; also before anything of it is read, and
    when all but its row is there."""
    plan = ground.ok("plan")
    for number, after in enumerate(("put", "send", "commit")[: 3 if everything else 1], 1):
        ground.fill(number, number)
        copy = "copy", "--plan", plan["digest"], "--threads", "1", "--again"
        with ground.stopped(after, *copy) as it, ground.library() as library:
            RACES[what](library, ident(number))
        assert it.ran.code == 0, it.ran.complained
        assert it.ran.said["anomalies"] == []
        ground.is_level()
        with ground.library(target=True) as library:
            entry = library.catalog.get(OWNER, ident(number))
        assert (entry is None) is (what == "its purge")
