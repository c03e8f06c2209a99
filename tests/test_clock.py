"""The clock guard: after a jump or a long absence nothing is purged for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery import clock
from gallery.catalog.notes import FileNotes, MemoryNotes
from gallery.clock import ABSENCE_SECONDS, HOLD_SECONDS, JUMP_SECONDS
from gallery.errors import Unavailable
from tests.clocks import Clocks


@pytest.fixture
def clocks() -> Clocks:
    return Clocks(MemoryNotes())


def test_a_clock_that_goes_on_steadily_is_trusted(clocks: Clocks) -> None:
    assert clocks.guard.tick()
    assert all(clocks.pass_(60) for _ in range(100))


@pytest.mark.parametrize("jump", [JUMP_SECONDS + 1, -JUMP_SECONDS - 1, 1e9, -1e9])
def test_after_a_jump_nothing_is_purged_for_a_day_of_uptime(clocks: Clocks, jump: float) -> None:
    assert clocks.guard.tick()
    clocks.wall += jump
    assert not clocks.pass_(60)
    assert not clocks.pass_(HOLD_SECONDS - 60)
    assert clocks.pass_(60)


@pytest.mark.parametrize("drift", [JUMP_SECONDS - 1, -JUMP_SECONDS + 1])
def test_a_small_correction_is_no_jump(clocks: Clocks, drift: float) -> None:
    assert clocks.guard.tick()
    clocks.wall += drift
    assert clocks.pass_(60)


def test_a_jump_back_again_counts_from_itself(clocks: Clocks) -> None:
    clocks.guard.tick()
    clocks.wall += 1e6
    assert not clocks.pass_(60)
    clocks.wall -= 1e6
    assert not clocks.pass_(HOLD_SECONDS - 30)
    assert not clocks.pass_(60)
    assert clocks.pass_(HOLD_SECONDS)


@pytest.mark.parametrize(
    ("away", "allowed"),
    [(60, True), (ABSENCE_SECONDS - 60, True), (ABSENCE_SECONDS + 60, False), (-3600, False)],
)
def test_a_long_absence_is_held_like_a_jump(clocks: Clocks, away: float, allowed: bool) -> None:
    clocks.guard.tick()
    clocks.wall += away
    clocks.monotonic = 7.0
    clocks.guard = clocks.restarted()
    assert clocks.guard.tick() is allowed
    assert clocks.pass_(HOLD_SECONDS + 1)


def test_a_restart_does_not_end_the_wait(clocks: Clocks) -> None:
    clocks.guard.tick()
    clocks.wall += 1e9
    assert not clocks.pass_(60)
    assert not clocks.pass_(HOLD_SECONDS / 2)
    clocks.monotonic = 7.0
    clocks.guard = clocks.restarted()
    assert not clocks.guard.tick()
    assert not clocks.pass_(HOLD_SECONDS / 2 - 60)
    assert clocks.pass_(60)


@pytest.mark.parametrize("content", [b"", b"yesterday", b"\xff\xfe", b"nan\n"])
def test_a_record_that_cannot_be_read_is_like_a_first_start(clocks: Clocks, content: bytes) -> None:
    clocks.notes.write(clock.NAME, content)
    assert clocks.guard.tick()


def test_a_record_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    clocks = Clocks(FileNotes(str(tmp_path / "absent")))
    assert clocks.guard.tick()
    assert clocks.pass_(60)


def test_a_wait_that_another_process_began_is_kept(clocks: Clocks) -> None:
    other = Clocks(clocks.notes)
    assert clocks.pass_(60)
    assert other.guard.tick()
    other.wall += 1e6
    assert not other.pass_(60)
    clocks.wall, clocks.monotonic = other.wall, clocks.monotonic + 1e6
    assert not clocks.guard.tick()
    assert not clocks.pass_(HOLD_SECONDS - 60)
    assert clocks.pass_(60)


class Away(MemoryNotes):
    """Notes that cannot be read for a while."""

    away = False

    def read(self, name: str) -> bytes | None:
        if self.away:
            raise Unavailable(f"{name} is away")
        return super().read(name)


def test_while_the_recorded_time_cannot_be_read_nothing_is_purged() -> None:
    notes = Away()
    clocks = Clocks(notes)
    assert clocks.guard.tick()
    clocks.wall += ABSENCE_SECONDS + 60
    clocks.guard, notes.away = clocks.restarted(), True
    assert not clocks.guard.tick()
    notes.away = False
    assert not clocks.pass_(60)
    assert clocks.pass_(HOLD_SECONDS)
