"""A library, and stores that it moves to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.sides import Sides
from tests import databases, services
from tests.databases import Database
from tests.migrate import movers
from tests.migrate.movers import Mover
from tests.migrate.moves import Move, fill
from tests.migrate.noting import Both
from tests.migrate.operator import IMAGES, Operator, to_services
from tests.migrate.places import Place
from tests.migrate.real import Ground
from tests.migrate.turning import THERE, Living
from tests.samples import put


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-moves", action="store_true", help="every step, and more of all")


@pytest.fixture(scope="session")
def everything(request: pytest.FixtureRequest) -> bool:
    """Whether that is asked for, which takes longer."""
    return bool(request.config.getoption("--all-moves", default=False))


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """Of real commands; with a library of one image."""
    ground = Ground(tmp_path)
    with ground.library() as library:
        put(library, 1)
    yield ground
    ground.proxy.close()


@pytest.fixture(scope="session")
def own_database() -> Iterator[Database]:
    database = Database()
    yield database
    database.stop()


@pytest.fixture
def own(tmp_path: Path, own_database: Database) -> Iterator[Ground]:
    """With a database that may be restarted."""
    ground = Ground(tmp_path, own_database)
    ground.fill(1, 4)
    yield ground
    ground.proxy.close()


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
    with Move(Sides(here, there, THERE.blobs), tmp_path / "run").held() as move:
        yield move
    there.close()
    here.close()


@pytest.fixture
def empty(move: Move, places: tuple[Place, Place], tmp_path: Path) -> Iterator[Living]:
    """That library as a server has it, to be turned to the other side."""
    living = Living(move, places, tmp_path)
    yield living
    living.close()


@pytest.fixture
def living(empty: Living) -> Living:
    """The same with images, which were copied to the other side."""
    fill(empty.move.source)
    empty.move.plan()
    empty.move.copy()
    return empty


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """The settings of a move whose database is there, and nothing said of it yet."""
    with databases.lent() as url:
        both = Both(tmp_path, url)
        yield both
        both.catalog.close()


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """A library in files, and services that it may move to."""
    operator = to_services(tmp_path)
    with services.s3().reached():
        with operator.library() as library:
            fill(library, IMAGES)
        yield operator


@pytest.fixture
def mover(tmp_path: Path) -> Iterator[Mover]:
    """A library on files, with a bucket and a database for it to move to."""
    with movers.mover(tmp_path) as mover:
        yield mover
