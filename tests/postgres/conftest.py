"""A database for each test, and whoever opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from gallery.catalog.postgres import PostgresCatalog
from tests import databases
from tests.conformance.stores import LIBRARY
from tests.databases import Database

Open = Callable[..., PostgresCatalog]


@pytest.fixture
def url() -> Iterator[str]:
    with databases.lent() as url:
        yield url


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    """Opens the database, once more each time, as another process would."""
    open_now: list[PostgresCatalog] = []

    def open_one(*, at: str = url, lock_seconds: float = 30.0) -> PostgresCatalog:
        catalog = PostgresCatalog(at, lock_seconds=lock_seconds)
        catalog.start(LIBRARY)
        open_now.append(catalog)
        return catalog

    yield open_one
    for catalog in open_now:
        catalog.close()


@pytest.fixture
def catalog(opened: Open) -> PostgresCatalog:
    return opened()


@pytest.fixture
def sql(url: str) -> Iterator[psycopg.Connection]:
    """An administrator at the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def own() -> Iterator[Database]:
    """A server that may be stopped."""
    server = Database()
    yield server
    server.stop()


def news(catalog: PostgresCatalog, since: str) -> list[int]:
    """The numbers of the images that changed since then."""
    return [int(noted.id, 16) for noted in catalog.changes(since).noted]
