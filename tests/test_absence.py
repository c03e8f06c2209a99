"""Absent is not deleted: what the walk makes of files that are not there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gallery.changes import Change
from gallery.encoding import encode_sidecar
from gallery.errors import Unavailable
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.reconcile import Reconciler, Walked
from gallery.records import Record
from tests.conformance.unprivileged import unprivileged
from tests.images import png
from tests.samples import (
    OTHER,
    OWNER,
    active,
    ident,
    plant,
    put,
    upload,
)

DAY = Folder(OWNER, "output", date(2026, 3, 14))


def vanish(outputs: Path, one: Record) -> None:
    for key in (one.image, one.thumb, one.folder.sidecar(one.id)):
        (outputs / key).unlink()


def test_what_vanished_is_purged_when_it_is_missed_twice(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    one, _ = put(library, 1), put(library, 2)
    vanish(outputs, one)
    assert walker.run().mended == 0
    assert active(library) == [2, 1]
    assert walker.run().mended == 1
    assert active(library) == [2]
    assert library.catalog.totals(OWNER)["output"].active == 1


def test_what_vanished_a_moment_ago_is_not_yet_purged(
    library: Library, imaging: Imaging, outputs: Path
) -> None:
    one = put(library, 1)
    patient = Reconciler(library, imaging, vanish=60)
    vanish(outputs, one)
    patient.run()
    patient.run()
    assert patient.look((DAY, one.id)) == pytest.approx(60, abs=10)
    assert active(library) == [1]


def test_a_whole_month_that_vanished_is_purged_too(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    one = put(library, 1)
    vanish(outputs, one)
    (outputs / str(DAY) / "thumb").rmdir()
    (outputs / str(DAY)).rmdir()
    walker.run()
    walker.run()
    assert active(library) == []


def test_what_came_back_in_between_was_not_missed_twice(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    one = put(library, 1)
    sidecar = encode_sidecar(one)
    for _ in range(3):
        vanish(outputs, one)
        assert walker.run().mended == 0
        plant(library.blobs, one, b"pixels 1")
        walker.run()
    assert library.blobs.read(DAY.sidecar(one.id)) == sidecar
    assert active(library) == [1]


def test_what_comes_back_the_moment_it_is_purged_loses_nothing(
    library: Library, walker: Reconciler, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload(library, png(), id=ident(1)).entry.record
    before = {key: (outputs / key).read_bytes() for key in (one.image, DAY.sidecar(one.id))}
    vanish(outputs, one)
    walker.run()
    told = library.catalog.apply

    def tell(what: Change) -> None:
        told(what)
        plant(library.blobs, one, before[one.image])

    with monkeypatch.context() as patched:
        patched.setattr(library.catalog, "apply", tell)
        walker.run()
    assert active(library) == []
    walker.run()
    assert active(library) == [1]
    assert {key: (outputs / key).read_bytes() for key in before} == before


def test_an_absent_volume_loses_nothing(
    library: Library, walker: Reconciler, outputs: Path, tmp_path: Path
) -> None:
    one = put(library, 1)
    outputs.rename(tmp_path / "unplugged")
    outputs.mkdir()
    for _ in range(3):
        with pytest.raises(Unavailable):
            walker.run()
        assert walker.look((DAY, one.id)) is not None
    outputs.rmdir()
    (tmp_path / "unplugged").rename(outputs)
    assert walker.run() == Walked(images=1)
    assert library.get(OWNER, one.id).record == one


@pytest.mark.parametrize("level", ["", "/2026/03", "/2026/03/14"])
def test_a_folder_that_cannot_be_read_loses_nothing(
    library: Library, walker: Reconciler, outputs: Path, level: str
) -> None:
    one = put(library, 1)
    put(library, 2, owner=OTHER)
    closed = outputs / "users" / f"{OWNER}{level}"
    closed.chmod(0)
    try:
        with unprivileged():
            for _ in range(3):
                walked = walker.run()
                walker.look((DAY, one.id))
        assert walked == Walked(images=1)
    finally:
        closed.chmod(0o750)
    assert active(library) == [1]
    assert walker.run() == Walked(images=2)
