"""Copies, edits, foreign edits, and what is read of the tree when the catalog was lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query
from gallery.draft import DAY_US, aspect_ratio
from gallery.encoding import etag
from gallery.errors import (
    PreconditionFailed,
    TooLarge,
    Unprocessable,
)
from gallery.library import Library
from gallery.quota import Quota
from tests.samples import (
    NOON,
    OWNER,
    SECOND,
    THUMBNAIL,
    ident,
    ids,
    plant,
    record,
    upload,
)


@pytest.fixture
def library(library_on_each: Library) -> Library:
    return library_on_each


def sidecar_of(library: Library, id: str) -> dict[str, Any]:
    there = library.get(OWNER, id).record
    data: dict[str, Any] = orjson.loads(library.blobs.read(there.folder.sidecar(id)))
    return data


def edit_by_hand(library: Library, id: str, **fields: Any) -> None:
    there = library.get(OWNER, id).record
    data = sidecar_of(library, id) | fields
    library.blobs.put(there.folder.sidecar(id), orjson.dumps(data))


# -- copy -----------------------------------------------------------------------------------


def test_a_copy_is_an_image_of_its_own(library: Library) -> None:
    upload(library, id=ident(1), prompt="a bridge", favorite=True)
    library.trash(OWNER, ident(1))
    library.clock = lambda: NOON + DAY_US
    copy = library.copy(OWNER, ident(1), "control").record
    assert (copy.kind, copy.status, copy.rev, copy.parents) == ("control", "active", 1, (ident(1),))
    assert (copy.prompt, copy.created_at, copy.deleted_at) == ("a bridge", NOON + DAY_US, None)
    assert copy.image == f"users/{OWNER}/controls/2026/03/15/{copy.id}.png"
    library.purge(OWNER, ident(1))
    assert library.blobs.read(copy.image) == b"pixels"
    assert library.blobs.read(copy.thumb) == THUMBNAIL


def test_a_copy_counts_against_the_quota(library: Library) -> None:
    upload(library, id=ident(1))
    library.quota = Quota(count=1)
    with pytest.raises(TooLarge):
        library.copy(OWNER, ident(1), "input")


def test_a_damaged_original_is_not_copied(library: Library) -> None:
    one = upload(library, id=ident(1)).entry.record
    library.blobs.put(one.image, b"pixelz")
    with pytest.raises(Unprocessable) as caught:
        library.copy(OWNER, ident(1), "input")
    assert caught.value.code == "damaged_image"


# -- edit -----------------------------------------------------------------------------------


def test_an_edit_changes_what_was_said_and_nothing_else(library: Library) -> None:
    before = upload(library, id=ident(1), tags=("a",), extra={"rating": 5}).entry.record
    after = library.edit(OWNER, ident(1), favorite=True).record
    assert after == replace(before, favorite=True, rev=2)
    assert library.edit(OWNER, ident(1), tags=()).record == replace(
        before, tags=(), favorite=True, rev=3
    )
    assert sidecar_of(library, ident(1))["rating"] == 5


def test_an_edit_that_changes_nothing_is_no_new_version(library: Library) -> None:
    entry = upload(library, id=ident(1), tags=("a",)).entry
    assert library.edit(OWNER, ident(1), tags=("a",), favorite=False) == entry
    assert sidecar_of(library, ident(1))["rev"] == 1


def test_an_edit_of_another_version_is_refused(library: Library) -> None:
    entry = upload(library, id=ident(1)).entry
    second = library.edit(OWNER, ident(1), favorite=True, if_match=entry.etag)
    with pytest.raises(PreconditionFailed):
        library.edit(OWNER, ident(1), favorite=False, if_match=entry.etag)
    assert library.get(OWNER, ident(1)) == second
    assert second.etag == etag(2, second.raw)
    library.edit(OWNER, ident(1), favorite=False, if_match="*")


def test_a_rev_that_cannot_be_counted_on_from_stays(library: Library) -> None:
    """Somebody may have written it; one more could not be read again."""
    upload(library, id=ident(1))
    edit_by_hand(library, ident(1), rev=1 << 53)
    first = library.edit(OWNER, ident(1), favorite=True)
    second = library.edit(OWNER, ident(1), favorite=False)
    assert (first.record.rev, second.record.rev) == (1 << 53, 1 << 53)
    assert first.etag != second.etag
    assert library.trash(OWNER, ident(1)).record.status == "trash"


def test_an_edit_by_hand_is_taken_up_before_a_change(library: Library) -> None:
    entry = upload(library, id=ident(1), tags=("a",)).entry
    edit_by_hand(library, ident(1), tags=["by hand"], rating=4)
    with pytest.raises(PreconditionFailed):
        library.edit(OWNER, ident(1), favorite=True, if_match=entry.etag)
    assert library.get(OWNER, ident(1)).record.tags == ("by hand",)
    after = library.edit(OWNER, ident(1), favorite=True).record
    assert (after.tags, after.favorite, after.extra) == (("by hand",), True, {"rating": 4})
    assert sidecar_of(library, ident(1))["rating"] == 4


def test_a_sidecar_spoiled_by_hand_gives_way_to_what_the_catalog_knows(library: Library) -> None:
    one = upload(library, id=ident(1), tags=("a",)).entry.record
    library.blobs.put(one.folder.sidecar(one.id), b"{spoiled")
    after = library.edit(OWNER, ident(1), favorite=True).record
    assert (after.tags, after.favorite) == (("a",), True)
    assert sidecar_of(library, ident(1))["tags"] == ["a"]


def test_a_lost_sidecar_is_written_again_by_a_change(library: Library) -> None:
    one = upload(library, id=ident(1), tags=("a",)).entry.record
    library.blobs.delete(one.folder.sidecar(one.id))
    library.edit(OWNER, ident(1), favorite=True)
    assert sidecar_of(library, ident(1))["tags"] == ["a"]


def test_an_older_writers_sidecar_is_read_as_it_stands(library: Library) -> None:
    one = record(1)
    old = {
        "id": one.id, "owner": OWNER, "workflow_id": None, "aspect_ratio": "1:1", "seed": "12",
        "prompt": "old", "original_filename": "a.png", "mime": "image/png", "bytes": 6,
        "sha256": one.sha256, "created_at": "2026-03-14T21:00:00+09:00", "status": "active",
        "thumb": f"users/{OWNER}/2026/03/14/thumb/{one.id}.jpg", "tags": ["x"],
    }  # fmt: skip
    sidecar = one.folder.sidecar(one.id)
    library.blobs.put(sidecar, orjson.dumps(old))
    library.blobs.put(one.image, b"pixels")
    assert library.healing.rebuild(OWNER) == 1
    found = library.get(OWNER, one.id).record
    assert (found.kind, found.rev, found.favorite, found.created_at) == ("output", 0, False, NOON)
    assert found.thumb.endswith(".jpg")
    assert orjson.loads(library.blobs.read(sidecar)) == old
    library.edit(OWNER, one.id, favorite=True)
    assert sidecar_of(library, one.id) | {"favorite": False} == old | {
        "created_at": "2026-03-14T12:00:00.000000Z",
        "kind": "output", "favorite": False, "rev": 1, "width": None, "height": None,
        "blurhash": None, "deleted_at": None,
    }  # fmt: skip


# -- rebuilding -----------------------------------------------------------------------------


def test_a_catalog_that_was_lost_is_rebuilt_at_the_start(tmp_path: Path) -> None:
    def opened(manifests: str) -> Library:
        catalog = ManifestCatalog(str(tmp_path / manifests), memory_bytes=64 << 20)
        library = Library(FileBlobs(str(tmp_path / "outputs")), catalog, clock=lambda: NOON)
        library.start()
        return library

    first = opened("manifests")
    for n, kind in enumerate(["output", "input", "control"]):
        upload(first, id=ident(n), kind=kind, created_at=NOON - n * 40 * DAY_US)
    first.trash(OWNER, ident(2))
    totals, page = first.catalog.totals(OWNER), first.page(Query(OWNER))
    first.close()
    again = opened("lost")
    assert again.catalog.totals(OWNER) == totals
    assert again.page(Query(OWNER)).items == page.items
    again.close()


def test_a_damaged_sidecar_keeps_its_image_through_a_rebuild(library: Library) -> None:
    upload(library, id=ident(1), tags=("a",))
    upload(library, id=ident(2), created_at=NOON + SECOND)
    one = library.get(OWNER, ident(1)).record
    library.blobs.put(one.folder.sidecar(one.id), b"\0" * 50)
    assert library.healing.rebuild(OWNER) == 2
    assert ids(library.page(Query(OWNER))) == [2, 1]
    assert library.get(OWNER, ident(1)).record == one


def test_an_image_whose_files_were_copied_to_another_day_is_counted_once(library: Library) -> None:
    upload(library, id=ident(1))
    plant(library.blobs, record(1, at=NOON + DAY_US))
    for _ in range(2):
        assert library.healing.rebuild(OWNER) == 1
        assert ids(library.page(Query(OWNER))) == [1]
        assert library.catalog.totals(OWNER)["output"].active == 1


@pytest.mark.parametrize(
    ("width", "height", "name"),
    [(512, 512, "1:1"), (1920, 1080, "16:9"), (1080, 1920, "9:16"), (832, 1216, "832:1216"),
     (768, 1024, "3:4"), (1000, 1, "1000:1"), (1366, 768, "16:9"), (505, 512, "1:1")],
)  # fmt: skip
def test_the_aspect_ratio_is_the_usual_one_nearby(width: int, height: int, name: str) -> None:
    expected = "13:19" if name == "832:1216" else name
    assert aspect_ratio(width, height) == expected
