"""How fast a move may be, so that the gallery goes on serving.

Bytes a second are a limit of their own. Besides, where a URL of the live server is named, it
is asked for now and then: as long as its answers take longer than they may, nothing more
begins.
"""

from __future__ import annotations

import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gallery.errors import Unavailable
from gallery.settings import MIB
from migrate.folder import Folder

LOOK_SECONDS = 0.5
PAUSE_SECONDS = 1.0
_MOST_SECONDS = 10.0


class Stopped(Exception):
    """Somebody wants the move to stop; it can be gone on with."""


class Pace:
    """``rate`` is in bytes a second, ``slow`` in seconds; None is no limit. For several
    threads. ``paused`` says whether everybody is to wait."""

    def __init__(
        self,
        rate: float | None = None,
        url: str | None = None,
        slow: float | None = None,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        self._rate = rate
        self._url = url
        self._slow = slow
        self._paused = paused
        self._lock = threading.Lock()
        self._free_at = 0.0
        self._stop = threading.Event()
        self._may = threading.Event()
        self._may.set()
        self._thread = threading.Thread(target=self._watch, name="pace", daemon=True)

    def start(self) -> None:
        if self._paused():
            self._may.clear()
        self._thread.start()

    def stop(self) -> None:
        """Whoever waits or begins raises Stopped from here on."""
        self._stop.set()
        self._may.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def begin(self) -> None:
        """Returns when another image may be begun. Raises Stopped."""
        self._may.wait()
        if self._stop.is_set():
            raise Stopped

    def spend(self, size: int) -> None:
        """Returns when so many bytes are paid for. Raises Stopped."""
        if self._rate is None:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + size / self._rate
            wait = self._free_at - now - size / self._rate
        if self._stop.wait(wait):
            raise Stopped

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            if not self._paused() and not self._is_slow():
                self._may.set()
            elif not self._stop.is_set():
                self._may.clear()

    def _is_slow(self) -> bool:
        """Of a server that doesn't answer nothing can be said: it may be meant to be down."""
        if self._url is None or self._slow is None:
            return False
        began = time.monotonic()
        try:
            with urllib.request.urlopen(self._url, timeout=_MOST_SECONDS) as answer:  # noqa: S310 - the operator's own
                answer.read()
        except OSError:
            return time.monotonic() - began > self._slow
        return time.monotonic() - began > self._slow


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast it may be: MiB a second (0: no limit), and the URL of a live server that has
    to answer within so many milliseconds."""

    mib: int = 0
    live: str | None = None
    slow_ms: int = 250


@contextmanager
def paced(folder: Folder, limits: Limits) -> Iterator[Pace]:
    """A pace that ends when the command is told to stop; what is under way is ended. Raises
    Unavailable when it was."""
    pace = Pace(
        limits.mib * MIB or None, limits.live, limits.slow_ms / 1000, lambda: folder.is_paused
    )
    before = {
        number: signal.signal(number, lambda *_: pace.stop())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    pace.start()
    try:
        yield pace
    except Stopped as error:
        raise Unavailable("it was stopped; the same command goes on with it") from error
    finally:
        pace.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
