"""A library with real server processes, and the commands that move it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg

from tests import databases, services
from tests.homes import Home
from tests.http.fleet import Person
from tests.http.server import Server, environment
from tests.samples import eventually


class Living:
    """A library on files under ``root``, with a bucket and a database for it to move to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.outputs = root / "outputs"
        self.store = services.s3()
        self.database = databases.database().create()
        self.settings = {"next_blobs": self.store.url, "next_catalog": self.database}

    @contextmanager
    def served(self) -> Iterator[Server]:
        with Home(self.root, **self.settings).fleet({}) as (server,):
            yield server

    def run(self, *arguments: str, module: str = "migrate") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root, env=environment(self.root, **self.settings),
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip

    def ok(self, *arguments: str) -> Any:
        """The answer of a command that does what it is to do."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, (done.stdout, done.stderr.decode())
        return orjson.loads(done.stdout)

    def refused(self, *arguments: str) -> str:
        """Why a command does nothing."""
        done = self.run(*arguments)
        assert done.returncode == 2, (done.stdout, done.stderr.decode())
        return done.stderr.decode()

    def move(self) -> None:
        plan = self.ok("plan")
        assert plan["anomalies"] == []
        self.ok("copy", "--plan", plan["digest"])
        self.turn("cutover")

    def turn(self, which: str) -> None:
        """A process may need a moment until it has opened the other stores."""

        def turned() -> bool:
            done = self.run(which)
            assert done.returncode == 0 or b"is not ready" in done.stderr, done.stderr.decode()
            return done.returncode == 0

        eventually(turned, seconds=60)
        time.sleep(0.5)  # a process looks four times a second where the library lives

    def dropped(self, place: str, body: bytes) -> Path:
        """A file in the tree, as a generator writes it: under another name first."""
        path = self.outputs / place
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(".unfinished")
        unfinished.write_bytes(body)
        unfinished.rename(path)
        return path

    def files(self, id: str, top: str = "users") -> list[Path]:
        """What lies of an image in the tree."""
        return [path for path in (self.outputs / top).rglob(f"*{id}*") if path.is_file()]

    def objects(self, id: str, top: str = "users/") -> list[str]:
        """What lies of an image in the bucket."""
        return [name for name in self.store.names() if id in name and name.startswith(top)]

    def rows(self, sql: str) -> list[Any]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()


@contextmanager
def reached(root: Path) -> Iterator[Living]:
    """Such a library, whose bucket this process reaches."""
    living = Living(root)
    with living.store.reached():
        yield living


def purged(person: Person) -> str:
    """The id of one of the person's images, which was purged just now."""
    id = next(iter(person.told))
    person.trash(0, id)
    person.purge(0, id)
    return id
