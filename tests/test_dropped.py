"""Images that somebody dropped into the tree, and the walk beside a living server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.draft import DAY_US
from gallery.encoding import encode_sidecar
from gallery.errors import NotFound
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.reconcile import Reconciler, Walked
from gallery.records import to_text, to_us
from tests.crashing import opened
from tests.images import A1111, png
from tests.samples import (
    NOON,
    OTHER,
    OWNER,
    THUMBNAIL,
    active,
    drop,
    files,
    ident,
    pixels,
    put,
    record,
)

DAY = Folder(OWNER, "output", date(2026, 3, 14))


def test_a_dropped_image_is_taken_in(library: Library, walker: Reconciler, outputs: Path) -> None:
    body = png(text={"parameters": A1111})
    drop(outputs, DAY.image(ident(1), "png"), body)
    assert walker.run().mended == 1
    found = library.get(OWNER, ident(1)).record
    assert (found.source, found.seed, found.width, found.height) == ("a1111", 1234567890, 64, 48)
    assert (found.created_at, found.rev, found.kind) == (NOON, 1, "output")
    assert library.blobs.read(found.image) == body
    assert library.blobs.read(found.thumb)[:4] == b"RIFF"
    assert library.blobs.read(DAY.sidecar(ident(1))) == encode_sidecar(found)
    assert walker.run() == Walked(images=1)


@pytest.mark.parametrize(
    ("mtime", "created_at"),
    [
        ("2026-03-14T23:59:59Z", "2026-03-14T23:59:59.000000Z"),
        ("2026-03-20T00:00:00Z", "2026-03-14T23:59:59.999999Z"),
        ("2020-01-01T00:00:00Z", "2026-03-14T00:00:00.000000Z"),
    ],
)
def test_a_dropped_image_keeps_the_day_of_its_folder(
    library: Library, walker: Reconciler, outputs: Path, mtime: str, created_at: str
) -> None:
    library.clock = lambda: NOON + 100 * DAY_US
    drop(outputs, DAY.image(ident(1), "png"), png(), to_us(mtime) / 1e6)
    walker.run()
    assert to_text(library.get(OWNER, ident(1)).record.created_at) == created_at


def test_an_image_dropped_into_the_far_future_is_left_alone(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    future = Folder(OWNER, "output", date(2099, 1, 1)).image(ident(1), "png")
    drop(outputs, future, png())
    assert walker.run() == Walked()
    assert files(outputs) == [future]


@pytest.mark.parametrize("year", [1, 1969])
def test_an_image_dropped_into_a_day_that_no_record_can_have_is_left_alone(
    library: Library, walker: Reconciler, outputs: Path, year: int
) -> None:
    past = Folder(OWNER, "output", date(year, 12, 31)).image(ident(1), "png")
    drop(outputs, past, png())
    assert walker.run() == Walked()
    assert files(outputs) == [past]
    assert library.catalog.months(OWNER) == []


def test_an_image_still_being_written_waits(
    library: Library, imaging: Imaging, outputs: Path
) -> None:
    path = drop(outputs, DAY.image(ident(1), "png"), png()[:120])
    os.utime(path)
    patient = Reconciler(library, imaging, settle=60)
    assert patient.run() == Walked()
    path.write_bytes(png())
    os.utime(path, (NOON / 1e6, NOON / 1e6))
    assert patient.run().mended == 1
    assert active(library) == [1]


@pytest.mark.parametrize("body", [b"", b"text", png()[:120], b"\xff\xd8\xff"])
def test_what_is_no_whole_image_is_left_as_it_lies(
    library: Library, walker: Reconciler, outputs: Path, body: bytes
) -> None:
    path = drop(outputs, DAY.image(ident(1), "png"), body)
    drop(outputs, f"{DAY}/notes.txt", b"mine")
    drop(outputs, f"{DAY}/thumb/notes.txt", b"mine")
    assert walker.run() == Walked()
    assert path.read_bytes() == body
    assert len(files(outputs)) == 3


def test_an_image_with_the_ending_of_another_type_is_left_as_it_lies(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    drop(outputs, DAY.image(ident(1), "jpg"), png())
    assert walker.run() == Walked()
    assert files(outputs) == [DAY.image(ident(1), "jpg")]


def test_a_sidecar_arriving_after_its_image_wins(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    body = png()
    one = record(1, bytes=len(body), sha256=sha256(body).hexdigest())
    drop(outputs, one.image, body)
    drop(outputs, DAY.sidecar(one.id), encode_sidecar(one))
    walker.run()
    assert library.get(OWNER, one.id).record == one


# -- crashes --------------------------------------------------------------------------------


class Crash(BaseException):
    """The end of a process, as far as the library can tell."""


@pytest.mark.parametrize("how", ["alone", "with its sidecar", "into the inbox"])
def test_whenever_taking_in_is_cut_short_one_image_comes_of_it(
    tmp_path: Path, imaging: Imaging, how: str
) -> None:
    body, steps = png(), 0
    one = record(1, bytes=len(body), sha256=sha256(body).hexdigest(), tags=("mine",))
    crashed = True
    while crashed:
        steps += 1
        root, left = tmp_path / str(steps), [steps]
        with opened(root) as library:  # a catalog that knows nobody would be rebuilt instead
            put(library, 7, owner=OTHER)
        name = f"users/{OWNER}/inbox/a.png" if how == "into the inbox" else one.image
        drop(root / "outputs", name, body)
        if how == "with its sidecar":
            drop(root / "outputs", DAY.sidecar(one.id), encode_sidecar(one))

        def after(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Crash

        crashed = False
        with opened(root, after) as library:
            try:
                Reconciler(library, imaging, settle=0).run()
            except Crash:
                crashed = True
        with opened(root) as library:
            Reconciler(library, imaging, settle=0).run()
            [id] = library.catalog.seen(OWNER, "2026-03", "output")
            found = library.get(OWNER, id).record
            assert found.tags == (("mine",) if how == "with its sidecar" else ())
            assert library.blobs.read(found.image) == body
            assert library.thumbnails.has(found)
            kept = [found.image, found.thumb, found.folder.sidecar(id)]
            mine = [name for name in files(root / "outputs") if OWNER in name]
            assert mine == sorted(kept)
            assert library.catalog.totals(OWNER)["output"].active == 1
    assert steps > 2


# -- beside a living server -----------------------------------------------------------------


@pytest.fixture
def elsewhere(library: Library, outputs: Path, tmp_path: Path) -> Iterator[Library]:
    """Another process's library on the same files."""
    blobs = FileBlobs(str(outputs), library.blobs.library)
    catalog = ManifestCatalog(str(tmp_path / "manifests"), memory_bytes=64 << 20)
    other = Library(blobs, catalog, clock=lambda: NOON)
    other.start()
    yield other
    other.close()


