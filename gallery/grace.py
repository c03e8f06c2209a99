"""The time after a move, in which the library may still go back: what is owed to where it
lived before.

One of the processes that share the tree does it, the one that holds ``.gallery/grace.lock``: it
carries purges over there, and takes in what others drop into the tree that was the library's.
That need not be who leads the periodic jobs, which may be a machine without the tree.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from gallery.blobs.abilities import LocalFiles
from gallery.carried import Purges
from gallery.dropped import Dropped
from gallery.durable import trying
from gallery.errors import GalleryError, StartRefused, storage
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.looks import Looks
from gallery.reconcile import Thing
from gallery.watcher import Watcher

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
AWAY_SECONDS = 5.0
_THREADS = 4


class Grace:
    """Of a ``library`` whose tree lies in ``outputs``. ``opened`` gives what it was before,
    where only this process writes, and only as long as the library lives here. Works in a thread
    of its own."""

    def __init__(
        self, library: Library, opened: Callable[[], Library], imaging: Imaging, outputs: str, *,
        walk_seconds: float, max_bytes: int | None = None,
    ) -> None:  # fmt: skip
        self._library = library
        self._opened = opened
        self._imaging = imaging
        self._lock = os.path.join(outputs, ".gallery", "grace.lock")
        self._walk_seconds = walk_seconds
        self._max_bytes = max_bytes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="grace", daemon=True)
        self._said = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when what was under way has ended."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                with ExitStack() as held:
                    with storage(self._lock, ours=True):
                        alone = held.enter_context(trying(self._lock))
                    if alone:
                        self._lead()
            except (GalleryError, StartRefused) as error:
                if str(error) != self._said:
                    log.warning("where the library lived before: %s", error)
                    self._said = str(error)
                self._stop.wait(AWAY_SECONDS)
            except Exception:
                log.exception("what is owed to where the library lived before failed")
                self._stop.wait(AWAY_SECONDS)

    def _lead(self) -> None:
        """Until it is stopped. Raises GalleryError, and StartRefused."""
        before = self._opened()
        try:
            purges = Purges(self._library, before)
            purges.carry()  # before anything that was purged can be taken for new
            taking = self._taking(before)
            try:
                while not self._stop.wait(BEAT_SECONDS):
                    purges.carry()
                    if taking:
                        taking.beat()
            finally:
                if taking:
                    taking.stop()
        finally:
            before.close()

    def _taking(self, before: Library) -> _Taking | None:
        """Files are watched here only where the library's own watcher doesn't."""
        if isinstance(self._library.blobs, LocalFiles):
            dropped = self._dropped(before, self._library)
            for thing in dropped.set_aside():
                dropped.look(thing)
        elif isinstance(before.blobs, LocalFiles):
            dropped = self._dropped(before, before)
            return _Taking(dropped, before.blobs, self._walk_seconds)
        return None

    def _dropped(self, before: Library, tree: Library) -> Dropped:
        return Dropped(self._library, before, tree, self._imaging, max_bytes=self._max_bytes)


class _Taking:
    """Has what is dropped looked at, when it is seen or found by a walk."""

    def __init__(self, dropped: Dropped, files: LocalFiles, walk_seconds: float) -> None:
        self._dropped = dropped
        self._walk_seconds = walk_seconds
        self._looks: Looks[Thing] = Looks(dropped.look, threads=_THREADS)
        self._watcher = Watcher(files, self._looks)
        self._due = 0.0
        self._looks.start()
        self._watcher.start()

    def beat(self) -> None:
        """Watching begins before the walk: nothing happens between the two unseen."""
        if not self._watcher.wants_walk() and time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._walk_seconds
        for thing in self._dropped.everything():
            self._looks.note(thing)

    def stop(self) -> None:
        self._watcher.stop()
        self._looks.stop()
