"""How far it is: a line that is written over on a terminal, elsewhere one a minute."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

EVERY_SECONDS, ON_TERMINAL_SECONDS = 60.0, 0.5


class Progress:
    """Counts objects and bytes. ``images`` and ``bytes`` are of the whole, if they are known.
    For several threads."""

    def __init__(
        self, label: str, images: int = 0, bytes: int = 0, *, to: TextIO | None = None
    ) -> None:
        self._label = label
        self._of = images, bytes
        self._to = to or sys.stderr
        self._over = self._to.isatty()
        self._every = ON_TERMINAL_SECONDS if self._over else EVERY_SECONDS
        self._lock = threading.Lock()
        self._began = self._said = time.monotonic()
        self._first = 0
        self.images = self.bytes = 0

    def skip(self, images: int, bytes: int) -> None:
        """What was done by an earlier run tells nothing of how fast this one is."""
        with self._lock:
            self.images += images
            self.bytes += bytes
            self._first += bytes

    def add(self, images: int, bytes: int) -> None:
        with self._lock:
            self.images += images
            self.bytes += bytes
            now = time.monotonic()
            if now - self._said < self._every:
                return
            self._said = now
        self._say("\r" if self._over else "\n")

    def end(self) -> None:
        if self.images:
            self._say("\n")

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return (self.bytes - self._first) / max(time.monotonic() - self._began, 1e-6)

    def _say(self, end: str) -> None:
        images, size = self._of
        parts = [f"{self._label}: {self.images} images"]
        parts[0] += f" of {images}" if images else ""
        parts.append(f"{self.bytes / 1e6:.1f} MB" + (f" of {size / 1e6:.1f}" if size else ""))
        parts.append(f"{self.rate / 1e6:.1f} MB/s")
        if size > self.bytes and self.rate > 0:
            parts.append(f"{duration((size - self.bytes) / self.rate)} to go")
        self._to.write(", ".join(parts) + "   " * self._over + end)
        self._to.flush()


class Lag:
    """How many changes were brought, and how far behind the last ones were: a line that is
    written over on a terminal, elsewhere one a minute."""

    def __init__(self, *, to: TextIO | None = None) -> None:
        self._to = to or sys.stderr
        self._over = self._to.isatty()
        self._every = ON_TERMINAL_SECONDS if self._over else EVERY_SECONDS
        self._said = time.monotonic()
        self._behind = 0.0
        self.changes = 0

    def add(self, changes: int, seconds: float) -> None:
        """``seconds`` ago the last of so many changes was made."""
        self.changes += changes
        self._behind = max(0.0, seconds)
        if time.monotonic() - self._said >= self._every:
            self._say("\r" if self._over else "\n")

    def end(self) -> None:
        if self.changes:
            self._say("\n")

    def _say(self, end: str) -> None:
        self._said = time.monotonic()
        behind = f"{duration(self._behind)} behind"
        self._to.write(f"{self.changes} changes brought, {behind}" + "   " * self._over + end)
        self._to.flush()


def duration(seconds: float) -> str:
    """To be read by people: 3 h 05 min, 4 min, 12 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes else f"{rest} s"
