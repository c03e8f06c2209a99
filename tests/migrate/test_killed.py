"""The process of a move is killed, at any step, and the same command goes on with it."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gallery.library import Library
from migrate.folder import Folder
from tests.http.fleet import Person
from tests.http.server import Server
from tests.migrate.people import in_use
from tests.migrate.real import KILLED, Ground, Ran, is_early
from tests.samples import OWNER, eventually, ident, pixels, upload

_FEW = 7
"""Between two steps that are tried, where not all are."""


def steps(everything: bool) -> Iterator[int]:
    number = 1
    while True:
        yield number
        number += 1 if everything else _FEW


def test_a_copy(ground: Ground, everything: bool) -> None:
    plan, killed = ground.ok("plan"), 0
    ground.ok("copy", "--plan", plan["digest"])
    for number in steps(everything):
        owner = f"member-{number}"
        with ground.library() as library:
            for kind in ("output", "input"):
                upload(library, pixels(number), owner=owner, kind=kind, id=ident(killed * 10))
                killed += 1
        copy = "copy", "--plan", plan["digest"], "--owner", owner, "--threads", "1"
        if _again(ground, copy, number).code == 0:
            break
        if everything:
            ground.is_equal("--owner", owner)
    assert number > 12
    ground.is_level()


def test_a_follow(ground: Ground, everything: bool) -> None:
    plan = ground.ok("plan")
    ground.ok("copy", "--plan", plan["digest"])
    for number in steps(everything):
        with ground.library() as library:
            _change(library, number)
        if _again(ground, ("follow",), number).code == 0:
            break
        if everything:
            ground.is_equal()
    assert number > 12
    ground.is_level()


def _change(library: Library, number: int) -> None:
    """One image comes, one is changed, one goes."""
    comes, changes, goes = (ident(100 + number * 10 + n) for n in range(3))
    for id in (changes, goes):
        upload(library, b"here before", id=id)
    library.edit(OWNER, changes, tags=("changed",), favorite=True)
    library.trash(OWNER, changes)
    library.trash(OWNER, goes)
    upload(library, b"new", id=comes)
    library.purge(OWNER, goes)


def _again(ground: Ground, command: tuple[str, ...], number: int) -> Ran:
    """The command, killed after so many steps, and once more: that looks at nothing that is
    known to be done, and lists nothing. Gives what the first came to."""
    journal = Folder(str(ground.root / "migration"))
    with ground.watched() as asked:
        ran = ground.run(*command, die=("any", number))
        assert ran.code in (0, KILLED), ran.complained
        done = {key for entry in journal.entries() for key in _sent_by(entry)}
        before = len(asked)
        ground.ok(*command)
    assert not [line for line in asked if "list-type=2" in line]
    again = [line for line in asked[before:] if any(key in line for key in done)]
    assert again == []
    return ran


def _sent_by(entry: dict[str, Any]) -> Iterator[str]:
    """The id of an image that is all there, as the journal says."""
    if entry["did"] == "image":
        yield entry["id"]


POINTS = ("follow", "fence", "turn", "record")
"""Before the fence is closed; within; when the journal tells of the turn; when it has happened."""


def test_a_turn(ground: Ground, everything: bool) -> None:
    """There and back again, killed at each point of either way, while people are at work: the
    servers go on, where they were or over there."""
    with in_use(ground) as use:
        plan = ground.ok("plan")
        ground.ok("copy", "--plan", plan["digest"])
        ways = ("cutover", "rollback")
        each, some = itertools.product(POINTS, ways), zip(POINTS, itertools.cycle(ways))
        for point, turn in each if everything else some:
            eventually(partial(_killed_at, ground, turn, point), seconds=60)
            _go_on(use.fleet.servers)
            ground.turned(turn)
            _go_on(use.fleet.servers)
    ground.is_level()


def _killed_at(ground: Ground, turn: str, point: str) -> bool:
    ran = ground.run(turn, "--budget", "20", die=(point, 1))
    assert ran.code == KILLED or is_early(ran), ran.complained
    return ran.code == KILLED


def _go_on(servers: list[Server]) -> None:
    """Somebody can write at each of them."""
    with Person(servers) as person:
        for at in range(len(servers)):
            person.sees(at, person.upload(at))


def test_a_server(ground: Ground, everything: bool) -> None:
    """Servers are killed all the time, and started again, while the library moves."""
    rng, stop = random.Random("whom it hits"), threading.Event()
    with in_use(ground) as use, ThreadPoolExecutor(1) as pool:

        def killing() -> None:
            while not stop.wait(rng.uniform(1, 4)):
                use.fleet.kill(rng.randrange(len(use.fleet.servers)))

        plan = ground.ok("plan", "--quick")
        killed = pool.submit(killing)
        try:
            ground.run("copy", "--plan", plan["digest"], "--policy", "quarantine")
            for turn in ("cutover", "rollback", "cutover") * (3 if everything else 1):
                ground.turned(turn)
        finally:
            stop.set()
        killed.result(60)
    ground.ok("follow")
    ground.is_equal()
