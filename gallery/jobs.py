"""The periodic jobs, run by one process of a library: the walk, retention, tidying. It is
also the one that looks at what the walk noted, and that watches a tree."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict

from gallery import purge, rounds, usage
from gallery.clock import ClockGuard
from gallery.errors import GalleryError, Unavailable
from gallery.library import Library
from gallery.looks import Looks
from gallery.reconcile import Reconciler, Thing, Walked
from gallery.rounds import Round
from gallery.watcher import Watcher

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
"""How soon a process takes over when the one that ran the jobs has died."""
TICK_SECONDS = 60.0
HOUR_SECONDS = 3600.0
_HOURS_A_DAY = 24
_REST = 4
"""Between walks that something asks for, as many times as long as the last one took."""


class Jobs:
    """Runs in a thread of its own, a tick a minute, as long as this process leads. Without
    ``looks`` the walk does itself what it would have noted for them."""

    def __init__(
        self, library: Library, reconciler: Reconciler, clock: ClockGuard, *, walk_seconds: float,
        looks: Looks[Thing] | None = None, watcher: Watcher | None = None,
    ) -> None:  # fmt: skip
        self._library = library
        self._reconciler = reconciler
        self._looks = looks
        self._watcher = watcher
        self._clock = clock
        self._walk_seconds = walk_seconds
        self._stop = threading.Event()
        self._wake = watcher.must_walk if watcher else self._stop
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._due: dict[str, float] = {}
        self._rested = 0.0
        """When another walk may begin, however much one is wanted."""
        self._reported: set[str] = set()
        self._hours = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when what was under way has come to a place where it can stop."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        if self._watcher:
            self._watcher.stop()
        if self._looks:
            self._looks.stop()

    def _run(self) -> None:
        while not self._stop.is_set():
            wake = self._wake
            try:
                if self._library.catalog.leads():
                    self._beat()
            except GalleryError as error:
                log.warning("jobs: %s", error)
                wake = self._stop  # what wants a walk has to wait
            except Exception:
                log.exception("jobs: a job failed")
                wake = self._stop
            # What asked for the walk may have cleared the wake that was meant for the stop.
            if not self._stop.is_set():
                wake.wait(BEAT_SECONDS)

    def _beat(self) -> None:
        """Watching begins before the walk: nothing happens between the two unseen."""
        if self._looks:
            self._looks.start()
        if self._watcher:
            self._watcher.start()
            self._due.setdefault("walk", time.monotonic() + self._walk_seconds)
            if self._watcher.wants_walk():
                self._due["walk"] = min(self._due["walk"], self._rested)
        if self._is_due("tick", TICK_SECONDS):
            self.tick()
        elif self._is_due("walk", self._walk_seconds):
            self.walk()

    def tick(self) -> None:
        """One round: what is due is done."""
        with self._noted("upkeep", TICK_SECONDS) as done:
            done.figures = {"may_purge": int(self._clock.tick())}
            self._library.blobs.keep_room()
            self._library.healing.heal()
        if self._is_due("walk", self._walk_seconds):
            self.walk()
        if self._is_due("hourly", HOUR_SECONDS):
            if self._clock.tick():  # the walk may have taken long
                self._by_itself(self.retention)
            self._by_itself(self._tidy)
            self._by_itself(self._sample)

    def _by_itself(self, job: Callable[[], None]) -> None:
        """That it fails keeps no other from being done."""
        try:
            job()
        except GalleryError as error:
            log.warning("jobs: %s", error)

    def _tidy(self) -> None:
        with self._noted("tidying", HOUR_SECONDS):
            self._library.catalog.maintain()
            self._library.landing.sweep()

    def _sample(self) -> None:
        with self._noted("usage", HOUR_SECONDS) as done:
            done.figures = asdict(usage.sample(self._library.catalog))

    def _noted(self, job: str, every: float) -> AbstractContextManager[Round]:
        return rounds.noted(self._library.catalog.notes, job, every)

    def walk(self) -> None:
        with self._noted("walk", self._walk_seconds) as done:
            try:
                walked = self._walk()
            finally:
                done.due = self._wall(self._due.get("walk"))
            done.figures = {
                "images": walked.images,
                "mended": walked.mended,
                "noted": walked.noted,
                "damaged": len(walked.damage),
            }

    def _wall(self, due: float | None) -> int | None:
        """When that is by the clock that people have (microseconds)."""
        return None if due is None else int((time.time() + due - time.monotonic()) * 1e6)

    def _walk(self) -> Walked:
        began = time.monotonic()
        note = self._looks.note if self._looks else None
        try:
            walked = self._reconciler.run(self._stop.is_set, note)
        except Unavailable:
            self._due["walk"] = time.monotonic() + TICK_SECONDS
            raise
        self._report(walked.damage)
        took = time.monotonic() - began
        self._rested = time.monotonic() + _REST * took
        log.info(
            "walked %d images in %.1f s, %d mended, %d to look at, %d damaged",
            *(walked.images, took),
            *(walked.mended, walked.noted, len(walked.damage)),
        )
        return walked

    def _report(self, damage: list[str]) -> None:
        """Once an hour, and at once what is new: walks may follow upon each other."""
        if self._is_due("report", HOUR_SECONDS):
            self._reported.clear()
        for line in damage:
            if line not in self._reported:
                log.error("damaged: %s", line)
        self._reported = set(damage)

    def retention(self) -> None:
        """Purges what has been in the trash for longer than the retention time."""
        thorough = self._hours % _HOURS_A_DAY == 0
        self._hours += 1
        with self._noted("retention", HOUR_SECONDS) as done:
            due = purge.retention(self._library, thorough=thorough)
            purged = due.carry_out(self._library) if due.items else 0
            done.figures = {"purged": purged, "bytes": due.bytes}
        if due.items:
            log.info("retention purged %d images, %d bytes", purged, due.bytes)

    def _is_due(self, job: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(job, now):
            return False
        self._due[job] = now + every
        return True
