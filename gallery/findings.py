"""What is found of a place that a library may move to: looked at, and not made anybody's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from gallery.errors import GalleryError, StartRefused

State = Literal["ok", "warning", "failed"]
SKEW_SECONDS = 60.0
"""Clocks that differ by more are worth a word."""
SKEW_MOST_SECONDS = 600.0
"""S3 refuses what was signed a quarter of an hour ago."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what to know about it, and what to do."""

    what: str
    state: State = "ok"
    why: str = ""
    todo: str = ""

    def __str__(self) -> str:
        said = "; ".join(filter(None, (self.why, self.todo)))
        return f"{self.state:8} {self.what}" + (f": {said}" if said else "")


class Odd(Exception):
    """Something is not as it should be, though it could be looked at."""

    def __init__(self, why: str, todo: str = "", state: State = "failed") -> None:
        super().__init__(why)
        self.todo = todo
        self.state = state


class Place(Protocol):
    """A store that is tried without becoming a library's. Nothing is left behind."""

    def findings(self) -> Iterator[Finding]:
        """One thing after the other; of what cannot be looked at any more, nothing."""

    def rate(self, size: int, bodies: int) -> float:
        """Bytes a second, of so many bodies of this size that are sent at once. Raises
        GalleryError and OSError."""

    def close(self) -> None: ...


def tried(what: str, look: Callable[[], str], todo: str = "") -> Finding:
    """What ``look`` tells, or why it could not. ``todo`` is what to do then."""
    try:
        return Finding(what, "ok", look())
    except Odd as odd:
        return Finding(what, odd.state, str(odd), odd.todo or todo)
    except (StartRefused, GalleryError, OSError) as error:
        return Finding(what, "failed", str(error), todo)


def skew(seconds: float, whose: str) -> str:
    """Of a clock that is ahead by so much. Raises Odd."""
    text = f"{whose} is {abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'}"
    if abs(seconds) > SKEW_SECONDS:
        state: State = "failed" if abs(seconds) > SKEW_MOST_SECONDS else "warning"
        raise Odd(text, "set the clocks by NTP", state)
    return f"within {max(1, round(abs(seconds)))} s"


def whose(known: str | None, library: str | None) -> str:
    """Of a place that is of the library ``known``. Raises Odd when that is another one."""
    if known is None:
        return "nobody's yet: copy makes it this library's"
    if known != library:
        raise Odd(f"it is of another library, {known}", "name another one")
    return "this library's"


def timed(act: Callable[[], object]) -> float:
    """Seconds."""
    began = time.monotonic()
    act()
    return max(time.monotonic() - began, 1e-6)
