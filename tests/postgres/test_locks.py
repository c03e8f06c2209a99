"""Locks in Postgres: lost with their connection, and never unnoticed."""

from __future__ import annotations

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
