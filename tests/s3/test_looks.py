"""Nobody tells what happens in a bucket: what a walk noted is looked at again in its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from gallery.clock import ClockGuard
from gallery.encoding import encode_sidecar
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.keys import Folder
from gallery.library import Library
from gallery.looks import Looks
from gallery.reconcile import Reconciler, Thing
from tests.images import png
from tests.living import until
from tests.samples import OWNER, active, ident, pixels, put, record
from tests.services.s3 import Store

DAY = Folder(OWNER, "output", date(2026, 3, 14))
WAIT = 1.0


@contextmanager
def jobs(library: Library, imaging: Imaging) -> Iterator[Looks[Thing]]:
    """They walk once; what waits for a minute elsewhere waits for a second here."""
    reconciler = Reconciler(library, imaging, settle=WAIT, vanish=WAIT, put=WAIT)
    looks = Looks(reconciler.look, threads=2)
    guard = ClockGuard(library.catalog.notes)
    running = Jobs(library, reconciler, guard, walk_seconds=3600, looks=looks)
    running.start()
    try:
        yield looks
    finally:
        running.stop()


def test_what_was_removed_from_a_bucket_leaves_the_list_before_the_next_walk(
    library: Library, imaging: Imaging
) -> None:
    one, _ = put(library, 1), put(library, 2)
    for key in (one.folder.sidecar(one.id), one.image, one.thumb):
        library.blobs.delete(key)
    with jobs(library, imaging):
        until(lambda: active(library) == [2])


def test_what_was_just_dropped_into_a_bucket_is_taken_in_when_it_has_settled(
    store: Store, library: Library, imaging: Imaging
) -> None:
    store.drop(DAY.image(ident(1), "png"), png())
    with jobs(library, imaging):
        until(lambda: active(library) == [1])
    assert library.get(OWNER, ident(1)).record.width == 64


def test_an_image_that_follows_its_sidecar_into_a_bucket_is_taken_in(
    store: Store, library: Library, imaging: Imaging
) -> None:
    one = record(1)
    store.drop(one.folder.sidecar(one.id), encode_sidecar(one))
    with jobs(library, imaging) as looks:
        until(lambda: looks._due and not looks._busy)
        store.drop(one.image, pixels(1))
        until(lambda: active(library) == [1])


def test_what_looks_at_a_bucket_ends_with_its_jobs(
    store: Store, library: Library, imaging: Imaging
) -> None:
    for n in range(10):
        store.drop(DAY.image(ident(n), "png"), png())
    with jobs(library, imaging) as looks:
        until(lambda: active(library))
    assert not any(thread.is_alive() for thread in looks._threads)
