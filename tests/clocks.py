"""A wall clock that can jump, and the guard that looks at it."""

from __future__ import annotations

from gallery.catalog.notes import Notes
from gallery.clock import ClockGuard


class Clocks:
    """A wall clock that can jump, and a monotonic one that cannot."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.wall, self.monotonic = 1_800_000_000.0, 50.0
        self.guard = self.restarted()

    def restarted(self) -> ClockGuard:
        return ClockGuard(self.notes, lambda: self.wall, lambda: self.monotonic)

    def pass_(self, seconds: float) -> bool:
        """Time passes; whether purging is allowed then."""
        self.wall += seconds
        self.monotonic += seconds
        return self.guard.tick()
