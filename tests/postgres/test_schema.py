"""The schema: made by whoever comes first, and refused where it is newer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from gallery.catalog.postgres import PostgresCatalog, rows, schema
from gallery.catalog.query import Query, Words
from gallery.draft import DAY_US
from gallery.errors import StartRefused
from tests import databases
from tests.conformance.stores import LIBRARY
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


def test_images_of_an_older_schema_are_found_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    url = databases.database().create()
    catalog = PostgresCatalog(url, walk=0)
    with monkeypatch.context() as older:
        older.setattr(schema, "VERSIONS", ["0001", "0002"])
        catalog.start(LIBRARY)
    apply(catalog, "put", *(record(n, tags=("cat",), prompt="빨간 다리") for n in range(3)))
    with psycopg.connect(url, autocommit=True) as sql:
        plain = rows._numbers(OWNER, {"빨간", "간 ", " 다", "다리", *"빨간다리", "#cat"})
        sql.execute("UPDATE images SET terms = %s", (plain,))
        assert ids(catalog.page(Query(OWNER, tag="cat"))) == []
        schema.migrate(sql)
    assert ids(catalog.page(Query(OWNER, tag="cat"))) == [2, 1, 0]
    assert ids(catalog.page(Query(OWNER, words=Words.parse("간 다")))) == [2, 1, 0]
    assert catalog.timeline(ACTIVE, lambda first, _: [first // DAY_US * DAY_US]) == [3]
    catalog.close()


def test_another_encoding_is_refused() -> None:
    url = databases.database().create("ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C'")
    catalog = PostgresCatalog(url)
    with pytest.raises(StartRefused, match="SQL_ASCII"):
        catalog.start(LIBRARY)
    catalog.close()
