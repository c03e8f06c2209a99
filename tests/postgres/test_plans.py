"""How Postgres finds: along which index, and through how many rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from gallery.catalog.postgres import PostgresCatalog, questions
from gallery.catalog.postgres.rows import PERIOD_BITS
from gallery.catalog.query import Cursor, Query, Words
from gallery.keys import KINDS
from gallery.records import Record
from tests import databases
from tests.conformance.stores import LIBRARY
from tests.samples import (
    NOON,
    OTHER,
    OWNER,
    ident,
    ids,
    record,
    seen,
)

ACTIVE = Query(OWNER)
HOUR = 3_600_000_000
PERIODS = ((NOON + 4_000 * HOUR) >> PERIOD_BITS) - (NOON >> PERIOD_BITS) + 1
"""Of the crowd's images."""
_PAIRS = "obs bse ser erv rva vat ato tor ory"
"""Those of a rare word, as most texts have them."""


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
        at=NOON + n * HOUR,
        prompt=f"빨간 다리, number {n} {_PAIRS}" + (" 위의 고양이, observatory" if rare else ""),
        tags=("rare",) if rare else ("bridge",),
        status="trash" if n % 10 == 9 else "active",
        deleted_at=NOON + n if n % 10 == 9 else None,
    )


def _plan(catalog: PostgresCatalog, query: Query, way: int = -1) -> str:
    sql, values = questions.page(query)[way]
    explained = f"EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) {sql}"
    rows = catalog._connections.ask(explained, values)
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (ACTIVE, "images_by_time"),
        (Query(OWNER, cursor=Cursor(NOON + 1_000 * HOUR, ident(0))), "images_by_time"),
        (Query(OWNER, start=NOON + 10**12, end=NOON + 2 * 10**12), "images_by_time"),
        (Query(OWNER, ("trash",), KINDS, "deleted"), "images_by_deletion"),
        (Query(OTHER), "images_by_time"),
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
        Query(OWNER, words=Words.parse("observatory")),
        Query(OWNER, words=Words.parse("servat")),
        Query(OWNER, words=Words.parse("위의 -하늘")),
        Query(OWNER, words=Words.parse("rare"), tag="rare"),
    ],
)
def test_what_is_rare_is_found_by_its_terms(crowd: PostgresCatalog, query: Query) -> None:
    plan = _plan(crowd, query)
    assert "Bitmap Index Scan on images_by_terms" in plan
    assert _most_rows(plan) <= PERIODS
    if query.words is None or "rare" not in query.words.present:
        assert ids(crowd.page(query)) == [3003, 2003, 1003, 3]


@pytest.mark.parametrize(
    "query", [Query(OWNER, tag="rare", size=1), Query(OWNER, words=Words.parse("위의"), size=1)]
)
def test_no_more_periods_are_asked_than_fill_a_page(crowd: PostgresCatalog, query: Query) -> None:
    plan = _plan(crowd, query)
    loops = re.search(r"Bitmap Index Scan on images_by_terms .*loops=(\d+)", plan)
    assert loops is not None
    assert 2 <= int(loops[1]) < PERIODS
    assert ids(crowd.page(query)) == [3003]


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
