"""The feed in Postgres: nothing is told late, or twice, or out of order."""

from __future__ import annotations

import os
import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from gallery.catalog.postgres import PostgresCatalog, told
from gallery.errors import PositionGone
from tests.postgres.conftest import Open, news
from tests.samples import (
    OTHER,
    apply,
    eventually,
    ident,
    record,
)


def test_a_transaction_that_commits_late_is_not_missed(
    catalog: PostgresCatalog, sql: psycopg.Connection
) -> None:
    start = catalog.changes(None).position
    with sql.transaction():
        sql.execute(told.NOTE, _note(1))
        apply(catalog, "put", record(2, owner=OTHER))
        between = catalog.changes(start)
        assert between.noted == []
    assert news(catalog, start) == [1, 2]
    assert news(catalog, between.position) == [1, 2]


def test_what_waited_for_a_transaction_that_failed_is_heard_of(
    catalog: PostgresCatalog, sql: psycopg.Connection
) -> None:
    heard: list[str] = []
    catalog.listen(lambda _, id: heard.append(id))
    with sql.transaction(force_rollback=True):
        sql.execute(told.NOTE, _note(1))
        apply(catalog, "put", record(2, owner=OTHER))
    eventually(lambda: heard == [ident(2)])


def test_changes_are_heard_of_by_a_process_with_many_connections(
    opened: Open, catalog: PostgresCatalog, caplog: pytest.LogCaptureFixture
) -> None:
    """As the event streams of a server are, when the database comes back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2_048)), hard))
    with ExitStack() as held:
        null = os.open(os.devnull, os.O_RDONLY)
        held.callback(os.close, null)
        while (fd := os.dup(null)) < 1_100:
            held.callback(os.close, fd)
        held.callback(os.close, fd)
        heard: list[str] = []
        other = opened()
        other.listen(lambda _, id: heard.append(id))
        apply(catalog, "put", record(1))
        eventually(lambda: heard == [ident(1)])
    assert caplog.text == ""


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
    assert news(catalog, after_two) == [3]
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
    assert news(again, new) == [2]
