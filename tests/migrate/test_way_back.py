"""The way back, when much was written, a bucket fails or a database restarts."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gallery import keys
from gallery.bulk import Bulk
from gallery.journal import Wanted
from gallery.library import Library
from tests.migrate.people import Worker, in_use
from tests.migrate.real import Ground, ended
from tests.samples import eventually, ident, pixels, upload
from tests.services.proxy import Fault, request, status

# -- a bucket that fails --------------------------------------------------------------------------

THERE = {
    "500": Fault(request("PUT", "/users/"), answer=status(500), times=2),
    "503": Fault(request("PUT", "/users/"), answer=status(503), times=4),
    "slow": Fault(delay=0.05),
    "a lost reply": Fault(request("PUT", ".json"), reset_after=0, times=2),
}
BACK = {
    "500": Fault(request("GET", "/users/"), answer=status(500), times=4),
    "503": Fault(request("GET", "/users/"), answer=status(503), times=8),
    "slow": Fault(delay=0.05),
    "a lost reply": Fault(request("GET", "/users/"), reset_after=0, times=4),
    "cut off": Fault(request("GET", ".png"), reset_after=350, times=2),
    "half a body": Fault(request("GET", ".webp"), half="cut", times=2),
    "half, and it says so": Fault(request("GET", ".webp"), half="claimed", times=2),
}


def test_a_bucket_that_fails_for_a_while(ground: Ground) -> None:
    """On the way there and on the way back nobody has to do anything."""
    ground.copied()
    numbers = iter(range(10, 100, 2))
    for name, fault in BACK.items():
        first = next(numbers)
        ground.fill(first, first + 1)
        turned(ground, "cutover", THERE.get(name))
        first = next(numbers)
        ground.fill(first, first + 1, target=True)
        turned(ground, "rollback", fault)
        assert ground.lives == "file:"
    ground.is_level()


def turned(ground: Ground, turn: str, fault: Fault | None) -> None:
    with ground.proxy.broken(fault or Fault(lambda _: False)):
        ground.ok(turn, "--budget", "20")
        assert ground.proxy.befallen or fault is None


# -- a database that restarts ---------------------------------------------------------------------


def test_a_database_that_restarts_while_the_way_back_is_followed(own: Ground) -> None:
    own.copied()
    own.ok("cutover")
    own.fill(5, 12, target=True)
    with own.stopped("apply", "rollback", "--budget", "30") as it:
        own.database.restart()
    assert it.ran.code == 0, it.ran.complained
    assert own.lives == "file:"
    own.is_level()


# -- much that was written ------------------------------------------------------------------------

ACTS = ("upload", "purge", "restore", "trash", "edit")
OWNERS = [f"member-{number}" for number in range(8)]


def test_nothing_is_lost_of_thousands_of_writes(ground: Ground, everything: bool) -> None:
    """They are made in the new stores, before the way back and while it is gone."""
    writes = 10_000 if everything else 800
    with ground.library() as library:
        for owner in OWNERS:
            for number in range(writes // 80):
                upload(library, pixels(number), owner=owner, id=ident(number))
    with in_use(ground, (Worker, Worker)) as use:
        ground.copied()
        ground.turned("cutover")
        with ground.library(target=True) as library, ThreadPoolExecutor(len(OWNERS)) as pool:
            write = partial(_write, library, writes // len(OWNERS))
            assert sum(pool.map(write, OWNERS)) >= writes
        began: dict[str, Any] = {}

        def is_back() -> bool:
            ran = ended(ground.begin("rollback"), 300)
            assert ran.code == 0 or "more is written" in ran.complained, ran.complained
            began.update(ran.said or {})
            return ran.code == 0

        eventually(is_back, 300)
        use.goes_on()
    # What thousands have changed is brought before anybody has to wait.
    assert began["images"] < 100
    ground.is_level()


def _write(library: Library, writes: int, owner: str) -> int:
    """Changes images of the owner so often, a tenth of them together; gives how often."""
    rng, known, trash = random.Random(owner), list(range(writes // 10)), list[int]()
    wanted = Wanted("tag", tuple(map(ident, known)), tags=("many",))
    done = len(Bulk(library).run(owner, wanted, keys.new_id()).outcomes)
    for number in range(1 << 20, (1 << 20) + writes - done):
        act = rng.choices(ACTS, (15, 10, 10, 15, 50))[0]
        if act == "upload" or len(known) < 4:
            upload(library, pixels(number), owner=owner, id=ident(number))
            known.append(number)
        elif act == "trash":
            trash.append(known.pop(rng.randrange(len(known))))
            library.trash(owner, ident(trash[-1]))
        elif act == "purge" and trash:
            library.purge(owner, ident(trash.pop()))
        elif act == "restore" and trash:
            known.append(trash.pop())
            library.restore(owner, ident(known[-1]))
        else:
            library.edit(owner, ident(rng.choice(known)), tags=(f"edit {number}",))
        done += 1
    return done
