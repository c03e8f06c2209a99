"""A machine that has bucket and database alone serves the library while it lives there, and
nothing that it answered is lost when it no longer does."""

from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from gallery.dwelling import active
from gallery.generation import Stores, record_of
from migrate import sides
from migrate.folder import Folder
from migrate.follow import position_in
from migrate.pace import Pace
from migrate.turn import Turn
from tests.cli import command
from tests.http.fleet import LIST, Person
from tests.http.server import environment, free_port
from tests.migrate.movers import Mover
from tests.samples import eventually


def test_it_follows_what_the_database_says_and_never_writes_elsewhere(
    mover: Mover, tmp_path: Path
) -> None:
    folder = tmp_path / "apart"
    folder.mkdir()
    with mover.served() as server:
        person = Person([server])
        person.upload(0)
        mover.copied()
        assert "the library lives in file: and manifest:" in _refused(mover, folder)
        mover.turned("cutover")
        with mover.served_apart(folder) as apart:
            there = Person([apart], person.owner)
            there.told = person.told
            there.upload(0)
            refused = mover.run("rollback")
            assert refused.returncode == 2
            assert "of another machine uses the database" in refused.stderr
            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(_write, there)
                _turn_back(mover)
                assert writing.result(30) > 0
            eventually(lambda: there.clients[0].get(LIST).status_code == 503, seconds=20)
            assert there.clients[0].get("/readyz").status_code == 503
            there.close()
        assert "the library lives in file: and manifest:" in _refused(mover, folder)
        person.told = there.told
        eventually(partial(_is_back, person), seconds=20)
        person.sees_all(0)
        person.close()


def _is_back(person: Person) -> bool:
    return bool(person.clients[0].get(LIST).json()["items"])


def _refused(mover: Mover, folder: Path) -> str:
    """What a server says that does not start there."""
    done = subprocess.run(
        command("serve", "--port", str(free_port())),
        cwd=folder, env=environment(folder, **mover.apart),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def _write(person: Person) -> int:
    """Uploads until that is refused; how many were taken."""
    for number in range(2_000):
        answer = person.post(0, seed=number)
        if answer.status_code != 201:
            assert answer.status_code == 503, answer.text
            return number
        person.told[answer.json()["id"]] = answer.json()
        threading.Event().wait(0.2)
    raise AssertionError("nothing was refused")


def _turn_back(mover: Mover) -> None:
    """As ``rollback`` does, but for a look at who is not ready."""
    settings, folder = active(mover.loaded(**mover.settings)), Folder(str(mover.root / "migration"))
    content, record = folder.plan(), record_of(settings)
    found = record.read()
    assert found is not None
    with folder.held(), folder.journal() as journal, sides.both(settings) as opened:
        start = position_in(folder.entries(), content, found.number)
        turn = Turn(opened, journal, Pace(), record, Stores(**content["from"]))
        turn.run(start, folder.entries(), budget=30, wait=10)
