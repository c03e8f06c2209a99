"""Two moves at once, a bucket that fails or lies, a database that restarts, a full disk."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from tests.http.fleet import Person
from tests.migrate.people import Fleet
from tests.migrate.real import Ground, ended
from tests.migrate.writing import written_to
from tests.samples import OWNER, eventually, ident
from tests.services.proxy import Fault, request, status

# -- two at once --------------------------------------------------------------------------------


def test_the_second_of_two_moves_refuses(ground: Ground) -> None:
    plan = ground.ok("plan")
    other = ground.ok("plan", "--run", "other")
    with ground.stopped("send", "copy", "--plan", plan["digest"]) as it:
        ground.run("copy", "--plan", plan["digest"]).refused("another process works on this move")
        for command in (("copy", "--plan", other["digest"]), ("follow",), ("cutover",)):
            ground.run(*command, "--run", "other").refused("with another run folder")
    assert it.ran.code == 0
    ground.ok("follow", "--run", "other")


def test_a_move_that_is_told_to_stop_says_so(ground: Ground) -> None:
    ground.fill(2, 4)
    ground.copied()
    ground.fill(5, 40)
    with ground.stopped("put", "follow", "--for-ever") as it:
        it.process.send_signal(signal.SIGTERM)
    assert it.ran.code == 0, it.ran.complained
    assert not it.ran.said["level"]
    ground.ok("follow")
    ground.is_equal()


# -- the bucket -----------------------------------------------------------------------------------

FAULTS = {
    "500": Fault(request("PUT"), answer=status(500), times=4),
    "503": Fault(request("PUT"), answer=status(503), times=8),
    "slow": Fault(delay=0.1),
    "cut off": Fault(request("PUT"), reset_within=200, times=3),
    "a lost reply": Fault(request("PUT", ".json"), reset_after=0, times=4),
    "a lost reply to what is new": Fault(request("PUT", ".png"), reset_after=0, times=4),
}


def test_a_bucket_that_fails_for_a_while(ground: Ground) -> None:
    """Nobody has to do anything."""
    plan = ground.ok("plan")
    ground.ok("copy", "--plan", plan["digest"])
    for number, fault in enumerate(FAULTS.values()):
        first = 10 * number + 10
        ground.fill(first, first + 1)
        with ground.proxy.broken(fault):
            ground.ok("copy", "--plan", plan["digest"], "--again")
            assert ground.proxy.befallen
        ground.fill(first + 2, first + 3)
        with ground.proxy.broken(fault):
            ground.ok("follow")
            assert ground.proxy.befallen
    ground.is_equal()


def test_a_bucket_that_is_away_while_the_library_turns(ground: Ground) -> None:
    """Those who write wait no longer than they may, and go on where they were."""
    ground.copied()
    with ExitStack() as away:
        with (
            ground.library() as library,
            written_to(library),
            ground.stopped("fence", "cutover", "--budget", "8") as it,
        ):
            away.enter_context(ground.proxy.cut())
        it.ran.refused("had to wait")
        assert ground.lives == "file:"
        ground.fill(2, 2)
    ground.ok("cutover")
    ground.is_equal()


def test_a_bucket_that_lies(ground: Ground) -> None:
    """It says that it has what is gone. That is seen, and sent again when it is asked for."""
    plan = ground.ok("plan")
    lie = b'HTTP/1.1 200 OK\r\netag: "0"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
    with ground.proxy.broken(Fault(request("PUT", ".png"), answer=lie)):
        ground.ok("copy", "--plan", plan["digest"])
    ran = ground.run("verify")
    assert ran.code == 1
    assert "target: its original is not there" in ran.complained
    assert ground.ok("copy", "--plan", plan["digest"])["outcomes"] == {}
    again = ground.ok("copy", "--plan", plan["digest"], "--again")
    assert again["outcomes"] == {"healed": 1}
    ground.is_equal()


# -- the database ---------------------------------------------------------------------------------


def test_a_database_that_restarts(own: Ground) -> None:
    plan = own.ok("plan")
    with own.stopped("apply", "copy", "--plan", plan["digest"], "--threads", "2") as it:
        own.database.restart()
    assert it.ran.code == 0, it.ran.complained
    own.fill(5, 8)
    with own.stopped("apply", "follow") as it:
        own.database.restart()
    assert it.ran.code == 0, it.ran.complained
    own.is_equal()


def test_a_database_that_restarts_while_the_library_turns(own: Ground) -> None:
    """On the way there the turn may go on; on the way back the fence was the database's."""
    own.copied()
    with own.stopped("fence", "cutover", "--budget", "30") as it:
        own.database.restart()
    assert it.ran.code in (0, 2), it.ran.complained
    assert (own.lives != "file:") is (it.ran.code == 0)
    own.ok("cutover")
    with own.stopped("fence", "rollback", "--budget", "30") as it:
        own.database.restart()
    it.ran.refused("database")
    assert own.lives != "file:"
    own.ok("rollback")
    assert own.lives == "file:"
    own.is_equal()


# -- servers that begin in the middle ------------------------------------------------------------


@pytest.mark.parametrize("step", ["fence", "turn", "record"])
def test_a_server_that_is_started_while_the_library_turns(ground: Ground, step: str) -> None:
    """The library doesn't turn yet, if the server was seen; else it waits, and begins where the
    library lives then."""
    ground.copied()
    folder = ground.root / "outputs" / ".gallery" / "processes"
    with ground.store.reached(), Fleet(ground) as fleet, ThreadPoolExecutor(1) as pool:
        eventually(lambda: ground.run("preflight").code == 0, 30)
        serving: AbstractContextManager[Any] = fleet.served()
        with _stopped_when_ready(ground, step) as it:
            starting = pool.submit(serving.__enter__)
            eventually(lambda: len(list(folder.iterdir())) == 3, 30)
            assert step == "record" or not starting.done()
        new = starting.result(30)
        assert it.ran.code == (2 if step == "fence" else 0), it.ran.complained
        with Person([new, *fleet.servers]) as person:
            for at in range(3):
                person.sees(at, person.upload(at))
            ground.turned("cutover")
            for at in range(3):
                person.sees(at, person.upload(at))
            ground.turned("rollback")
            for at in range(3):
                person.sees(at, person.upload(at))
        serving.__exit__(None, None, None)


def _stopped_when_ready(ground: Ground, step: str) -> AbstractContextManager[Any]:
    """Both servers have opened the new stores."""
    logs = ground.root / "log"
    eventually(lambda: logs.read_text().count("ready for") == 2, 30)
    return ground.stopped(step, "cutover", "--budget", "30")


# -- the run folder -------------------------------------------------------------------------------


def test_a_run_folder_without_room(ground: Ground) -> None:
    plan = ground.ok("plan")
    ground.ok("copy", "--plan", plan["digest"])
    ground.fill(2, 9)
    size = (ground.root / "migration" / "journal.jsonl").stat().st_size
    full = ("prlimit", f"--fsize={size + 300}")
    ended(ground.begin("follow", under=full)).refused("File too large")
    ground.ok("follow")
    ground.is_equal()
    with ground.library(target=True) as library:
        assert library.get(OWNER, ident(9))
