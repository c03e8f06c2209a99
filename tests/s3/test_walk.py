"""What the walk of a bucket makes of objects that others put there or took away."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from gallery.bucketed import MARKED_SECONDS
from gallery.catalog.manifests import ManifestCatalog
from gallery.encoding import encode_sidecar
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.reconcile import Reconciler, Walked
from tests.conformance.stores import PLENTY
from tests.images import png
from tests.samples import NOON, OWNER, active, ident, keys_of, put, record
from tests.services.s3 import Store

DAY = Folder(OWNER, "output", date(2026, 3, 14))


def put_before(store: Store, library: Library, image: str, at: int) -> None:
    """An object that says that a put of the library wrote it at that time."""
    said = {"gallery-put": f"{library.blobs.library} {at}"}
    key = store.prefix + image
    store.client.put_object(Bucket=store.bucket, Key=key, Body=png(), Metadata=said)


def test_an_image_that_lost_both_its_sidecar_and_its_entry_is_taken_in(
    store: Store, library: Library, walker: Reconciler
) -> None:
    one = DAY.image(ident(1), "png")
    long_ago = int(time.time() - MARKED_SECONDS - 60)
    put_before(store, library, one, long_ago)
    assert walker.run().mended == 1
    assert active(library) == [1]


def test_an_image_that_is_copied_back_waits_for_its_sidecar(
    store: Store, library: Library, imaging: Imaging
) -> None:
    image, two_hours_ago = DAY.image(ident(1), "png"), int(time.time() - 7200)
    put_before(store, library, image, two_hours_ago)
    walker = Reconciler(library, imaging, settle=0)
    assert walker.run() == Walked()
    assert store.read(image) == png()
    assert walker.look((DAY, ident(1))) == pytest.approx(3600, abs=60)


def test_an_image_that_was_copied_back_without_its_sidecar_is_taken_in(
    store: Store, library: Library, walker: Reconciler
) -> None:
    image, two_hours_ago = DAY.image(ident(1), "png"), int(time.time() - 7200)
    put_before(store, library, image, two_hours_ago)
    assert walker.run().mended == 1
    assert store.read(image) == png()
    assert active(library) == [1]


def test_an_image_dropped_into_the_bucket_is_taken_in(
    store: Store, library: Library, walker: Reconciler
) -> None:
    store.drop(DAY.image(ident(1), "png"), png())
    assert walker.run().mended == 1
    assert library.get(OWNER, ident(1)).record.width == 64
    assert walker.run() == Walked(images=1)


def test_an_image_that_is_no_image_is_left_alone_and_said_once(
    store: Store, library: Library, walker: Reconciler, caplog: pytest.LogCaptureFixture
) -> None:
    one = DAY.image(ident(1), "png")
    store.drop(one, b"not pixels")
    for _ in range(2):
        assert walker.run() == Walked()
    assert store.read(one) == b"not pixels"
    assert caplog.text.count("left alone") == 1


def test_a_new_sidecar_may_wait_for_its_image_and_then_that_is_damage(
    store: Store, library: Library, imaging: Imaging
) -> None:
    store.drop(DAY.sidecar(ident(1)), encode_sidecar(record(1)))
    walker = Reconciler(library, imaging, settle=0.2)
    assert walker.run().damage == []
    time.sleep(0.3)
    assert walker.run().damage == [f"{DAY.sidecar(ident(1))}: its image is gone"]


def test_a_damaged_sidecar_that_nobody_knew_is_left_alone(
    store: Store, library: Library, walker: Reconciler
) -> None:
    store.drop(DAY.image(ident(1), "png"), png())
    store.drop(DAY.sidecar(ident(1)), b"{")
    assert walker.run() == Walked(images=1)
    assert store.read(DAY.sidecar(ident(1))) == b"{"
    assert active(library) == []


def test_a_lost_sidecar_is_written_again(
    store: Store, library: Library, walker: Reconciler
) -> None:
    one = put(library, 1)
    library.blobs.delete(DAY.sidecar(one.id))
    assert walker.run().mended == 1
    assert store.read(DAY.sidecar(one.id)) == encode_sidecar(one)


def test_an_image_that_lost_its_sidecar_outlives_a_rebuild(
    store: Store, library: Library, walker: Reconciler
) -> None:
    one = put(library, 1, tags=("kept",))
    library.blobs.delete(DAY.sidecar(one.id))
    assert library.healing.rebuild(OWNER) == 1
    walker.run()
    assert store.read(one.image) == b"pixels 1"
    assert store.read(DAY.sidecar(one.id)) == encode_sidecar(one)
    assert library.get(OWNER, one.id).record == one


def test_a_rebuild_forgets_what_is_being_purged_and_what_is_gone(
    library: Library, walker: Reconciler
) -> None:
    doomed, gone = put(library, 1), put(library, 2)
    library.trash(OWNER, doomed.id)
    library.blobs.doom(DAY, doomed.id)
    for key in (gone.image, DAY.sidecar(gone.id)):
        library.blobs.delete(key)
    assert library.healing.rebuild(OWNER) == 0
    walker.run()
    assert keys_of(library.blobs, "users/") == [gone.thumb]


def test_a_bucket_rebuilds_the_catalog(library: Library, tmp_path: Path) -> None:
    for n in (1, 2, 3):
        put(library, n, tags=(f"number {n}",))
    library.trash(OWNER, ident(2))
    before = [library.get(OWNER, ident(n)) for n in (1, 2, 3)]
    other = ManifestCatalog(str(tmp_path / "other"), memory_bytes=PLENTY)
    other.start(library.blobs.library)
    again = Library(library.blobs, other, clock=lambda: NOON)
    assert again.healing.rebuild(OWNER) == 3
    assert [again.get(OWNER, ident(n)) for n in (1, 2, 3)] == before
    other.close()
