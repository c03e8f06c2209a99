"""Locks in Postgres: lost with their connection, and never unnoticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.query import Query
from gallery.changes import change
from gallery.errors import Unavailable
from tests.conformance.stores import LIBRARY
from tests.postgres.conftest import Open
from tests.samples import (
    OTHER,
    OWNER,
    apply,
    eventually,
    ident,
    ids,
    record,
    seen,
)

ACTIVE = Query(OWNER)


def test_a_lock_that_was_lost_writes_nothing_more(
    opened: Open, url: str, sql: psycopg.Connection
) -> None:
    first, second = opened(), opened()
    with first.lock(OWNER):
        disconnect(sql)
        with second.lock(OWNER):
            second.apply(change("put", record(2), seen(record(2))))
        with pytest.raises(Unavailable):
            first.check_lock(OWNER)
        with pytest.raises(Unavailable):
            first.apply(change("put", record(1), seen(record(1))))
    assert ids(first.page(ACTIVE)) == [2]
    apply(first, "put", record(1))
    assert ids(second.page(ACTIVE)) == [2, 1]


def disconnect(sql: psycopg.Connection) -> None:
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


def test_who_waited_in_vain_does_not_keep_the_fence_from_closing(opened: Open) -> None:
    first, second = opened(), opened(lock_seconds=0.02)
    with first.lock(OWNER), pytest.raises(Unavailable, match="at work"), second.lock(OWNER):
        pass
    with first.fence(5):
        pass


def test_who_was_refused_a_lock_does_not_keep_the_fence_from_closing(
    opened: Open, url: str, sql: psycopg.Connection
) -> None:
    """Of two that wait for each other, the one that asked first."""
    catalog = opened()
    with psycopg.connect(url, autocommit=True) as other, ThreadPoolExecutor(1) as thread:
        other.execute("SET deadlock_timeout = '60s'")
        other.execute("SET lock_timeout = '10s'")
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"owner {OWNER}",))
        waits = thread.submit(lambda: apply(catalog, "put", record(1)))
        eventually(lambda: waiting(sql) != [])
        other.execute("SELECT pg_advisory_lock(hashtextextended('gallery fence', 0))")
        with pytest.raises(Unavailable, match="deadlock"):
            waits.result()
    apply(catalog, "put", record(1))


def test_who_loses_the_connection_while_it_waits_waits_over_another(
    opened: Open, sql: psycopg.Connection
) -> None:
    first, second = opened(), opened()
    with ThreadPoolExecutor(1) as thread:
        with first.lock(OWNER):
            waits = thread.submit(lambda: apply(second, "put", record(1)))
            eventually(lambda: waiting(sql) != [])
            (lost,) = waiting(sql)
            sql.execute("SELECT pg_terminate_backend(%s)", (lost,))
            eventually(lambda: waiting(sql) not in ([], [lost]))
        waits.result()
    assert ids(first.page(ACTIVE)) == [1]


def waiting(sql: psycopg.Connection) -> list[int]:
    """Those in this database that ask for a lock in vain."""
    here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    found = f"SELECT pid FROM pg_locks WHERE NOT granted AND database = {here}"
    return [pid for (pid,) in sql.execute(found.encode()).fetchall()]


def test_nothing_is_written_without_the_lock(catalog: PostgresCatalog) -> None:
    with catalog.lock(OTHER), pytest.raises(RuntimeError):
        catalog.apply(change("put", record(1), seen(record(1))))
    assert catalog.get(OWNER, ident(1)) is None


def test_who_leads_is_known_by_a_connection(opened: Open, sql: psycopg.Connection) -> None:
    first, second = opened(), opened()
    assert first.leads()
    assert not second.leads()
    disconnect(sql)
    assert second.leads()
    assert not first.leads()
    second.close()
    assert first.leads()


def test_server_processes_are_seen_as_long_as_they_are_connected(opened: Open, url: str) -> None:
    looking = opened()
    server = PostgresCatalog(f"{url}&application_name=theirs", server="12-ab")
    server.start(LIBRARY)
    assert looking.servers() == {"12-ab"}
    server.close()
    eventually(lambda: looking.servers() == set())
