"""What a server process does beside answering: the periodic jobs, with what they watch and
look at, and the scrub."""

from __future__ import annotations

import os

from gallery.blobs.abilities import LocalFiles
from gallery.clock import ClockGuard
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.library import Library
from gallery.looks import Looks
from gallery.reconcile import Reconciler
from gallery.scrub import Scrubbing, scrubbing
from gallery.settings import Settings
from gallery.watcher import Watcher


class Background:
    """Of a library where it lives. Jobs and scrub can each be started once, so they are made
    anew whenever this process takes them up."""

    def __init__(self, settings: Settings, library: Library, imaging: Imaging) -> None:
        self._settings = settings
        self._library = library
        self._imaging = imaging
        self.jobs: Jobs | None = None
        """None while nothing goes on."""
        self._scrubbing: Scrubbing | None = None

    def start(self) -> None:
        self.jobs = self._new_jobs()
        self._scrubbing = scrubbing(self._library, self._settings.scrub_mib)
        self.jobs.start()
        if self._scrubbing:
            self._scrubbing.start()

    def stop(self) -> None:
        """Returns when what was under way has ended; it can be started again."""
        if self.jobs is None:
            return
        if self._scrubbing:
            self._scrubbing.stop()
        self.jobs.stop()
        self.jobs = self._scrubbing = None

    def _new_jobs(self) -> Jobs:
        settings, library = self._settings, self._library
        reconciler = Reconciler(library, self._imaging, max_bytes=settings.max_upload_bytes)
        decoders = settings.decoders or len(os.sched_getaffinity(0))
        looks = Looks(reconciler.look, threads=decoders + 2)
        return Jobs(
            library,
            reconciler,
            ClockGuard(library.catalog.notes),
            walk_seconds=settings.walk_minutes * 60,
            looks=looks,
            watcher=Watcher(library.blobs, looks)
            if isinstance(library.blobs, LocalFiles)
            else None,
        )