def test_a_put_under_way_elsewhere_is_not_swept(
    library: Library, elsewhere: Library, walker: Reconciler
) -> None:
    one, marked, go_on = record(1), Event(), Event()

    def slow_put() -> None:
        with elsewhere.catalog.lock(OWNER):
            elsewhere.blobs.stage(DAY, one.id, encode_sidecar(one))
            elsewhere.blobs.put(one.image, pixels(1))
            elsewhere.blobs.put(one.thumb, THUMBNAIL)
            marked.set()
            go_on.wait()
            elsewhere.blobs.commit(DAY, one.id, encode_sidecar(one))

    putting, walking = Thread(target=slow_put), Thread(target=walker.run)
    putting.start()
    marked.wait()
    walking.start()
    walking.join(0.05)
    assert walking.is_alive()
    go_on.set()
    putting.join()
    walking.join()
    assert library.blobs.read(one.image) == pixels(1)
    assert active(library) == [1]


def test_an_image_purged_elsewhere_during_the_walk_is_no_error(
    library: Library, elsewhere: Library, walker: Reconciler
) -> None:
    put(library, 1)
    put(elsewhere, 2)
    elsewhere.trash(OWNER, ident(2))
    elsewhere.purge(OWNER, ident(2))
    assert walker.run() == Walked(images=1)
    with pytest.raises(NotFound):
        library.get(OWNER, ident(2))
