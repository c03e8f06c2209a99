"""The schema: brought to this version at start, by one process at a time.

The migrations lie in ``migrations/versions`` and are alembic's; a file's first four letters
are its version. Where the schema is level already, alembic is not even imported.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import psycopg

from gallery.catalog.postgres import told
from gallery.catalog.postgres.connections import Connection, options_of
from gallery.catalog.postgres.failures import one_line
from gallery.errors import StartRefused

_OLDEST_SERVER = 140_000
_MIGRATIONS = os.path.join(os.path.dirname(__file__), "migrations")
VERSIONS = sorted(
    name[:4] for name in os.listdir(os.path.join(_MIGRATIONS, "versions")) if name.endswith(".py")
)


def check_server(connection: Connection) -> None:
    """Raises StartRefused for a database that cannot keep what is stored."""
    if connection.info.server_version < _OLDEST_SERVER:
        raise StartRefused("the database is older than PostgreSQL 14")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StartRefused(f"the database is encoded in {encoding}, not in UTF8")


def migrate(connection: Connection) -> None:
    """Raises StartRefused when the schema is newer than this software."""
    if version(connection) == VERSIONS[-1]:
        return
    lock = "hashtextextended('gallery schema', 0)"
    connection.execute(f"SELECT pg_advisory_lock({lock})")
    try:
        found = version(connection)
        if found is not None and found not in VERSIONS:
            raise StartRefused(f"the database is of a newer version: its schema is {found}")
        if found != VERSIONS[-1]:
            _upgrade(connection)
    finally:
        connection.execute(f"SELECT pg_advisory_unlock({lock})")


def version(connection: Connection) -> str | None:
    """The version of the schema; None where there is none."""
    there = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if there is None or there[0] is None:
        return None
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if found is None else str(found[0])


def _upgrade(connection: Connection) -> None:
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    import sqlalchemy
    from alembic import command
    from alembic.config import Config

    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=sqlalchemy.StaticPool
    )
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS.replace("%", "%%"))
    connection.execute("SET statement_timeout = 0")
    connection.autocommit = False
    try:
        with engine.begin() as given:
            config.attributes["connection"] = given
            command.upgrade(config, VERSIONS[-1])
    finally:
        connection.rollback()
        connection.autocommit = True


def library_of(url: str) -> str | None:
    """The library that a database is of, if it is of any. Raises StartRefused."""
    options = {"connect_timeout": 5, **options_of(url)}
    try:
        with psycopg.connect(**options) as connection:
            if version(connection) is None:
                return None
            found = connection.execute("SELECT id FROM library").fetchone()
            return None if found is None else str(found[0])
    except psycopg.Error as error:
        raise StartRefused(f"GALLERY_CATALOG: {one_line(error)}") from error


def note_of(url: str, name: str) -> bytes | None:
    """What a database says under this name, if it has a note of it. Raises StartRefused."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            if _one(connection, "SELECT to_regclass('notes')") is None:
                return None
            found = connection.execute(
                "SELECT body FROM notes WHERE name = %s", (name,), binary=True
            ).fetchone()
            return None if found is None else bytes(found[0])
    except psycopg.Error as error:
        raise StartRefused(f"GALLERY_CATALOG: {one_line(error)}") from error


def claim(connection: Connection, library: str) -> None:
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
