"""Scrubs of small libraries, in a time that only waiting moves on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gallery import checkpoint
from gallery.checkpoint import Checkpoint
from gallery.library import Library
from gallery.originals import OPENING, Budget
from gallery.records import Record
from gallery.scrub import Scrub
from tests.samples import NOON, OTHER, OWNER, put


class Time:
    """A monotonic clock that only waiting moves on. At ``stop_at`` the process ends."""

    def __init__(self) -> None:
        self.now = 100.0
        self.stop_at = float("inf")

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.now >= self.stop_at


class Scrubber:
    """Scrubs a library in an imagined time; ``rate`` is in bytes a second."""

    def __init__(self, library: Library, rate: float | None = None, *, whole: bool = True) -> None:
        self.time = Time()
        self.notes = library.catalog.notes
        budget = Budget(rate, self.time.wait, lambda: self.time.now)
        self.scrub = Scrub(library, budget, whole=whole)
        self.stretch, self.whole_pass = self.scrub.stretch, self.scrub.whole_pass

    @property
    def state(self) -> Checkpoint:
        state = checkpoint.read(self.notes)
        assert state is not None
        return state

    @property
    def damaged(self) -> dict[str, str]:
        return {image: damage.what for image, damage in self.state.damaged.items()}

    def read(self) -> int:
        """Bytes of originals that this one read."""
        return self.scrub._originals.read


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


ONE_A_STRETCH = OPENING / 60
"""A rate at which the time for a stretch is over with its first image."""


def several(library: Library) -> list[Record]:
    """Images of two owners and three months, in the order of a scrub."""
    month = 31 * 86_400_000_000
    return [
        put(library, 3, owner=OWNER, created_at=NOON - month),
        put(library, 1, owner=OWNER),
        put(library, 2, owner=OWNER, kind="control"),
        put(library, 4, owner=OTHER, created_at=NOON - month),
        put(library, 5, owner=OTHER, created_at=NOON - 2),
    ]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_held(path: Path) -> bool:
    inode = f":{path.stat().st_ino} "
    return any(inode in line for line in Path("/proc/locks").read_text().splitlines())
