"""What Postgres counts, and what it cannot hold."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.query import Query
from gallery.encoding import encode
from tests.samples import (
    NOON,
    OWNER,
    apply,
    ident,
    ids,
    record,
    seen,
)


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
    key = "owner, kind, status"
    counted = sql.execute(
        f"""SELECT {key}, created_at / 900000000 AS quarter, count(*) FROM images
            GROUP BY {key}, quarter ORDER BY {key}, quarter"""
    ).fetchall()
    kept = f"SELECT {key}, quarter, images FROM quarters WHERE images <> 0 ORDER BY {key}, quarter"
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
