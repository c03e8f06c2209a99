"""The scrub: looks at every original again, and names those that are not what they were.

A damaged image stays as it is, listed and served: it is for people to put it back. Nothing
is concluded from what is away. All that is known lies in the checkpoint, so that any process
goes on where another one stopped; whoever scrubs holds a lock for a few seconds at a time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gallery import checkpoint, keys
from gallery.blobs.abilities import LocalFiles
from gallery.checkpoint import Checkpoint, Damage
from gallery.errors import GalleryError
from gallery.library import Library
from gallery.originals import Budget, Originals, Stopped, Verdict
from gallery.settings import MIB

log = logging.getLogger(__name__)

WEEK_US = 7 * 86_400_000_000
STRETCH_SECONDS = 10.0
USUAL_MIB = 8
RECHECK_SECONDS = 3600.0
_BREATH = 0.1
"""Seconds between two stretches: time for another process to take the lock."""
Done = Callable[[], None]


def _nothing() -> None:
    pass


class Scrub:
    """The passes over one library. Without ``whole`` they only compare sizes."""

    def __init__(self, library: Library, budget: Budget, *, whole: bool = True) -> None:
        self._library = library
        self._notes = library.catalog.notes
        self._originals = Originals(library, budget, whole=whole)
        self._now = budget.clock
        self._again: list[str] = []
        """Damaged images that are to be looked at again, for somebody may have put them
        back; and when to do that next."""
        self._recheck_at = 0.0

    def stretch(self) -> bool:
        """Goes on for some seconds from where anybody stopped. False when there is nothing
        to do yet, or somebody else is at it. Raises Unavailable, StorageFull, Stopped."""
        with self._lock(wait=False) as held:
            if not held:
                return False
            state, now = self._state(), self._library.clock()
            is_recent = state.began is not None and 0 <= now - state.began < WEEK_US
            if not state.under_way and not is_recent:
                state.begin(now)
            if not self._again and self._now() >= self._recheck_at:
                self._again = list(state.damaged)
                self._recheck_at = self._now() + RECHECK_SECONDS
            if not state.under_way and not self._again:
                return False
            self._go_on(state)
            return True

    def whole_pass(self, done: Done = _nothing) -> Checkpoint:
        """One pass from the beginning; ``done`` is called for each image."""
        with self._lock(wait=True):
            state = self._state()
            state.begin(self._library.clock())
            self._again = list(state.damaged)
            while state.under_way:
                self._go_on(state, done)
            return state

    @contextmanager
    def _lock(self, *, wait: bool) -> Iterator[bool]:
        if wait:
            with self._notes.lock(checkpoint.LOCK):
                yield True
        else:
            with self._notes.trying(checkpoint.LOCK) as held:
                yield held

    def _state(self) -> Checkpoint:
        library = self._library.blobs.library
        state = checkpoint.read(self._notes)
        if state is None and self._notes.read(checkpoint.NAME) is not None:
            log.warning("%s cannot be used: the scrub begins anew", checkpoint.NAME)
        if state is None or state.library != library:
            return Checkpoint(library)
        return state

    def _go_on(self, state: Checkpoint, done: Done = _nothing) -> None:
        until = self._now() + STRETCH_SECONDS
        try:
            if self._recheck(state, until) and state.under_way:
                self._pass_on(state, until, done)
        finally:
            checkpoint.write(self._notes, state)

    def _pass_on(self, state: Checkpoint, until: float, done: Done) -> None:
        originals = self._originals
        for place, key in originals.after(state.after):
            before = originals.read
            if found := originals.examine(key, state.damaged):
                self._note(state, found)
                state.images += 1
            state.after = place
            state.bytes += originals.read - before
            state.checked_bytes += originals.read - before
            done()
            if self._now() >= until:
                return
        state.end(self._library.clock())
        log.info(
            "scrubbed %d images, %d bytes; %d of the library's are damaged",
            *(state.images, state.bytes, len(state.damaged)),
        )

    def _note(self, state: Checkpoint, found: Verdict) -> None:
        if found.what is None:
            if state.damaged.pop(found.image, None):
                log.info("whole again: %s", found.image)
            return
        log.error("%s: %s: %s", found.what, found.image, found.why)
        known = state.damaged.get(found.image)
        since = known.since if known else self._library.clock()
        state.damaged[found.image] = Damage(found.what, since)

    def _recheck(self, state: Checkpoint, until: float) -> bool:
        """Takes those off the list that are whole again, or purged. Whether there was time
        for all."""
        while self._again:
            if self._now() >= until:
                return False
            image = self._again[-1]
            key = keys.parse(image)
            found = self._originals.examine(key, state.damaged) if key else None
            if found is None:
                state.damaged.pop(image, None)
            elif found.what is None:
                self._note(state, found)
            self._again.pop()
            self._recheck_at = self._now() + RECHECK_SECONDS
        return True


def scrubbing(library: Library, mib: int | None) -> Scrubbing | None:
    """The scrub of a server that reads so many MiB a second; None for 0. Where nobody said,
    only files are read: of another machine's objects, which have to be fetched and maybe paid
    for, the sizes are compared."""
    if mib == 0:
        return None
    whole = mib is not None or isinstance(library.blobs, LocalFiles)
    return Scrubbing(library, (mib or USUAL_MIB) * MIB, whole=whole)


class Scrubbing:
    """Scrubs in a thread of its own, as long as this process leads the periodic jobs.
    ``rate`` is in bytes a second; without ``whole`` only sizes are compared."""

    def __init__(
        self, library: Library, rate: float, *, whole: bool = True, tick: float = 60.0
    ) -> None:
        self._catalog = library.catalog
        self._stop = threading.Event()
        self._scrub = Scrub(library, Budget(rate, self._stop.wait), whole=whole)
        self._tick = tick
        self._thread = threading.Thread(target=self._run, name="scrub", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when a block that was being read is."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        """A server that starts has other things to do: it waits a tick first."""
        pause = self._tick
        while not self._stop.wait(pause):
            pause = _BREATH if self._went_on() else self._tick

    def _went_on(self) -> bool:
        try:
            return self._catalog.leads() and self._scrub.stretch()
        except Stopped:
            pass
        except GalleryError as error:
            log.warning("scrub: waiting: %s", error)
        except Exception:
            log.exception("scrub: a stretch failed")
        return False
