"""A bucket of whose answers half arrives: what is not the whole is never taken for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.migrate.real import Ground
from tests.services.proxy import Fault, How, request

EACH = (".png", ".webp", ".json")
"""An original, a thumbnail and a sidecar."""
HOWS: tuple[How, How] = ("claimed", "cut")


@pytest.fixture
def between(tmp_path: Path) -> Iterator[Ground]:
    """A library in a bucket and a database, that moves to others."""
    ground = Ground(tmp_path, here="services")
    ground.fill(1, 4)
    yield ground
    ground.proxy.close()


def befallen(ground: Ground, how: How, part: str, *command: str) -> None:
    """The command does all the same what it is to do."""
    with ground.proxy.broken(Fault(request("GET", part), half=how, times=2)):
        ground.ok(*command)
        assert ground.proxy.befallen


def test_a_move_between_buckets_goes_on_by_itself(between: Ground, everything: bool) -> None:
    """Whichever it is that reads."""
    for part in (".png", ".json"):
        befallen(between, "claimed", part, "plan")
    plan, numbers = between.ok("plan"), itertools.count(5)
    assert plan["anomalies"] == []
    for part, first in itertools.product(EACH, HOWS if everything else HOWS[:1]):
        second: How = "cut" if first == "claimed" else "claimed"
        befallen(between, first, part, "copy", "--plan", plan["digest"], "--again")
        between.fill(number := next(numbers), number)
        befallen(between, second, part, "follow")
        between.fill(number := next(numbers), number)
        if part != ".webp":
            between.ok("follow")
            befallen(between, first, part, "verify")
            between.fill(number := next(numbers), number)
    between.is_level()


@pytest.mark.parametrize("how", HOWS)
def test_what_can_not_be_read_is_not_said_to_be_different(between: Ground, how: How) -> None:
    between.copied()
    for part in (".png", ".json"):
        with between.proxy.broken(Fault(request("GET", "/users/", part), half=how)):
            ran = between.run("verify")
        assert ran.code == 2, (ran.said, ran.complained)
        assert ran.said["signs"]["!"] == 4
    between.is_level()


def test_what_can_not_be_read_is_not_sent(between: Ground, everything: bool) -> None:
    """A copy waits for half a minute before it says so."""
    plan = between.ok("plan")
    for part in EACH:
        with between.proxy.broken(Fault(request("GET", "/users/", part), half="claimed")):
            if part != ".webp":
                between.run("plan").refused(part)
            if everything:
                between.run("copy", "--plan", plan["digest"]).refused(part)
    sent = [name for name in between.store.names() if name.startswith("users/")]
    assert all(name.endswith(".png") for name in sent), "a sidecar would say that all is there"
    between.copied()
    between.is_level()
