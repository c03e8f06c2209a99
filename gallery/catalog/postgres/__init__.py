"""The catalog in a PostgreSQL database, for any number of processes and machines.

    connections    which there are, and the locks that are tied to them
    schema         the migrations, and what a database has to offer
    rows           from a record to its row and the terms it is found by
    questions      from a query to SQL
    told           the feed: positions, and an order without late comers
    ops            the journals of changes of many images
    listener       the thread that hears of other processes' changes

An image's row, the owner's version, the counters (by triggers) and the line in the feed are
one transaction, so there is nothing to catch up with after a crash, and nothing to repair.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import psycopg

from gallery.catalog import Changes, Entry, Expired, Listener, Page
from gallery.catalog.postgres import questions, rows, schema, told
from gallery.catalog.postgres.connections import Connection, Connections, failures
from gallery.catalog.postgres.listener import CHANNEL, Hearing
from gallery.catalog.postgres.ops import PostgresOps
from gallery.catalog.query import Cursor, Query
from gallery.errors import StartRefused, Unavailable
from gallery.keys import Kind
from gallery.records import Change, Record, Seen, Totals, TotalsByKind

_BATCH = 1_000
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
_LOAD = f"WITH done AS (SELECT) {_CHANGED}"
_LEADER = "SELECT pg_try_advisory_lock(hashtextextended('gallery leader', 0))"


def library_of(url: str) -> str | None:
    """The library that a database is of, if it is of any. Raises StartRefused."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            if schema.version(connection) is None:
                return None
            found = connection.execute("SELECT id FROM library").fetchone()
            return None if found is None else str(found[0])
    except psycopg.Error as error:
        raise StartRefused(f"cannot open the database: {_line(error)}") from error


