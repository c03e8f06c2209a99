"""What is particular about a catalog in Postgres: beside others, and without a database."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from gallery.catalog.postgres import PostgresCatalog, questions, schema, told
from gallery.catalog.query import Cursor, Query, Words
from gallery.errors import PositionGone, StartRefused, Unavailable
from gallery.keys import KINDS
from gallery.records import Record, change, encode
from tests import databases
from tests.conformance.stores import LIBRARY
from tests.databases import Database
from tests.samples import (
    NOON,
    OTHER,
    OWNER,
    apply,
    eventually,
    ident,
    ids,
    record,
    seen,
)

Open = Callable[..., PostgresCatalog]
ACTIVE = Query(OWNER)


@pytest.fixture
def url() -> str:
    return databases.empty(LIBRARY)


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


def _told(catalog: PostgresCatalog, since: str) -> list[int]:
    return [int(noted.id, 16) for noted in catalog.changes(since).noted]


# -- the feed -------------------------------------------------------------------------------


def test_a_transaction_that_commits_late_is_not_missed(
    catalog: PostgresCatalog, sql: psycopg.Connection
) -> None:
    start = catalog.changes(None).position
    with sql.transaction():
        sql.execute(told.NOTE, _note(1))
        apply(catalog, "put", record(2, owner=OTHER))
        between = catalog.changes(start)
        assert between.noted == []
    assert _told(catalog, start) == [1, 2]
    assert _told(catalog, between.position) == [1, 2]


def test_what_waited_for_a_transaction_that_failed_is_heard_of(
    catalog: PostgresCatalog, sql: psycopg.Connection
) -> None:
    heard: list[str] = []
    catalog.listen(lambda _, id: heard.append(id))
    with sql.transaction(force_rollback=True):
        sql.execute(told.NOTE, _note(1))
        apply(catalog, "put", record(2, owner=OTHER))
    eventually(lambda: heard == [ident(2)])


def _note(n: int) -> dict[str, object]:
    one = record(n)
    fields = {"op": "put", "owner": one.owner, "month": one.month, "id": one.id}
    return fields | {"kind": one.kind, "rev": 1}


def test_many_writers_at_once_are_each_told_once(opened: Open) -> None:
    """A reader goes on from position to position while they write."""
    catalogs = [opened() for _ in range(3)]
    position = catalogs[0].changes(None).position
    writers, each = 6, 15

    def write(writer: int) -> None:
        for n in range(each):
            one = record(writer * each + n, owner=f"member-{writer}")
            apply(catalogs[writer % 3], "put", one)

    found: list[int] = []
    with ThreadPoolExecutor(writers) as pool:
        running = [pool.submit(write, writer) for writer in range(writers)]
        while len(found) < writers * each:
            changes = catalogs[0].changes(position, limit=4)
            found += [int(noted.id, 16) for noted in changes.noted]
            position = changes.position
            assert found or not all(one.done() and one.exception() for one in running)
    assert sorted(found) == list(range(writers * each))
    for writer in range(writers):
        own = [n for n in found if n // each == writer]
        assert own == sorted(own)


def test_old_changes_are_forgotten_and_their_positions_gone(
    catalog: PostgresCatalog, sql: psycopg.Connection
) -> None:
    start = catalog.changes(None).position
    apply(catalog, "put", record(1), record(2), record(3))
    after_two = catalog.changes(start).noted[1].position
    week = told.KEEP_US + 60_000_000
    sql.execute("UPDATE changes SET at = at - %s WHERE id < %s", (week, ident(3)))
    catalog.maintain()
    assert _told(catalog, after_two) == [3]
    with pytest.raises(PositionGone):
        catalog.changes(start)


def test_the_feed_of_another_database_server_begins_anew(
    opened: Open, sql: psycopg.Connection
) -> None:
    """As after a dump was read back into a new server, whose transactions count from 1."""
    catalog = opened()
    apply(catalog, "put", record(1))
    start = catalog.changes(None).position
    sql.execute("UPDATE changes SET xid = xid + 1000000000")
    again = opened()
    with pytest.raises(PositionGone):
        again.changes(start)
    new = again.changes(None).position
    apply(again, "put", record(2))
    assert _told(again, new) == [2]


# -- locks ----------------------------------------------------------------------------------


def test_a_lock_that_was_lost_writes_nothing_more(
    opened: Open, url: str, sql: psycopg.Connection
) -> None:
    first, second = opened(), opened()
    with first.lock(OWNER):
        _disconnect(sql)
        with second.lock(OWNER):
            second.apply(change("put", record(2), seen(record(2))))
        with pytest.raises(Unavailable):
            first.apply(change("put", record(1), seen(record(1))))
    assert ids(first.page(ACTIVE)) == [2]
    apply(first, "put", record(1))
    assert ids(second.page(ACTIVE)) == [2, 1]


def _disconnect(sql: psycopg.Connection) -> None:
    """Whatever the others are doing, and waits until they are gone."""
    others = """FROM pg_stat_activity
        WHERE datname = current_database() AND pid != pg_backend_pid()
          AND backend_type = 'client backend'"""
    pids = {pid for (pid,) in sql.execute(f"SELECT pid {others}").fetchall()}
    sql.execute(f"SELECT pg_terminate_backend(pid) {others}")
    eventually(
        lambda: pids.isdisjoint(pid for (pid,) in sql.execute(f"SELECT pid {others}").fetchall())
    )


def test_a_lock_is_not_waited_for_for_ever(opened: Open) -> None:
    first, second = opened(), opened(lock_seconds=0.02)
    with first.lock(OWNER):
        with pytest.raises(Unavailable, match="at work"), second.lock(OWNER):
            pass
        apply(second, "put", record(1, owner=OTHER))
    apply(second, "put", record(1))


def test_nothing_is_written_without_the_lock(catalog: PostgresCatalog) -> None:
    with catalog.lock(OTHER), pytest.raises(RuntimeError):
        catalog.apply(change("put", record(1), seen(record(1))))
    assert catalog.get(OWNER, ident(1)) is None


def test_who_leads_is_known_by_a_connection(opened: Open, sql: psycopg.Connection) -> None:
    first, second = opened(), opened()
    assert first.leads()
    assert not second.leads()
    _disconnect(sql)
    assert second.leads()
    assert not first.leads()
    second.close()
    assert first.leads()


# -- a database that goes away --------------------------------------------------------------


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


# -- the schema -----------------------------------------------------------------------------


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


def test_another_encoding_is_refused() -> None:
    url = databases.database().create("ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C'")
    catalog = PostgresCatalog(url)
    with pytest.raises(StartRefused, match="SQL_ASCII"):
        catalog.start(LIBRARY)
    catalog.close()


# -- counting and finding -------------------------------------------------------------------


def test_counters_hold_whoever_changes_the_images(
    catalog: PostgresCatalog, sql: psycopg.Connection
) -> None:
    images = [record(n, kind="input" if n % 3 == 0 else "output") for n in range(40)]
    apply(catalog, "put", *images)
    apply(
        catalog, "trash", *(replace(r, status="trash", deleted_at=NOON, rev=2) for r in images[:9])
    )
    with catalog.lock(OWNER):
        catalog.rebuild(OWNER, "2026-03", [(r, seen(r)) for r in images[4:30]])
    apply(catalog, "purge", *images[4:7])
    _counted(sql)
    sql.execute("UPDATE images SET status = 'trash', bytes = bytes + 1 WHERE id < %s", (ident(12),))
    sql.execute("DELETE FROM images WHERE id > %s", (ident(25),))
    _counted(sql)
    assert catalog.page(Query(OWNER, ("trash",))).total == 4


def _counted(sql: psycopg.Connection) -> None:
    """The counters say what counting says."""
    counted = sql.execute(
        """SELECT owner, kind, count(*) FILTER (WHERE status = 'active'),
                  count(*) FILTER (WHERE status = 'trash'), sum(bytes)::bigint
           FROM images GROUP BY owner, kind ORDER BY owner, kind"""
    ).fetchall()
    kept = "SELECT owner, kind, active, trash, bytes FROM counters ORDER BY owner, kind"
    assert sql.execute(kept).fetchall() == counted


def test_texts_that_a_database_cannot_hold_are_told_apart(catalog: PostgresCatalog) -> None:
    tags = ["a\0b", "a b", "a\x1a0b", "a\x1a\x1a0b", "a\x1ab"]
    for n, tag in enumerate(tags):
        apply(catalog, "put", record(n, tags=(tag,), workflow_id=tag, prompt=tag))
    for n, tag in enumerate(tags):
        assert ids(catalog.page(Query(OWNER, tag=tag))) == [n]
        assert ids(catalog.page(Query(OWNER, workflow_id=tag))) == [n]
        entry = catalog.get(OWNER, ident(n))
        assert entry is not None
        assert entry.raw == encode(record(n, tags=(tag,), workflow_id=tag, prompt=tag))


@pytest.fixture(scope="module")
def crowd() -> Iterator[PostgresCatalog]:
    """Four thousand images of one owner and a thousand of another, and fresh statistics."""
    url = databases.database().create()
    catalog = PostgresCatalog(url)
    catalog.start(LIBRARY)
    for owner, count in ((OWNER, 4_000), (OTHER, 1_000)):
        images = [_one_of_many(n, owner) for n in range(count)]
        for month in sorted({r.month for r in images}):
            with catalog.lock(owner):
                some = [(r, seen(r)) for r in images if r.month == month]
                catalog.rebuild(owner, month, some)
    with psycopg.connect(url, autocommit=True) as sql:
        sql.execute("VACUUM ANALYZE")
    yield catalog
    catalog.close()


def _one_of_many(n: int, owner: str) -> Record:
    rare = n % 1_000 == 3
    return record(
        n,
        owner=owner,
        at=NOON + n * 3_600_000_000,
        prompt=f"빨간 다리, number {n}" + (" 위의 고양이" if rare else ""),
        tags=("rare",) if rare else ("bridge",),
        status="trash" if n % 10 == 9 else "active",
        deleted_at=NOON + n if n % 10 == 9 else None,
    )


def _plan(catalog: PostgresCatalog, query: Query, way: int = -1) -> str:
    sql, values = questions.page(query)[way]
    rows = catalog._connections.ask(f"EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) {sql}", values)
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (ACTIVE, "images_by_time"),
        (Query(OWNER, cursor=Cursor(NOON + 3_600_000_000_000, ident(0))), "images_by_time"),
        (Query(OWNER, start=NOON + 10**12, end=NOON + 2 * 10**12), "images_by_time"),
        (Query(OWNER, ("trash",), KINDS, "deleted"), "images_by_deletion"),
        (Query(None), "images_of_all_by_time"),
        (Query(None, ("active", "trash")), "images_of_all_by_time"),
    ],
)
def test_a_list_is_read_along_an_index(crowd: PostgresCatalog, query: Query, index: str) -> None:
    """No more rows than are shown, and nothing but them is sorted."""
    plan = _plan(crowd, query)
    assert f"using {index} on" in plan
    assert "Seq Scan on images" not in plan
    assert "Bitmap" not in plan
    assert _most_rows(plan) <= 2 * (query.size + 1)


def test_a_deep_page_fetches_no_rows_but_its_own(crowd: PostgresCatalog) -> None:
    plan = _plan(crowd, Query(OWNER, page=60))
    assert "Index Only Scan Backward using images_by_time" in plan
    assert ids(crowd.page(Query(OWNER, page=60)))[0] == 721


@pytest.mark.parametrize(
    "query",
    [
        Query(OWNER, tag="rare"),
        Query(OWNER, words=Words.parse("고양이")),
        Query(OWNER, words=Words.parse("고양")),
        Query(OWNER, words=Words.parse("위의 -하늘")),
        Query(OWNER, words=Words.parse("rare"), tag="rare"),
    ],
)
def test_what_is_rare_is_found_by_its_terms(crowd: PostgresCatalog, query: Query) -> None:
    plan = _plan(crowd, query)
    assert "Bitmap Index Scan on images_by_terms" in plan
    assert _most_rows(plan) <= 4
    if query.words is None or "rare" not in query.words.present:
        assert ids(crowd.page(query)) == [3003, 2003, 1003, 3]


@pytest.mark.parametrize(
    "query", [Query(OWNER, tag="bridge"), Query(OWNER, words=Words.parse("다"))]
)
def test_what_is_common_fills_a_page_from_the_newest(crowd: PostgresCatalog, query: Query) -> None:
    plan = _plan(crowd, query, 0)
    assert "using images_by_time on" in plan
    assert "images_by_terms" not in plan
    assert _most_rows(plan) <= questions.WALK
    assert len(crowd.page(query).items) == query.size


def _most_rows(plan: str) -> int:
    """Of all that a plan's steps gave."""
    return int(max(float(rows) for rows in re.findall(r"rows=([0-9.]+)", plan)))
