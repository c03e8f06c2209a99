"""What is written, and all that goes with it in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import psycopg

from gallery.catalog.postgres import rows, told
from gallery.catalog.postgres.connections import Connection
from gallery.catalog.postgres.failures import failures
from gallery.catalog.postgres.listener import CHANNEL
from gallery.changes import Change
from gallery.records import Record, Seen

_COLUMNS = ", ".join(rows.FIELDS)
_KEPT = [name for name in rows.FIELDS if name not in ("id", "owner")]
_REPLACED = f"""
    ON CONFLICT (id, owner) DO UPDATE SET {", ".join(f"{n} = excluded.{n}" for n in _KEPT)}
    WHERE (images.raw, images.seen_size, images.seen_mtime_ns)
        IS DISTINCT FROM (excluded.raw, excluded.seen_size, excluded.seen_mtime_ns)"""
_CHANGED = f"""
    , counted AS (
        INSERT INTO owners (owner, version) SELECT %(owner)s, 1 FROM done
        ON CONFLICT (owner) DO UPDATE SET version = owners.version + 1
    ) {told.NOTE} FROM done"""
_PUT = f"""
    WITH done AS (
        INSERT INTO images ({_COLUMNS}) VALUES ({", ".join(f"%({n})s" for n in rows.FIELDS)})
        {_REPLACED} RETURNING 1
    ) {_CHANGED}"""
_PURGE = f"""
    WITH done AS (DELETE FROM images WHERE id = %(id)s AND owner = %(owner)s RETURNING 1)
    {_CHANGED}"""
_LEAVE = """
    DELETE FROM images WHERE owner = %(owner)s AND month = %(month)s
    AND id NOT IN (SELECT id FROM staged)"""
_TAKE = f"INSERT INTO images ({_COLUMNS}) SELECT {_COLUMNS} FROM staged {_REPLACED}"
_LOAD = f"WITH done AS (SELECT) {_CHANGED}"


def apply_all(connection: Connection, changes: Sequence[Change]) -> None:
    """Applies all or none. What is as it should be already leaves no trace."""
    with failures(), connection.transaction(), connection.pipeline():
        for change in changes:
            values = rows.noted(change)
            if change.record is not None:
                values |= rows.row(change.record, change.seen)
            connection.execute(_PURGE if change.record is None else _PUT, values)
    _notify(connection)


def rebuild(
    connection: Connection, owner: str, month: str, records: list[tuple[Record, Seen]]
) -> None:
    """Makes a month's rows these, and touches only those that differ."""
    with failures(), connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("CREATE TEMP TABLE staged (LIKE images) ON COMMIT DROP")
        with connection.cursor().copy(f"COPY staged ({_COLUMNS}) FROM STDIN") as copy:
            for record, seen in records:
                copy.write_row(tuple(rows.row(record, seen).values()))
        connection.execute(_LEAVE, {"owner": owner, "month": month})
        connection.execute(_TAKE)
        load = {"op": "load", "owner": owner, "month": month, "id": "", "kind": None, "rev": 0}
        connection.execute(_LOAD, load)
    _notify(connection)


def _notify(connection: Connection) -> None:
    """Says that there is something to hear. After the commit and not within it, because
    notifying transactions wait for each other. Unsaid, it is noticed a moment later."""
    with suppress(psycopg.Error):
        connection.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
