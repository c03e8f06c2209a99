"""What is to be looked at, and when: each thing once, by one thread at a time."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Looks(Generic[T]):
    """Threads that look at what is due. ``look`` gives the seconds after which a thing wants
    another look, or None; what is noted while it is being looked at is looked at again."""

    def __init__(self, look: Callable[[T], float | None], *, threads: int) -> None:
        self._look = look
        self._changed = threading.Condition()
        self._due: dict[T, float] = {}
        self._order: list[tuple[float, int, T]] = []
        """A heap; what no longer agrees with ``_due`` is passed over."""
        self._number = itertools.count()
        self._busy: set[T] = set()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._run, name=f"look-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Once, however often it is called; what was noted before is looked at then."""
        for thread in self._threads:
            if thread.ident is None:
                thread.start()

    def stop(self) -> None:
        """Returns when the looks under way have ended."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def note(self, thing: T, after: float = 0.0) -> None:
        """Has ``thing`` looked at in so many seconds, or sooner if that was said before."""
        with self._changed:
            self._note(thing, time.monotonic() + after)

    def _note(self, thing: T, due: float) -> None:
        if due >= self._due.get(thing, float("inf")):
            return
        self._due[thing] = due
        if thing not in self._busy:
            heapq.heappush(self._order, (due, next(self._number), thing))
            self._changed.notify()

    def _run(self) -> None:
        while (thing := self._next()) is not None:
            again = None
            try:
                again = self._look(thing)
            except Exception:
                log.exception("looking at %s failed", thing)
            with self._changed:
                self._busy.discard(thing)
                if again is not None:
                    again += time.monotonic()
                dues = [due for due in (self._due.pop(thing, None), again) if due is not None]
                if dues:
                    self._note(thing, min(dues))

    def _next(self) -> T | None:
        """The next thing that is due, when it is; None at the end."""
        with self._changed:
            while not self._stopped:
                wait = None
                if self._order:
                    due, _, thing = self._order[0]
                    wait = due - time.monotonic()
                    if self._due.get(thing) != due or thing in self._busy:
                        heapq.heappop(self._order)
                        continue
                    if wait <= 0:
                        heapq.heappop(self._order)
                        del self._due[thing]
                        self._busy.add(thing)
                        return thing
                self._changed.wait(wait)
        return None
