"""What happens between two steps of a move: processes that die there, and others that act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gallery.catalog.manifests import ManifestCatalog
from tests.migrate.moves import Move, fill
from tests.migrate.places import Place
from tests.migrate.test_turn import THERE, Living
from tests.samples import OWNER, ident


@pytest.fixture
def ways() -> tuple[str, str]:
    return "files", "files"


@pytest.fixture
def living(move: Move, places: tuple[Place, Place], tmp_path: Path) -> Iterator[Living]:
    living = Living(move, places, tmp_path)
    fill(move.source)
    move.plan()
    move.copy()
    yield living
    living.close()


class Killed(BaseException):
    """The process is gone."""


def test_a_change_that_the_feed_was_not_told_of_is_brought_by_the_turn(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it died between the manifest's line and the feed's."""
    catalog = living.library.catalog
    assert isinstance(catalog, ManifestCatalog)

    def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(catalog.mirror, "announce", killed)
    with pytest.raises(Killed):
        living.library.edit(OWNER, ident(1), tags=("unheard of",))
    monkeypatch.undo()
    living.turn(budget=2.0)
    assert living.lives == THERE
    assert living.library.get(OWNER, ident(1)).record.tags == ("unheard of",)
