"""A library with its jobs and its watcher running, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gallery.blobs.abilities import LocalFiles
from gallery.clock import ClockGuard
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.library import Library
from gallery.looks import Looks
from gallery.reconcile import Reconciler
from gallery.totals import Totals
from gallery.watcher import Watcher
from tests.samples import OWNER

SETTLE = 0.5
_PATIENCE = 30.0


@contextmanager
def living(library: Library, imaging: Imaging) -> Iterator[Watcher]:
    """What waits for seconds and minutes elsewhere waits for half a second here."""
    reconciler = Reconciler(library, imaging, settle=SETTLE, vanish=SETTLE)
    looks = Looks(reconciler.look, threads=4)
    assert isinstance(library.blobs, LocalFiles)
    watcher = Watcher(library.blobs, looks)
    clock = ClockGuard(library.catalog.notes)
    jobs = Jobs(library, reconciler, clock, walk_seconds=3600, looks=looks, watcher=watcher)
    jobs.start()
    try:
        yield watcher
    finally:
        jobs.stop()


def until(come: Callable[[], object]) -> None:
    """Waits for what must come."""
    end = time.monotonic() + _PATIENCE
    while not come():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def count(library: Library, owner: str = OWNER) -> int:
    return sum(library.catalog.totals(owner).values(), Totals()).active
