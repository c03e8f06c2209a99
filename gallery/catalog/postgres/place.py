"""A database as it is, for who wants to move a library there: looked at, and tried.

What is tried is rolled back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg

from gallery.catalog.postgres import schema
from gallery.catalog.postgres.connections import Connection
from gallery.catalog.postgres.failures import one_line
from gallery.errors import StartRefused
from gallery.findings import Finding, Odd, skew, tried, whose

_CONNECTIONS = 40
"""What a server process and a move may want at once."""
_TRIED = """
    CREATE TABLE preflight (id text COLLATE "C" PRIMARY KEY, body bytea);
    CREATE FUNCTION preflight() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER preflight AFTER INSERT ON preflight
        FOR EACH STATEMENT EXECUTE FUNCTION preflight();
    CREATE INDEX ON preflight (body);
    INSERT INTO preflight VALUES ('id', ''::bytea)"""


class PostgresPlace:
    """``library`` is the one that wants to move here."""

    def __init__(self, url: str, library: str | None) -> None:
        self._url = url
        self._library = library

    def findings(self) -> Iterator[Finding]:
        try:
            connection = psycopg.connect(self._url, connect_timeout=5, autocommit=True)
        except psycopg.Error as error:
            todo = "see GALLERY_NEXT_CATALOG, and whether the server lets this machine in"
            yield Finding("the database answers", "failed", one_line(error), todo)
            return
        with connection:
            yield Finding("the database answers", "ok", _where(connection))
            for what, look, todo in self._looks():
                yield tried(what, lambda look=look: _asked(connection, look), todo)  # type: ignore[misc]

    def _looks(self) -> Iterator[tuple[str, Callable[[Connection], str], str]]:
        yield "whose the database is", self._whose, "name a database of its own"
        yield (
            "its version and encoding",
            _server,
            "createdb --encoding=UTF8, PostgreSQL 14 or later",
        )
        yield "its collations", _collation, 'the collation "C" is needed'
        yield "its extensions", _extensions, ""
        yield "the clock of the database", _clock, ""
        yield "tables, triggers and functions can be made", _made, "give the user that right"
        yield "locks are held as long as a connection", _locks, "use PgBouncer's session mode"
        yield "connections", _room, "raise max_connections"
        yield "it is kept tidy", _vacuum, "turn autovacuum on"

    def _whose(self, connection: Connection) -> str:
        if schema.version(connection) is None:
            found = _one(
                connection,
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()",
            )
            if int(found):
                raise Odd(f"nobody's, yet it has {found} tables", "use an empty one", "warning")
            return whose(None, self._library)
        known = connection.execute("SELECT id FROM library").fetchone()
        return whose(str(known[0]) if known else None, self._library)


def _asked(connection: Connection, look: Callable[[Connection], str]) -> str:
    try:
        return look(connection)
    except psycopg.Error as error:
        raise StartRefused(one_line(error)) from error


def _one(connection: Connection, sql: str) -> str:
    found = connection.execute(sql.encode()).fetchone()
    if found is None:
        return ""
    return found[0].decode("latin-1") if isinstance(found[0], bytes) else str(found[0])


def _where(connection: Connection) -> str:
    info = connection.info
    return f"{info.dbname} at {info.host or 'this machine'}, as {info.user}"


def _server(connection: Connection) -> str:
    schema.check_server(connection)
    if _one(connection, "SELECT pg_is_in_recovery()") == "True":
        raise Odd("it is a standby, which only reads", "name its primary")
    return f"PostgreSQL {_one(connection, 'SHOW server_version')}, UTF8"


def _collation(connection: Connection) -> str:
    """The locale does not matter: what is compared says how."""
    if _one(connection, """SELECT 'a' COLLATE "C" > 'B' COLLATE "C" """) != "True":
        raise Odd("""the collation "C" does not compare bytes""")
    found = _one(
        connection, "SELECT datcollate FROM pg_database WHERE datname = current_database()"
    )
    return f'{found}; "C" works'


def _extensions(connection: Connection) -> str:
    found = _one(connection, "SELECT string_agg(extname, ', ' ORDER BY extname) FROM pg_extension")
    return f"{found}; none is needed"


def _clock(connection: Connection) -> str:
    before = time.time()
    said = float(_one(connection, "SELECT extract(epoch FROM clock_timestamp())"))
    return skew(said - (before + time.time()) / 2, "the database's clock")


def _made(connection: Connection) -> str:
    with connection.transaction(force_rollback=True):
        connection.execute(_TRIED)
    return ""


def _locks(connection: Connection) -> str:
    taken = "SELECT pg_advisory_lock(hashtextextended('gallery preflight', 0))"
    given = "SELECT pg_advisory_unlock(hashtextextended('gallery preflight', 0))"
    first = _one(connection, "SELECT pg_backend_pid()")
    connection.execute(taken)
    if _one(connection, given) != "True" or _one(connection, "SELECT pg_backend_pid()") != first:
        raise Odd("they are lost: something in between changes connections")
    return ""


def _room(connection: Connection) -> str:
    most = int(_one(connection, "SHOW max_connections"))
    used = int(_one(connection, "SELECT count(*) FROM pg_stat_activity"))
    if most - used < _CONNECTIONS:
        raise Odd(f"{used} of {most} are in use", state="warning")
    return f"{used} of {most} are in use"


def _vacuum(connection: Connection) -> str:
    if _one(connection, "SHOW autovacuum") != "on":
        raise Odd("autovacuum is off", state="warning")
    return "autovacuum is on"
