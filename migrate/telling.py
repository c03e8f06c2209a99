"""What a catalog is told of: the changes of one owner together.

Of several threads that want to tell of an owner's images, one does it at a time, under the
owner's lock. Those that come meanwhile are told of together by the next, so that a lock and a
transaction serve all of them, and nobody waits for another's request to a bucket.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from gallery import replica
from gallery.changes import Change
from gallery.library import Library


@dataclass(slots=True)
class _Owner:
    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[tuple[Change, Future[None]]] = field(default_factory=list)


class Telling:
    """For several threads, each with an image of its own."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._owners: dict[str, _Owner] = {}

    def tell(self, change: Change) -> None:
        """Returns when the catalog knows it. Raises GalleryErrors."""
        told = Future[None]()
        with self._lock:
            owner = self._owners.setdefault(change.owner, _Owner())
            owner.waiting.append((change, told))
        with owner.turn:
            if not told.done():
                self._together(owner)
        told.result()

    def waiting_for(self, owner: str) -> int:
        """How many changes of an owner are yet to be told."""
        with self._lock:
            return len(self._owners[owner].waiting) if owner in self._owners else 0

    def _together(self, owner: _Owner) -> None:
        with self._lock:
            waiting, owner.waiting = owner.waiting, []
        try:
            replica.enter(self._library, [change for change, _ in waiting])
        except BaseException as error:  # noqa: BLE001 - each of them raises it
            for _, told in waiting:
                told.set_exception(error)
            return
        for _, told in waiting:
            told.set_result(None)
