"""A library that is used all the time, by several people through several servers, moves to a
bucket and a database, back, and there again: nobody is told of it, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.migrate.people import Reader, Worker, in_use
from tests.migrate.real import Ground

WHO = (Worker, Worker, Worker, Reader)


@pytest.fixture
def ground(tmp_path: Path, s3_server: str) -> Iterator[Ground]:
    ground = Ground(tmp_path, server=s3_server)
    yield ground
    ground.proxy.close()


@pytest.mark.each_store
def test_nobody_notices(ground: Ground) -> None:
    """No request fails, no image is lost or there twice, and every link leads where it led, at
    any time; for people and servers go on from each step to the next."""
    with in_use(ground, WHO) as use:
        use.goes_on()
        ground.ok("preflight")
        plan = ground.ok("plan")
        assert plan["anomalies"] == []
        assert plan["images"] > 0
        for step in (("copy", "--plan", plan["digest"]), ("follow",)):
            ground.ok(*step)
            use.goes_on()
        for turn in ("cutover", "rollback", "cutover"):
            ground.turned(turn)
            use.goes_on()
    ground.is_level()