class PostgresCatalog:
    """Fulfils Catalog. ``lock_seconds`` is how long a lock is waited for."""

    def __init__(
        self, url: str, *, lock_seconds: float = 30.0, walks: questions.Walks = questions.WALKS
    ) -> None:
        self._walks = walks
        self._connections = Connections(url, lock_seconds=lock_seconds)
        self._hearing = Hearing(self._connections.open)
        self.ops = PostgresOps(self._connections)
        self._leader: Connection | None = None
        self._leading = threading.Lock()

    # -- opening --------------------------------------------------------------------------

    def start(self, library: str) -> None:
        try:
            with self._connections.open() as connection:
                schema.check_server(connection)
                schema.migrate(connection)
                _claim(connection, library)
        except (psycopg.Error, Unavailable) as error:
            raise StartRefused(f"cannot open the database: {_line(error)}") from error
        self._hearing.start(self.changes(None).position)

    def close(self) -> None:
        self._hearing.close()
        self._connections.close()
        with self._leading:
            if self._leader:
                self._leader.close()
                self._leader = None

    def listen(self, listener: Listener) -> None:
        self._hearing.listeners.append(listener)

    # -- changing -------------------------------------------------------------------------

    def lock(self, owner: str) -> AbstractContextManager[None]:
        return self._connections.lock(_name(owner))

    def apply(self, change: Change) -> None:
        self.apply_all([change])

    def apply_all(self, changes: Sequence[Change]) -> None:
        """Applies changes of one owner, all or none."""
        if not changes:
            return
        connection = self._connections.holding(_name(changes[0].owner))
        with failures(), connection.transaction(), connection.pipeline():
            for change in changes:
                values = rows.noted(change)
                if change.record is not None:
                    values |= rows.row(change.record, change.seen)
                connection.execute(_PURGE if change.record is None else _PUT, values)
        _notify(connection)

    def rebuild(self, owner: str, month: str, records: list[tuple[Record, Seen]]) -> None:
        connection = self._connections.holding(_name(owner))
        with failures(), connection.transaction():
            connection.execute("CREATE TEMP TABLE staged (LIKE images) ON COMMIT DROP")
            with connection.cursor().copy(f"COPY staged ({_COLUMNS}) FROM STDIN") as copy:
                for record, seen in records:
                    copy.write_row(tuple(rows.row(record, seen).values()))
            connection.execute(
                """DELETE FROM images WHERE owner = %s AND month = %s
                   AND id NOT IN (SELECT id FROM staged)""",
                (owner, month),
            )
            connection.execute(
                f"INSERT INTO images ({_COLUMNS}) SELECT {_COLUMNS} FROM staged {_REPLACED}"
            )
            load = {"op": "load", "owner": owner, "month": month, "id": "", "kind": None, "rev": 0}
            connection.execute(_LOAD, load)
        _notify(connection)

    def catch_up(self, owner: str) -> int:  # noqa: ARG002 - row and change are one transaction
        return 0

    # -- asking ---------------------------------------------------------------------------

    def get(self, owner: str, id: str, month: str | None = None) -> Entry | None:
        found = self._ask(
            """SELECT raw, seen_size, seen_mtime_ns FROM images
               WHERE id = %(id)s AND owner = %(owner)s AND month = coalesce(%(month)s, month)""",
            id=id, owner=owner, month=month,
        )  # fmt: skip
        return Entry(found[0][0], Seen(found[0][1], found[0][2])) if found else None

    def page(self, query: Query) -> Page:
        version, total, images = self._found(query)
        cursor = None
        if len(images) > query.size:
            images.pop()
            at, id, _ = images[-1]
            cursor = Cursor(at, id).encode(query.order)
        return Page([item for _, _, item in images], total, cursor, version)

    def _found(self, query: Query) -> tuple[str, int | None, list[tuple[int, str, bytes]]]:
        """Version, total, and time, id and item of one image more than the page shows."""
        # A plan that is kept doesn't know which tags and words are rare.
        prepare = False if query.filters_content else None
        rows: list[tuple[Any, ...]] = []
        for attempt in questions.page(query, self._walks):
            if len(rows) >= attempt.worth:
                found = self._connections.ask(attempt.sql, attempt.values, prepare=prepare)
                version, total, final, *_ = found[0]
                rows = [row[3:] for row in found if row[4] is not None]
                if final or len(rows) > query.size:
                    break
        return version, total, rows

    def totals(self, owner: str) -> TotalsByKind:
        ends = """
            (SELECT {end} FROM images WHERE owner = counters.owner AND kind = counters.kind
             AND status = '{status}')"""
        oldest, first, last = (
            ends.format(end=end, status=status)
            for end, status in [
                ("min(deleted_at)", "trash"),
                ("min(created_at)", "active"),
                ("max(created_at)", "active"),
            ]
        )
        found = self._ask(
            f"""SELECT kind, active, trash, bytes, {oldest}, {first}, {last} FROM counters
                WHERE owner = %(owner)s AND active + trash > 0""",
            owner=owner,
        )
        return {row[0]: Totals(*row[1:]) for row in found}

    def timeline(self, query: Query, starts: Callable[[int, int], list[int]]) -> list[int]:
        ((first, last),) = self._connections.ask(*questions.span(query))
        if first is None:
            return []
        edges = starts(first, last)
        counts: dict[int, int] = dict(self._connections.ask(*questions.histogram(query, edges)))
        return [counts.get(number, 0) for number in range(1, len(edges) + 1)]

    def owners(self) -> list[str]:
        return [owner for (owner,) in self._ask("SELECT owner FROM owners ORDER BY owner")]

    def find(self, id: str) -> list[str]:
        found = self._ask("SELECT owner FROM images WHERE id = %(id)s ORDER BY owner", id=id)
        return [owner for (owner,) in found]

    def expired(self, before: int) -> Iterator[Expired]:
        """In batches, because who asks may take long over each."""
        at, id, owner = -1, "", ""
        while True:
            found = self._ask(
                """SELECT owner, id, deleted_at FROM images
                   WHERE status = 'trash' AND deleted_at + 0 < %(before)s::bigint
                     AND (deleted_at + 0, id, owner) > (%(at)s::bigint, %(id)s, %(owner)s)
                   ORDER BY deleted_at + 0, id, owner LIMIT %(limit)s""",
                before=before, at=at, id=id, owner=owner, limit=_BATCH,
            )  # fmt: skip
            yield from (Expired(*row) for row in found)
            if len(found) < _BATCH:
                return
            owner, id, at = found[-1]

    def seen(self, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
        found = self._ask(
            """SELECT id, seen_size, seen_mtime_ns FROM images
               WHERE owner = %(owner)s AND month = %(month)s AND kind = %(kind)s""",
            owner=owner, month=month, kind=kind,
        )  # fmt: skip
        return {id: Seen(size, mtime_ns) for id, size, mtime_ns in found}

    def months(self, owner: str) -> list[str]:
        found = self._ask(
            "SELECT DISTINCT month FROM images WHERE owner = %(owner)s ORDER BY month",
            owner=owner,
        )
        return [month for (month,) in found]

    def lines(self, owner: str, month: str) -> int:
        ((count,),) = self._ask(
            "SELECT count(*) FROM images WHERE owner = %(owner)s AND month = %(month)s",
            owner=owner, month=month,
        )  # fmt: skip
        return int(count)

    def changes(self, since: str | None, *, owner: str | None = None, limit: int = 1000) -> Changes:
        return told.settled(self._connections.ask, since, owner, limit)

    def damaged(self) -> list[tuple[str, str]]:
        return []

    def _ask(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._connections.ask(sql, values)

    # -- periodic jobs ----------------------------------------------------------------------

    def leads(self) -> bool:
        """The leader's lock is tied to a connection of its own, and lost with it."""
        with self._leading, failures():
            if self._leader is not None:
                with contextlib.suppress(psycopg.Error):
                    self._leader.execute("SELECT")
                    return True
                self._leader.close()
                self._leader = None
            connection = self._connections.open()
            try:
                if _one(connection, _LEADER):
                    self._leader = connection
                    return True
            finally:
                if self._leader is None:
                    connection.close()
            return False

    def maintain(self) -> None:
        """Forgets changes that are older than anybody needs."""
        before = time.time_ns() // 1000 - told.KEEP_US
        self._ask(f"{told.FORGET} RETURNING 1", before=before)
        self.ops.expire(time.time())


def _claim(connection: Connection, library: str) -> None:
    """Writes down whose database this is. A dump of another server's begins a new feed."""
    generation = {"generation": told.new_generation(), "id": library}
    connection.execute(
        """INSERT INTO library (id, generation) VALUES (%(id)s, %(generation)s)
           ON CONFLICT DO NOTHING""",
        generation,
    )
    if (known := _one(connection, "SELECT id FROM library")) != library:
        raise StartRefused(f"the database is of library {known}, the images of {library}")
    if _one(connection, told.FOREIGN):
        with connection.transaction():
            connection.execute("DELETE FROM changes")
            connection.execute(
                """UPDATE library SET generation = %(generation)s,
                   forgotten_xid = 0, forgotten_seq = 0""",
                generation,
            )


def _one(connection: Connection, sql: str) -> Any:
    found = connection.execute(sql.encode()).fetchone()
    return found and found[0]


def _notify(connection: Connection) -> None:
    """Says that there is something to hear. After the commit and not within it, because
    notifying transactions wait for each other. Unsaid, it is noticed a moment later."""
    with contextlib.suppress(psycopg.Error):
        connection.execute("SELECT pg_notify(%s, '')", (CHANNEL,))


def _name(owner: str) -> str:
    """Of an owner's lock."""
    return f"owner {owner}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
