"""A database that goes away, and comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.query import Query
from gallery.errors import StartRefused, Unavailable
from tests import databases
from tests.conformance.stores import LIBRARY
from tests.cutting import cutting
from tests.databases import Database
from tests.postgres.conftest import Open, news
from tests.samples import (
    OWNER,
    apply,
    eventually,
    ident,
    ids,
    record,
)

ACTIVE = Query(OWNER)


def test_a_restart_of_the_database_costs_no_event(own: Database) -> None:
    url = own.create()
    writer, hearer = PostgresCatalog(url), PostgresCatalog(url)
    for catalog in (writer, hearer):
        catalog.start(LIBRARY)
    heard: list[str] = []
    hearer.listen(lambda _, id: heard.append(id))
    apply(writer, "put", record(1))
    eventually(lambda: heard == [ident(1)])
    own.stop()
    for catalog in (writer, hearer):
        with pytest.raises(Unavailable):
            catalog.page(ACTIVE)
    with pytest.raises(Unavailable):
        apply(writer, "put", record(2))
    with pytest.raises(Unavailable):
        writer.leads()
    own.start()
    apply(writer, "put", record(2), record(3))
    assert ids(hearer.page(ACTIVE)) == [3, 2, 1]
    eventually(lambda: heard == [ident(n) for n in (1, 2, 3)])
    hearer.close()
    writer.close()
    with pytest.raises(Unavailable):
        writer.page(ACTIVE)


def test_connections_that_a_restart_broke_are_no_ones_failure(own: Database) -> None:
    url = own.create()
    catalog = PostgresCatalog(url)
    catalog.start(LIBRARY)
    with ThreadPoolExecutor(8) as pool:
        meeting = threading.Barrier(8)

        def ask(_: int) -> list[int]:
            meeting.wait()
            return ids(catalog.page(ACTIVE))

        assert list(pool.map(ask, range(8))) == [[]] * 8
        own.stop()
        own.start()
        assert list(pool.map(ask, range(8))) == [[]] * 8
    own.stop()
    own.start()
    apply(catalog, "put", record(1))
    catalog.close()


def test_a_database_that_cannot_be_reached_stops_the_start(own: Database) -> None:
    catalog = PostgresCatalog(own.url("nobodys"))
    with pytest.raises(StartRefused, match="nobodys"):
        catalog.start(LIBRARY)
    catalog.close()


def test_a_change_whose_answer_was_lost_can_be_made_again(tmp_path: Path, url: str) -> None:
    """It was made: the second time nothing more happens."""
    server = databases.database()
    direct = PostgresCatalog(url)
    direct.start(LIBRARY)
    with cutting(tmp_path, server.folder) as proxy:
        catalog = PostgresCatalog(url.replace(str(server.folder), str(tmp_path)))
        catalog.start(LIBRARY)
        apply(catalog, "put", record(1))
        start, first = direct.changes(None).position, direct.page(ACTIVE)
        proxy.cut_after(b"COMMIT")
        with pytest.raises(Unavailable):
            apply(catalog, "put", record(2))
        assert ids(direct.page(ACTIVE)) == [2, 1]
        once = direct.page(ACTIVE)
        assert once.version != first.version
        apply(catalog, "put", record(2))
        assert direct.page(ACTIVE) == once
        assert news(direct, start) == [2]
        catalog.close()
    direct.close()


@pytest.fixture
def guest(sql: psycopg.Connection) -> Iterator[str]:
    """Somebody with just the rights that are needed."""
    sql.execute("CREATE ROLE guest LOGIN")
    for what in ("SCHEMA public", "ALL TABLES IN SCHEMA public", "ALL SEQUENCES IN SCHEMA public"):
        sql.execute(f"GRANT ALL ON {what} TO guest".encode())
    yield "guest"
    sql.execute("DROP OWNED BY guest; DROP ROLE guest")


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        ("ALTER SCHEMA public RENAME TO gone", "ALTER SCHEMA gone RENAME TO public"),
        (
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM guest",
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO guest",
        ),
    ],
    ids=["emptied", "forbidden"],
)
def test_a_database_that_was_emptied_or_forbidden_is_away_until_it_is_set_right(
    opened: Open, url: str, guest: str, sql: psycopg.Connection, spoil: str, mend: str
) -> None:
    catalog = opened(at=url.replace("gallery@", f"{guest}@"))
    sql.execute(spoil.encode())
    try:
        for ask in (catalog.check, lambda: catalog.page(ACTIVE), lambda: catalog.changes(None)):
            with pytest.raises(Unavailable):
                ask()
        with pytest.raises(Unavailable):
            apply(catalog, "put", record(1))
    finally:
        sql.execute(mend.encode())
    catalog.check()
    apply(catalog, "put", record(1))
    assert ids(catalog.page(ACTIVE)) == [1]
