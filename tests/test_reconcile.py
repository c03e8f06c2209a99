"""The walk: what was changed, dropped or lost behind the server's back, and what is left."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import orjson
import pytest

from gallery.bulk import Bulk
from gallery.draft import DAY_US
from gallery.encoding import MAX_SIDECAR_BYTES, encode, encode_sidecar
from gallery.errors import Unavailable, Unprocessable
from gallery.journal import Wanted
from gallery.keys import Folder
from gallery.library import Library
from gallery.reconcile import Reconciler, Walked
from tests.conformance.unprivileged import unprivileged
from tests.images import png
from tests.samples import (
    NOON,
    OTHER,
    OWNER,
    THUMBNAIL,
    active,
    drop,
    files,
    ident,
    keys_of,
    pixels,
    plant,
    put,
    record,
)

DAY = Folder(OWNER, "output", date(2026, 3, 14))


def test_a_walk_over_a_library_in_order_does_nothing(library: Library, walker: Reconciler) -> None:
    for n in range(3):
        put(library, n, created_at=NOON - n * 40 * DAY_US)
    library.trash(OWNER, ident(1))
    assert walker.run() == Walked(images=3)


def test_a_walk_stops_when_it_is_told_to(library: Library, walker: Reconciler) -> None:
    put(library)
    assert walker.run(lambda: True) == Walked()


def test_a_put_that_was_never_committed_is_swept(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    one = put(library, 1)
    two = record(2)
    library.blobs.stage(DAY, two.id, encode_sidecar(two))
    library.blobs.put(two.image, b"pixels")
    library.blobs.put(two.thumb, b"")
    assert walker.run().mended == 1
    assert files(outputs) == sorted([one.image, one.thumb, DAY.sidecar(one.id)])
    assert active(library) == [1]


def test_a_mark_beside_its_sidecar_takes_nothing_with_it(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    """A put that was repeated after its commit, and then interrupted."""
    one = put(library)
    before = files(outputs)
    library.blobs.stage(DAY, one.id, b"{}")
    walker.run()
    assert files(outputs) == before
    library.blobs.stage(DAY, one.id, b"{}")
    library.blobs.put(DAY.sidecar(one.id), b"{spoiled")
    walker.run()
    assert library.blobs.read(one.image) == b"pixels 1"
    assert active(library) == [1]


def test_a_committed_purge_is_finished(library: Library, walker: Reconciler, outputs: Path) -> None:
    put(library, 1)
    library.trash(OWNER, ident(1))
    library.blobs.doom(DAY, ident(1))
    assert walker.run().mended == 1
    assert files(outputs) == []
    assert library.catalog.get(OWNER, ident(1)) is None


def test_a_purges_mark_on_another_day_takes_nothing_with_it(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    """As a day's folder that was copied or renamed may hold."""
    put(library, 1)
    before = files(outputs)
    other = Folder(OWNER, "output", date(2026, 3, 15)).mark(ident(1), "purge")
    drop(outputs, other, b"{}")
    walker.run()
    assert files(outputs) == before
    assert library.get(OWNER, ident(1)).record.status == "active"


