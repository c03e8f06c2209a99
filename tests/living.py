"""A library with its jobs and its watcher running, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.clock import ClockGuard
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.library import Library
from gallery.reconcile import Reconciler
from gallery.records import Totals
from gallery.watcher import Watcher
from tests.samples import OWNER

SETTLE = 0.5
_PATIENCE = 30.0


@contextmanager
def living(library: Library, imaging: Imaging, folder: Path) -> Iterator[Watcher]:
    """What waits for seconds and minutes elsewhere waits for half a second here."""
    reconciler = Reconciler(library, imaging, settle=SETTLE, vanish=SETTLE)
    watcher = Watcher(library.blobs, reconciler, threads=4)
    clock = ClockGuard(str(folder / "clock"))
    jobs = Jobs(library, reconciler, clock, walk_seconds=3600, watcher=watcher)
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
