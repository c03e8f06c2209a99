"""The schema: made by whoever comes first, and refused where it is newer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from gallery.catalog.postgres import PostgresCatalog, schema
from gallery.catalog.query import Query, Words
from gallery.draft import DAY_US
from gallery.errors import StartRefused
from tests import databases
from tests.conformance.stores import LIBRARY
from tests.living import until
from tests.samples import (
    OWNER,
    apply,
    ids,
    record,
)

ACTIVE = Query(OWNER)


def test_an_empty_database_is_made_ready_by_whoever_comes_first() -> None:
    url = databases.database().create()
    catalogs = [PostgresCatalog(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda catalog: catalog.start(LIBRARY), catalogs))
    apply(catalogs[0], "put", record(1))
    assert all(ids(catalog.page(ACTIVE)) == [1] for catalog in catalogs)
    for catalog in catalogs:
        catalog.close()


def test_a_newer_schema_is_refused_and_left_alone() -> None:
    url = databases.database().create()
    first = PostgresCatalog(url)
    first.start(LIBRARY)
    first.close()
    with psycopg.connect(url, autocommit=True) as sql:
        sql.execute("UPDATE alembic_version SET version_num = '9999'")
        later = PostgresCatalog(url)
        with pytest.raises(StartRefused, match="9999"):
            later.start(LIBRARY)
        later.close()
        assert schema.version(sql) == "9999"


def test_an_upgraded_database_finds_and_counts_as_a_new_one(older: str) -> None:
    with psycopg.connect(older, autocommit=True) as sql:
        new = _terms(sql)
        sql.execute("UPDATE images SET terms = '{1,2,3}'")
        schema.migrate(sql)
        assert _terms(sql) == new
    catalog = PostgresCatalog(older, walk=0)
    assert ids(catalog.page(Query(OWNER, tag="cat"))) == [2, 1, 0]
    assert ids(catalog.page(Query(OWNER, words=Words.parse("간 다")))) == [2, 1, 0]
    assert ids(catalog.page(Query(OWNER, words=Words.parse("houses")))) == [2, 1, 0]
    assert catalog.timeline(ACTIVE, lambda first, _: [first // DAY_US * DAY_US]) == [3]
    catalog.close()


def test_an_upgrade_that_was_cut_off_is_repeated(older: str) -> None:
    with psycopg.connect(older, autocommit=True) as sql, psycopg.connect(older) as holding:
        new = _terms(sql)
        sql.execute("UPDATE images SET terms = '{1,2,3}'")
        holding.execute("SELECT FROM alembic_version FOR UPDATE")
        with ThreadPoolExecutor(1) as pool, psycopg.connect(older, autocommit=True) as first:
            upgrade = pool.submit(schema.migrate, first)
            until(lambda: _cut_off_what_waits(sql))
            with pytest.raises((psycopg.OperationalError, DBAPIError)):
                upgrade.result()
        holding.rollback()
        assert schema.version(sql) == "0002"
        assert set(_terms(sql).values()) == {(1, 2, 3)}
        schema.migrate(sql)
        assert _terms(sql) == new


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> str:
    """A database at schema 0002, with three images and the terms of today."""
    url = databases.database().create()
    catalog = PostgresCatalog(url)
    with monkeypatch.context() as before:
        before.setattr(schema, "VERSIONS", ["0001", "0002"])
        catalog.start(LIBRARY)
    prompt = "빨간 다리 and light\0houses"
    apply(catalog, "put", *(record(n, tags=("cat", "a\0b"), prompt=prompt) for n in range(3)))
    catalog.close()
    return url


def _terms(sql: psycopg.Connection) -> dict[str, tuple[int, ...]]:
    found = sql.execute("SELECT id, terms FROM images").fetchall()
    return {id: tuple(terms) for id, terms in found}


def _cut_off_what_waits(sql: psycopg.Connection) -> bool:
    """Where a session of this database waits for a row; whether there was one."""
    found = sql.execute(
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    )
    return found.fetchone() is not None


def test_another_encoding_is_refused() -> None:
    url = databases.database().create("ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C'")
    catalog = PostgresCatalog(url)
    with pytest.raises(StartRefused, match="SQL_ASCII"):
        catalog.start(LIBRARY)
    catalog.close()
