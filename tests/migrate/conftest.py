"""A library, and stores that it moves to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.sides import Sides
from tests.migrate import movers
from tests.migrate.movers import Mover
from tests.migrate.moves import Move
from tests.migrate.places import Place


@pytest.fixture
def ways() -> tuple[str, str]:
    """From which stores to which."""
    return "files", "memory"


@pytest.fixture
def places(ways: tuple[str, str], tmp_path: Path) -> tuple[Place, Place]:
    return Place(ways[0], tmp_path / "here"), Place(ways[1], tmp_path / "there")


@pytest.fixture
def move(places: tuple[Place, Place], tmp_path: Path) -> Iterator[Move]:
    """A library with nothing in it, and an empty place that was made its own."""
    here, there = (place.opened() for place in places)
    with Move(Sides(here, there), tmp_path / "run").held() as move:
        yield move
    there.close()
    here.close()


@pytest.fixture
def mover(tmp_path: Path) -> Iterator[Mover]:
    """A library on files, with a bucket and a database for it to move to."""
    with movers.mover(tmp_path) as mover:
        yield mover
