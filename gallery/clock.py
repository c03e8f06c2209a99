"""Whether the wall clock can be trusted to say how old something is.

Retention deletes for ever by a difference of wall-clock times. After the clock jumped,
or after a long absence, it waits a day of uptime, so that somebody can notice.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

JUMP_SECONDS = 300.0
ABSENCE_SECONDS = 7 * 86_400.0
HOLD_SECONDS = 86_400.0


class ClockGuard:
    """Compares wall clock and monotonic clock, and remembers the wall clock in a file, with
    what is left of the wait: a restart doesn't end it."""

    def __init__(
        self,
        path: str,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._wall = wall
        self._monotonic = monotonic
        self._hold_until = 0.0
        self._last: tuple[float, float] | None = None

    def tick(self) -> bool:
        """To be called every minute or so; whether purging by age is allowed now."""
        wall, monotonic = self._wall(), self._monotonic()
        if self._last is None:
            self._compare_with_file(wall, monotonic)
        else:
            drift = (wall - self._last[0]) - (monotonic - self._last[1])
            if abs(drift) > JUMP_SECONDS:
                self._hold(monotonic, f"the clock jumped by {drift:.0f} s")
        self._last = wall, monotonic
        left = max(0.0, self._hold_until - monotonic)
        self._record(wall, left)
        return left == 0

    def _compare_with_file(self, wall: float, monotonic: float) -> None:
        try:
            with open(self._path, encoding="ascii") as file:
                recorded, *left = map(float, file.read(64).split())
        except (OSError, ValueError):
            return  # the first start
        self._hold_until = monotonic + min(sum(left), HOLD_SECONDS)
        away = wall - recorded
        if away > ABSENCE_SECONDS or away < -JUMP_SECONDS:
            self._hold(monotonic, f"the last recorded time is {away:.0f} s ago")

    def _hold(self, monotonic: float, why: str) -> None:
        self._hold_until = monotonic + HOLD_SECONDS
        log.warning("%s: nothing is purged by age for 24 hours of uptime", why)

    def _record(self, wall: float, left: float) -> None:
        temporary = f"{self._path}.new"
        try:
            with open(temporary, "w", encoding="ascii") as file:
                file.write(f"{wall:.0f} {left:.0f}\n")
            os.rename(temporary, self._path)
        except OSError as error:
            log.warning("%s: %s", self._path, error)
