"""Whether the wall clock can be trusted to say how old something is.

Retention deletes for ever by a difference of wall-clock times. After the clock jumped,
or after a long absence, it waits a day of uptime, so that somebody can notice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from gallery.catalog.notes import Notes
from gallery.errors import GalleryError

log = logging.getLogger(__name__)

NAME = "clock"
JUMP_SECONDS = 300.0
ABSENCE_SECONDS = 7 * 86_400.0
HOLD_SECONDS = 86_400.0


class ClockGuard:
    """Compares wall clock and monotonic clock, and remembers the wall clock in a note, with
    what is left of the wait: neither a restart nor another process ends it."""

    def __init__(
        self,
        notes: Notes,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notes = notes
        self._wall = wall
        self._monotonic = monotonic
        self._hold_until = 0.0
        self._last: tuple[float, float] | None = None
        self._written: bytes | None = None

    def tick(self) -> bool:
        """To be called every minute or so; whether purging by age is allowed now."""
        wall, monotonic = self._wall(), self._monotonic()
        if self._last is not None:
            drift = (wall - self._last[0]) - (monotonic - self._last[1])
            if abs(drift) > JUMP_SECONDS:
                self._hold(monotonic, f"the clock jumped by {drift:.0f} s")
        self._last = wall, monotonic
        try:
            self._compare(wall, monotonic)
        except GalleryError as error:
            log.warning("the last recorded time cannot be read: %s", error)
            return False
        left = max(0.0, self._hold_until - monotonic)
        self._record(wall, left)
        return left == 0

    def _compare(self, wall: float, monotonic: float) -> None:
        """With what another process wrote, or this one before it was started again."""
        raw = self._notes.read(NAME)
        if raw is None or raw == self._written:
            return
        try:
            recorded, *left = map(float, raw[:64].split())
        except ValueError:
            return  # as at the first start
        self._hold_until = max(self._hold_until, monotonic + min(sum(left), HOLD_SECONDS))
        away = wall - recorded
        if away > ABSENCE_SECONDS or away < -JUMP_SECONDS:
            self._hold(monotonic, f"the last recorded time is {away:.0f} s ago")

    def _hold(self, monotonic: float, why: str) -> None:
        self._hold_until = monotonic + HOLD_SECONDS
        log.warning("%s: nothing is purged by age for 24 hours of uptime", why)

    def _record(self, wall: float, left: float) -> None:
        body = f"{wall:.0f} {left:.0f}\n".encode()
        try:
            self._notes.write(NAME, body)
            self._written = body
        except GalleryError as error:
            log.warning("the time cannot be recorded: %s", error)
