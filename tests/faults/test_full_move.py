"""No room while a library moves: for the run folder, or for the files that it goes back to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.machine import Disk, disk, full_of_bytes
from tests.migrate.real import Ground
from tests.samples import OWNER, ident, upload

FULL = "No space left"
MANY = 25
"""Images: what is told of so many fills more than a block."""


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    ground = Ground(tmp_path)
    yield ground
    ground.proxy.close()


def test_a_run_folder_without_room(ground: Ground) -> None:
    """Each command says so and ends, and does its work when there is room."""
    with disk(ground.root / "migration", 16) as run:
        ground.fill(1, MANY)
        refused_and_done(ground, run, "plan")
        refused_and_done(ground, run, "copy", "--plan", ground.ok("plan")["digest"])
        ground.fill(MANY + 1, 2 * MANY)
        refused_and_done(ground, run, "follow")
        refused_and_done(ground, run, "verify")
        ground.fill(2 * MANY + 1, 3 * MANY)
        refused_and_done(ground, run, "cutover")
        ground.fill(3 * MANY + 1, 4 * MANY, target=True)
        refused_and_done(ground, run, "rollback")
        ground.is_level()


def refused_and_done(ground: Ground, volume: Disk, *command: str) -> None:
    lived = ground.lives
    with full_of_bytes(volume.at):
        ground.run(*command).refused(FULL)
        assert ground.lives == lived
    ground.ok(*command)


@pytest.fixture
def moved(ground: Ground) -> Iterator[tuple[Ground, Disk]]:
    """A library that left a small disk, and was given more since."""
    with disk(ground.root / "outputs", 64) as volume:
        ground.fill(1, 6)
        ground.copied()
        ground.ok("cutover")
        with ground.library(target=True) as library:
            for number in range(10, 30):
                upload(library, b"%d" % number * 100_000, id=ident(number))
        yield ground, volume


def test_files_without_room_are_not_gone_back_to(moved: tuple[Ground, Disk]) -> None:
    ground, volume = moved
    with full_of_bytes(volume.at):
        ground.run("rollback").refused(FULL)
        goes_on_over_there(ground)
    ground.ok("rollback")
    came_back(ground)


def test_a_disk_that_is_full_at_the_last_moment_keeps_the_turn_from_happening(
    moved: tuple[Ground, Disk],
) -> None:
    ground, volume = moved
    with ExitStack() as full:
        with ground.stopped("fence", "rollback", "--budget", "20") as it:
            full.enter_context(full_of_bytes(volume.at))
        it.ran.refused(FULL)
        goes_on_over_there(ground)
    ground.ok("rollback")
    came_back(ground)


def goes_on_over_there(ground: Ground) -> None:
    assert ground.lives == ground.store.url
    with ground.library(target=True) as library:
        assert library.edit(OWNER, ident(1), tags=("on",)).record.tags == ("on",)


def came_back(ground: Ground) -> None:
    assert ground.lives == "file:"
    ground.is_level()
    with ground.library() as library:
        assert library.get(OWNER, ident(1)).record.tags == ("on",)
