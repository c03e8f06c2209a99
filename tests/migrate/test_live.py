"""A library that is used all the time, by several people through several servers, moves to a
bucket and a database, back, and there again: nobody is told of it, and nothing is lost."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests import databases, services
from tests.homes import Home
from tests.http.fleet import Person
from tests.http.server import Server, environment
from tests.samples import eventually

PEOPLE = 3


class Living:
    """A library on files under ``root``, with a bucket and a database for it to move to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = {
            "next_blobs": services.s3().url,
            "next_catalog": databases.database().create(),
        }
        self.stop = threading.Event()

    def migrate(self, *arguments: str) -> tuple[int, Any]:
        """Exit code and answer of a command."""
        done = subprocess.run(
            [sys.executable, "-m", "migrate", *arguments, "--json"],
            cwd=self.root, env=environment(self.root, **self.settings),
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        said = orjson.loads(done.stdout) if done.stdout else None
        assert done.returncode != 2, done.stderr.decode()
        return done.returncode, said

    def ok(self, *arguments: str) -> Any:
        code, said = self.migrate(*arguments)
        assert code == 0, said
        return said

    def use(self, servers: list[Server], number: int) -> Person:
        """What a person does until it is enough; every answer has to be right."""
        rng = random.Random(number)
        person = Person(servers)
        while not self.stop.wait(0.1):
            self._act(person, rng, rng.randrange(len(servers)))
        return person

    def _act(self, person: Person, rng: random.Random, at: int) -> None:
        known = sorted(person.told)
        if len(known) < 4 or rng.random() < 0.2:
            person.upload(at)
            return
        id = rng.choice(known)
        acts = {"active": [person.edit, person.trash], "trash": [person.restore, person.purge]}
        if rng.random() < 0.5:
            rng.choice(acts[person.told[id]["status"]])(at, id)
        person.sees(at, id)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Living]:
    store = services.s3()
    living = Living(tmp_path)
    living.settings["next_blobs"] = store.url
    with store.reached():
        yield living


@contextmanager
def in_use(living: Living, servers: list[Server]) -> Iterator[list[Person]]:
    """People are at work within; afterwards they are those who were."""
    people: list[Person] = []
    with ThreadPoolExecutor(PEOPLE) as pool:
        using = [pool.submit(living.use, servers, number) for number in range(PEOPLE)]
        try:
            yield people
        finally:
            living.stop.set()
        people += [one.result(60) for one in using]


def test_nobody_notices(living: Living) -> None:
    with Home(living.root, **living.settings).fleet({}, {}) as servers:
        with in_use(living, servers) as people:
            assert living.migrate("preflight")[0] == 0
            plan = living.ok("plan")
            assert plan["anomalies"] == []
            living.ok("copy", "--plan", plan["digest"])
            living.ok("follow")
            for turn in ("cutover", "rollback", "cutover"):
                eventually(partial(_turned, living, turn), seconds=60)
        living.ok("follow")
        compared = living.ok("verify")
        assert compared["root"] == compared["target_root"]
        for person, at in itertools.product(people, range(len(servers))):
            assert len(person.told) > 2
            for id in {**person.told, **person.gone}:
                person.sees(at, id)
            person.sees_all(at)
        assert all("Traceback" not in server.logged() for server in servers)
    for person in people:
        person.close()


def _turned(living: Living, turn: str) -> bool:
    """A process may need a moment until it has opened the new stores."""
    done = subprocess.run(
        [sys.executable, "-m", "migrate", turn, "--json"],
        cwd=living.root, env=environment(living.root, **living.settings),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        assert "is not ready" in done.stderr or "more is written" in done.stderr, done.stderr
    return done.returncode == 0