def test_a_committed_purge_takes_an_older_writers_thumbnail_along(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    one = record(1, thumb=DAY.thumb(ident(1), "jpg"), status="trash", deleted_at=NOON)
    plant(library.blobs, one)
    library.blobs.doom(DAY, ident(1))
    walker.run()
    assert files(outputs) == []


def test_an_image_put_again_after_a_purge_is_not_purged(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    """The purge was interrupted with its mark in place; the same id came again."""
    put(library, 1)
    gone = library.trash(OWNER, ident(1)).record
    library.blobs.doom(DAY, ident(1))
    library.effects.finish_purge(gone)
    library.blobs.doom(DAY, ident(1))
    again = put(library, 1)
    walker.run()
    assert active(library) == [1]
    assert files(outputs) == sorted([again.image, again.thumb, DAY.sidecar(again.id)])


def test_an_image_restored_after_an_interrupted_purge_stays(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    put(library, 1)
    library.trash(OWNER, ident(1))
    library.blobs.doom(DAY, ident(1))
    back = library.restore(OWNER, ident(1)).record
    walker.run()
    assert library.get(OWNER, ident(1)).record == back
    assert library.blobs.read(back.image) == b"pixels 1"


def test_a_sidecar_left_half_replaced_is_swept(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    put(library, 1)
    before = files(outputs)
    (outputs / DAY.mark(ident(1), "new")).write_bytes(b"{half")
    (outputs / DAY.mark(ident(2), "new")).write_bytes(b"{half")
    walker.run()
    assert files(outputs) == before


def test_a_sidecar_edited_by_hand_is_adopted(library: Library, walker: Reconciler) -> None:
    one = put(library, 1, tags=("a",))
    changes = {"tags": ["by hand"], "status": "trash", "deleted_at": "2026-03-15", "rating": 4}
    changed = orjson.loads(encode_sidecar(one)) | changes
    library.blobs.put(DAY.sidecar(one.id), orjson.dumps(changed))
    assert walker.run() == Walked(images=1, mended=1)
    found = library.get(OWNER, one.id).record
    assert (found.tags, found.status, found.extra) == (("by hand",), "trash", {"rating": 4})
    assert walker.run() == Walked(images=1)


def test_an_image_with_a_sidecar_that_nobody_knew_is_adopted(
    library: Library, walker: Reconciler
) -> None:
    one, two = record(1, kind="input"), record(1, owner=OTHER)
    plant(library.blobs, one)
    plant(library.blobs, two)
    assert walker.run() == Walked(images=2, mended=2)
    assert library.get(OWNER, one.id).record == one
    assert library.get(OTHER, two.id).record == two


def test_an_older_writers_sidecar_is_taken_up_as_it_stands(
    library: Library, walker: Reconciler
) -> None:
    one = record(1, rev=0)
    old = {
        name: value
        for name, value in orjson.loads(encode_sidecar(one)).items()
        if name in {"id", "owner", "workflow_id", "aspect_ratio", "seed", "prompt", "mime",
                    "original_filename", "bytes", "sha256", "created_at", "status", "thumb", "tags"}
    }  # fmt: skip
    library.blobs.put(DAY.sidecar(one.id), orjson.dumps(old))
    library.blobs.put(one.image, pixels(1))
    library.blobs.put(one.thumb, THUMBNAIL)
    assert walker.run().mended == 1
    assert library.get(OWNER, one.id).record == one
    assert orjson.loads(library.blobs.read(DAY.sidecar(one.id))) == old


def test_a_sidecar_in_the_wrong_place_is_left_alone(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    drop(outputs, DAY.sidecar(ident(2)), encode_sidecar(record(1)))
    drop(outputs, DAY.sidecar(ident(3)), b"[1]")
    before = files(outputs)
    assert walker.run().mended == 0
    assert files(outputs) == before
    assert active(library) == []


def test_a_lost_sidecar_is_written_again_from_the_catalog(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    one = put(library, 1, tags=("a",), extra={"rating": 3})
    (outputs / DAY.sidecar(one.id)).unlink()
    assert walker.run().mended == 1
    assert library.blobs.read(DAY.sidecar(one.id)) == encode_sidecar(one)
    assert walker.run() == Walked(images=1)


def test_an_image_gone_from_beside_its_sidecar_is_damage(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    one = put(library, 1)
    (outputs / one.image).unlink()
    for _ in range(3):
        walked = walker.run()
        assert walked.damage == [f"{DAY.sidecar(one.id)}: its image is gone"]
    assert library.get(OWNER, one.id).record == one


def test_a_copy_on_another_day_does_not_bring_back_what_was_purged_or_older(
    library: Library, outputs: Path, manifests: Path
) -> None:
    """Somebody copies a day's folder, and the manifest loses its last lines, of a purge and an
    edit: what lies in the copy fits no place and says nothing of either."""
    for n in (1, 2):
        put(library, n)
    library.trash(OWNER, ident(1))
    day = outputs / str(DAY)
    shutil.copytree(day, day.with_name("15"))
    [manifest] = (manifests / "users" / OWNER).glob("*.jsonl")
    lost = manifest.stat().st_size
    library.purge(OWNER, ident(1))
    library.edit(OWNER, ident(2), favorite=True)
    with manifest.open("r+b") as file:
        file.truncate(lost)
    assert active(library) == [2]
    assert library.catalog.get(OWNER, ident(1)) is None
    assert library.get(OWNER, ident(2)).record.favorite


def test_a_damaged_manifest_is_not_made_again_from_a_folder_that_is_away(
    library: Library, outputs: Path, manifests: Path
) -> None:
    put(library, 1)
    put(library, 2)
    [manifest] = (manifests / "users" / OWNER).glob("*.jsonl")
    manifest.write_bytes(manifest.read_bytes().replace(b'"put"', b'"put?', 1))
    (outputs / "users" / OWNER).rename(outputs / "elsewhere")
    assert active(library) == [2]
    (outputs / "elsewhere").rename(outputs / "users" / OWNER)
    assert active(library) == [2, 1]


def test_an_owner_whose_folder_cannot_be_read_keeps_nobody_elses_from_being_found_again(
    library: Library, outputs: Path, manifests: Path
) -> None:
    put(library, 1)
    put(library, 2, owner=OTHER)
    library.close()
    shutil.rmtree(manifests)
    (outputs / "users" / OWNER).chmod(0)
    try:
        with unprivileged():
            library.start()
    finally:
        (outputs / "users" / OWNER).chmod(0o750)
    assert library.get(OTHER, ident(2))


def test_a_rebuild_keeps_what_the_manifest_alone_still_says(
    library: Library, walker: Reconciler
) -> None:
    """Lost sidecars are written again from it, also when somebody rebuilds it before."""
    for n in (1, 2, 3):
        put(library, n, tags=("kept",))
    trashed = library.trash(OWNER, ident(1)).record
    library.blobs.delete(DAY.sidecar(ident(1)))
    library.blobs.delete(DAY.sidecar(ident(2)))
    library.blobs.delete(DAY.image(ident(2), "png"))
    library.trash(OWNER, ident(3))
    library.blobs.doom(DAY, ident(3))
    assert library.healing.rebuild(OWNER) == 1
    walker.run()
    assert library.get(OWNER, ident(1)).record == trashed
    assert library.sidecars.read(DAY, ident(1))[0] == trashed
    for n in (2, 3):
        assert library.catalog.get(OWNER, ident(n)) is None


def test_what_was_removed_whole_is_not_changed_in_the_minute_before_it_is_purged(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    """Else it would have a sidecar again, and be an image whose file is missed for ever."""
    for n in (1, 2, 3):
        put(library, n)
    library.trash(OWNER, ident(3))
    for n in (1, 3):
        for key in (DAY.sidecar(ident(n)), DAY.image(ident(n), "png")):
            library.blobs.delete(key)
    with pytest.raises(Unavailable):
        library.edit(OWNER, ident(1), favorite=True)
    report = Bulk(library).run(OWNER, Wanted("favorite", (ident(1), ident(2))))
    assert [found.outcome for found in report.outcomes] == ["failed", "done"]
    library.purge(OWNER, ident(3))
    walker.run()
    assert walker.run().damage == []
    assert active(library) == [2]
    assert [name for name in files(outputs) if "/thumb/" not in name] == [
        DAY.sidecar(ident(2)), DAY.image(ident(2), "png")
    ]  # fmt: skip


def test_a_lost_sidecar_is_not_written_again_when_its_image_was_just_purged(
    library: Library, walker: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process dies within the purge, while the look waits for its lock."""
    record = put(library)
    library.trash(OWNER, record.id)
    library.blobs.delete(DAY.sidecar(record.id))
    lock = library.catalog.lock

    def taken(owner: str) -> AbstractContextManager[None]:
        library.blobs.doom(DAY, record.id)
        return lock(owner)

    with monkeypatch.context() as patched:
        patched.setattr(library.catalog, "lock", taken)
        walker.look((DAY, record.id))
    walker.run()
    assert library.catalog.get(OWNER, record.id) is None
    assert keys_of(library.blobs, "users/") == []


def test_an_image_of_a_put_that_was_never_committed_is_not_taken_in(
    library: Library, walker: Reconciler, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process dies within the put, while the look that found its image waits for its lock."""
    drop(outputs, DAY.image(ident(1), "png"), png())
    lock = library.catalog.lock

    def taken(owner: str) -> AbstractContextManager[None]:
        library.blobs.stage(DAY, ident(1), b"{}")
        return lock(owner)

    with monkeypatch.context() as patched:
        patched.setattr(library.catalog, "lock", taken)
        walker.look((DAY, ident(1)))
    walker.run()
    assert active(library) == []
    assert keys_of(library.blobs, "users/") == []


def test_a_large_record_that_a_generator_wrote_can_still_be_read_when_it_was_edited(
    library: Library, walker: Reconciler, manifests: Path
) -> None:
    """Of lists of numbers, indented, most is space."""
    one = record(extra={"graph": [[n, n + 1] for n in range(50_000)]})
    plant(library.blobs, one)
    library.blobs.put(one.folder.sidecar(one.id), encode(one))
    walker.run()
    edited = library.edit(OWNER, one.id, favorite=True).record
    assert library.sidecars.read(one.folder, one.id)[0] == edited
    library.close()
    shutil.rmtree(manifests)
    library.start()
    assert library.get(OWNER, one.id).record == edited


def test_a_record_that_has_no_room_for_an_edit_stays_as_it_is(
    library: Library, walker: Reconciler
) -> None:
    one = record(extra={"note": "x" * (MAX_SIDECAR_BYTES - 1500)})
    plant(library.blobs, one)
    walker.run()
    tags = ("x" * 1000,)
    with pytest.raises(Unprocessable):
        library.edit(OWNER, one.id, tags=tags)
    report = Bulk(library).run(OWNER, Wanted("tag", (one.id,), tags=tags))
    assert [found.code for found in report.outcomes] == ["record_too_large"]
    assert library.get(OWNER, one.id).record == one
    assert library.sidecars.read(one.folder, one.id)[0] == one
