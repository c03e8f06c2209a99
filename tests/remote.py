"""A library in a bucket and a database, with nothing on the machine of whoever works on it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from gallery.catalog.postgres import PostgresCatalog
from gallery.library import Library
from tests import databases, services
from tests.cli import Result, command
from tests.http.server import environment


class Remote:
    """A bucket and a database of its own. ``folder`` is for what is on its way in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = services.s3()
        self.url = databases.database().create()

    @contextmanager
    def library(self) -> Iterator[Library]:
        blobs = self.store.blobs(self.folder / "incoming")
        library = Library(blobs, PostgresCatalog(self.url))
        library.start(recover=False)
        try:
            yield library
        finally:
            library.close()

    def variables(self, port: int | None = None) -> dict[str, str]:
        """The environment of a gallery there; ``port`` is that of a proxy before the bucket."""
        wanted = environment(self.folder, blobs=self.store.url, catalog=self.url)
        return wanted | self.store.variables(port)

    def run(self, *arguments: str, port: int | None = None) -> Result:
        return subprocess.run(
            command(*arguments), cwd=self.folder, env=self.variables(port),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def lose_database(self) -> None:
        """It is empty, as a new one is."""
        with psycopg.connect(self.url, autocommit=True) as sql:
            sql.execute("DROP SCHEMA public CASCADE")
            sql.execute("CREATE SCHEMA public")

    def rows(self) -> dict[str, bytes]:
        """Every image as the database has it."""
        with psycopg.connect(self.url) as sql:
            return dict(sql.execute("SELECT owner || ' ' || id, raw FROM images").fetchall())

    def files(self) -> list[str]:
        """What lies on this machine."""
        return [str(path) for path in self.folder.rglob("*") if path.is_file()]
