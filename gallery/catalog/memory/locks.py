"""Owners' locks within one process, and the fence around all of them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gallery.errors import Unavailable


class Locks:
    """Who holds an owner's lock is within the fence; who closes it waits for those within."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._owners: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._fence = threading.Condition()
        self._is_closed, self._within = False, 0

    @contextmanager
    def lock(self, owner: str) -> Iterator[None]:
        with self._fence:
            self._fence.wait_for(lambda: not self._is_closed)
            self._within += 1
        try:
            with self._mutex:
                lock = self._owners[owner]
            with lock:
                yield
        finally:
            with self._fence:
                self._within -= 1
                self._fence.notify_all()

    @contextmanager
    def fence(self, seconds: float) -> Iterator[Callable[[], None]]:
        with self._fence:
            self._is_closed = True
            free = self._fence.wait_for(lambda: not self._within, seconds)
        try:
            if not free:
                raise Unavailable("a change that is under way does not end", code="busy")
            yield lambda: None
        finally:
            with self._fence:
                self._is_closed = False
                self._fence.notify_all()
