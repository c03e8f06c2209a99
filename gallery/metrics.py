"""Counts of requests, for Prometheus. Counting costs the request two additions."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gallery import checkpoint, fallback
from gallery.catalog.notes import Notes
from gallery.checkpoint import Checkpoint
from gallery.errors import GalleryError


class Metrics(Collector):
    """What one server process has answered. ``folder`` is where free bytes are measured,
    ``notes`` is where the scrub's checkpoint is, whichever process runs it, and the count of
    fallback reads. ``streams`` says how many event streams are open."""

    def __init__(self, folder: str, notes: Notes, streams: Callable[[], int]) -> None:
        self._folder = folder
        self._notes = notes
        self._streams = streams
        self.requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "gallery_requests", "Requests answered.", labels=["method", "route", "status"]
        )
        for (method, route, status), count in list(self.requests.items()):
            requests.add_metric([method, route, str(status)], count)
        yield requests
        seconds = CounterMetricFamily(
            "gallery_request_seconds", "Seconds from request to answer.", labels=["route"]
        )
        for route, spent in list(self.seconds.items()):
            seconds.add_metric([route], spent)
        yield seconds
        yield GaugeMetricFamily(
            "gallery_event_streams", "Event streams that are open.", value=self._streams()
        )
        yield from self._of_scrub()
        yield from self._of_fallback()
        try:
            fs = os.statvfs(self._folder)
        except OSError:
            return
        free = fs.f_bavail * fs.f_frsize
        yield GaugeMetricFamily("gallery_free_bytes", "Bytes free for images.", value=free)

    def _of_scrub(self) -> Iterator[Metric]:
        """Nothing while the notes are away: what this process answered is told all the same."""
        with suppress(GalleryError):
            if state := checkpoint.read(self._notes):
                yield from _of_scrub(state)

    def _of_fallback(self) -> Iterator[Metric]:
        """Likewise."""
        with suppress(GalleryError):
            yield CounterMetricFamily(
                "gallery_fallback_reads",
                "Lost originals that were read where the library lived before.",
                value=sum(fallback.reads(self._notes).values()),
            )

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)


def _of_scrub(state: Checkpoint) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "gallery_damaged_images", "Originals that are damaged.", value=len(state.damaged)
    )
    yield CounterMetricFamily(
        "gallery_scrubbed_bytes", "Bytes of originals read again.", value=state.checked_bytes
    )
    if state.ended is not None:
        yield GaugeMetricFamily(
            "gallery_scrub_ended_timestamp_seconds",
            "When a scrub of all originals last ended.",
            value=state.ended / 1e6,
        )
