"""Questions that libpq answers in one call."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.postgres.asking import PREPARED, Asking
from gallery.catalog.query import Query
from gallery.errors import Unavailable
from tests import databases
from tests.postgres.conftest import Open
from tests.samples import OWNER, apply, eventually, ids, record
from tests.services.proxy import Fault, Proxy

ACTIVE = Query(OWNER)


@pytest.fixture
def asking(url: str) -> Iterator[Asking]:
    with Asking.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy(databases.database().socket)
    yield proxy
    proxy.close()


@pytest.fixture
def far(proxy: Proxy, opened: Open, url: str) -> PostgresCatalog:
    """With a page of more bytes than Postgres sends at a time, and a kept connection."""
    here = opened()
    apply(here, "put", *(record(n, prompt="long " * 500) for n in range(1, 51)))
    database = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    far = opened(at=f"postgresql://gallery@127.0.0.1:{proxy.port}/{database}?sslmode=disable")
    far.page(ACTIVE)
    return far


def executes(data: bytes) -> bool:
    """Whether these bytes ask by a prepared statement."""
    return data.startswith(b"B") and b"asked_" in data


def test_the_answer_is_what_psycopg_gives(asking: Asking) -> None:
    sql = """
        SELECT %(text)s, %(none)s::bigint, %(big)s::bigint + %(small)s, %(bytes)s, %(yes)s,
               %(texts)s::text[], %(numbers)s::bigint[], %(half)s, n, %(text)s
        FROM generate_series(1, %(small)s) AS n"""
    values = {
        "text": "등대 'n' $1", "none": None, "big": 1 << 60, "small": 3, "bytes": b"\0\xff",
        "yes": True, "texts": ["a", "", "%"], "numbers": [1, 1 << 40], "half": 0.5, "unused": 1,
    }  # fmt: skip
    with asking.cursor(binary=True) as cursor:
        assert asking.ask(sql, values) == cursor.execute(sql.encode(), values).fetchall()
    assert asking.ask("SELECT 1 WHERE false", {}) == []


def test_a_statement_is_prepared_once_for_each_kind_of_its_values(asking: Asking) -> None:
    for number in (1, 2, 1 << 40, 1 << 41):
        assert asking.ask("SELECT %(n)s", {"n": number}) == [(number,)]
    assert asking.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (2,)


def test_no_more_statements_stay_prepared_than_a_connection_keeps(asking: Asking) -> None:
    for number in range(PREPARED + 20):
        assert asking.ask("SELECT 'used'", {}) == [("used",)]
        assert asking.ask(f"SELECT {number}", {}) == [(number,)]
    assert asking.ask("SELECT 0", {}) == [(0,)]
    kept = asking.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    assert len(kept) == PREPARED
    assert {("SELECT 'used'",), ("SELECT 0",)} <= {*kept}
    assert ("SELECT 1",) not in kept


def test_an_error_has_its_name_and_the_connection_goes_on(asking: Asking) -> None:
    with pytest.raises(errors.UndefinedTable, match="nothing"):
        asking.ask("SELECT FROM nothing", {})
    for _ in range(2):
        with pytest.raises(errors.DivisionByZero):
            asking.ask("SELECT 1 / %(n)s", {"n": 0})
    asking.execute("SET statement_timeout = '10ms'")
    with pytest.raises(errors.QueryCanceled):
        asking.ask("SELECT pg_sleep(60)::text", {})
    assert asking.ask("SELECT 1 / %(n)s", {"n": 1}) == [(1,)]


def test_a_connection_that_the_server_ends_is_closed(
    asking: Asking, sql: psycopg.Connection
) -> None:
    sql.execute("SELECT pg_terminate_backend(%s, 5000)", (asking.info.backend_pid,))
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError):
            asking.ask("SELECT 1", {})
        assert asking.closed


def test_a_page_that_breaks_off_is_asked_for_again(proxy: Proxy, far: PostgresCatalog) -> None:
    with proxy.broken(Fault(executes, reset_after=20_000, times=1)):
        assert len(far.page(ACTIVE).items) == 50
        assert proxy.befallen == 1
    with proxy.broken(Fault(executes, reset_after=20_000)):
        with pytest.raises(Unavailable):
            far.page(ACTIVE)
        assert proxy.befallen == 2
    assert len(far.page(ACTIVE).items) == 50


def test_while_one_waits_for_an_answer_others_get_theirs(
    proxy: Proxy, far: PostgresCatalog, opened: Open
) -> None:
    heard, go_on = threading.Event(), threading.Event()

    def silent(data: bytes) -> bool:
        if executes(data):
            heard.set()
            go_on.wait(30)
        return False

    found: list[int] = []
    with proxy.broken(Fault(silent)):
        waiting = threading.Thread(target=lambda: found.extend(ids(far.page(ACTIVE))))
        waiting.start()
        assert heard.wait(30)
        assert len(opened().page(ACTIVE).items) == 50
        assert found == []
        go_on.set()
        waiting.join(30)
    assert len(found) == 50


_INTERRUPTED = """
import sys
from gallery.catalog.postgres.asking import Asking
with Asking.connect(sys.argv[1], autocommit=True) as connection:
    connection.ask("SELECT pg_advisory_lock(1)::text", {})
"""


def test_who_is_interrupted_stops_when_the_answer_is_there(
    url: str, sql: psycopg.Connection
) -> None:
    sql.execute("SELECT pg_advisory_lock(1)")
    process = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, url], stderr=subprocess.PIPE, text=True
    )
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    eventually(lambda: sql.execute(waiting).fetchone() == (1,))
    process.send_signal(signal.SIGINT)
    sql.execute("SELECT pg_advisory_unlock(1)")
    _, said = process.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")
