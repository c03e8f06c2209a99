"""To the trash and back, exactly as it was; and from the trash for ever."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gallery.catalog.query import Query
from gallery.draft import DAY_US
from gallery.errors import Conflict, NotFound
from gallery.imaging import Imaging
from gallery.keys import KINDS
from gallery.library import Library
from gallery.purge import empty_trash
from gallery.records import to_text
from gallery.thumbnails import Thumbnails
from tests import images
from tests.samples import (
    NOON,
    OTHER,
    OWNER,
    SECOND,
    ident,
    ids,
    keys_of,
    plant,
    record,
    upload,
)

TRASH = Query(OWNER, ("trash",), KINDS, "deleted")


@pytest.fixture
def library(library_on_each: Library) -> Library:
    return library_on_each


def put(library: Library, n: int, **said: Any) -> None:
    upload(library, b"pixels %d" % n, id=ident(n), **said)


def test_an_image_comes_back_from_the_trash_exactly_as_it_was(library: Library) -> None:
    put(library, 1, tags=("a", "b"), prompt="다리", extra={"rating": 5}, favorite=True)
    before = library.get(OWNER, ident(1)).record
    gone = library.trash(OWNER, ident(1)).record
    assert gone == replace(before, status="trash", deleted_at=NOON, rev=2)
    assert library.page(Query(OWNER)).items == []
    back = library.restore(OWNER, ident(1)).record
    assert back == replace(before, rev=3)
    assert library.blobs.read(back.image) == b"pixels 1"


def test_trashing_and_restoring_twice_is_like_once(library: Library) -> None:
    put(library, 1)
    first = library.trash(OWNER, ident(1))
    library.clock = lambda: NOON + SECOND
    assert library.trash(OWNER, ident(1)) == first
    back = library.restore(OWNER, ident(1))
    assert library.restore(OWNER, ident(1)) == back


def test_an_image_in_the_trash_says_when_it_will_be_purged(library: Library) -> None:
    put(library, 1)
    library.trash(OWNER, ident(1))
    (item,) = library.page(TRASH).items
    assert orjson.loads(item)["purge_at"] == to_text(NOON + 30 * DAY_US)
    both = library.page(Query(OWNER, ("active", "trash")))
    assert both.items == [item]
    library.restore(OWNER, ident(1))
    (item,) = library.page(Query(OWNER, ("active", "trash"))).items
    assert "purge_at" not in orjson.loads(item)


def test_the_trash_of_a_drawer_is_named_by_its_kind(library: Library) -> None:
    put(library, 1, kind="input")
    with pytest.raises(NotFound):
        library.trash(OWNER, ident(1), "control")
    library.trash(OWNER, ident(1), "input")
    with pytest.raises(NotFound):
        library.restore(OWNER, ident(1), "output")
    assert library.restore(OWNER, ident(1), "input").record.status == "active"


def test_only_what_is_in_the_trash_can_be_purged(library: Library) -> None:
    put(library, 1)
    with pytest.raises(Conflict) as caught:
        library.purge(OWNER, ident(1))
    assert caught.value.code == "not_in_trash"
    assert library.get(OWNER, ident(1)).record.status == "active"
    library.trash(OWNER, ident(1))
    library.purge(OWNER, ident(1))
    assert list(library.blobs.list("users/")) == []
    for act in (library.purge, library.restore, library.trash):
        with pytest.raises(NotFound):
            act(OWNER, ident(1))


def test_a_purge_of_another_version_is_refused(library: Library) -> None:
    put(library, 1)
    library.trash(OWNER, ident(1))
    with pytest.raises(Conflict) as caught:
        library.purge(OWNER, ident(1), rev=1)
    assert caught.value.code == "changed"
    library.purge(OWNER, ident(1), rev=2)


def test_an_image_restored_by_hand_is_not_purged(library: Library) -> None:
    put(library, 1)
    gone = library.trash(OWNER, ident(1)).record
    sidecar = gone.folder.sidecar(gone.id)
    data = orjson.loads(library.blobs.read(sidecar)) | {"status": "active", "deleted_at": None}
    library.blobs.put(sidecar, orjson.dumps(data))
    with pytest.raises(Conflict):
        library.purge(OWNER, ident(1))
    assert library.get(OWNER, ident(1)).record.status == "active"


def test_another_owners_image_cannot_be_purged(library: Library) -> None:
    put(library, 1)
    library.trash(OWNER, ident(1))
    with pytest.raises(NotFound):
        library.purge(OTHER, ident(1))
    assert library.get(OWNER, ident(1)).record.status == "trash"


def test_emptying_the_trash_takes_all_of_it_and_no_more(library: Library) -> None:
    for n, kind in enumerate(["output", "input", "control", "output"]):
        put(library, n, kind=kind, created_at=NOON - n * 40 * DAY_US)
    put(library, 9, owner=OTHER)
    library.trash(OTHER, ident(9))
    for n in (0, 1, 2):
        library.trash(OWNER, ident(n))
    for wrong in (0, 2, 4):
        with pytest.raises(Conflict) as caught:
            empty_trash(library, OWNER, wrong)
        assert caught.value.code == "trash_changed"
    assert empty_trash(library, OWNER, 3) == 3
    assert library.page(TRASH).items == []
    assert ids(library.page(Query(OWNER))) == [3]
    assert library.get(OTHER, ident(9)).record.status == "trash"


def test_no_thumbnail_is_left_of_what_is_purged_while_one_is_made(
    library: Library, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload(library, images.png(), id=ident(1)).entry.record
    library.trash(OWNER, one.id)
    library.blobs.delete(one.thumb)
    made = imaging.thumbnail

    def purged(path: str) -> Future[bytes]:
        library.purge(OWNER, one.id)
        return made(path)

    monkeypatch.setattr(imaging, "thumbnail", purged)
    Thumbnails(library.blobs, imaging).get(one)
    assert keys_of(library.blobs, "users/") == []


def test_a_thumbnail_that_was_made_again_goes_with_its_image(
    library: Library, imaging: Imaging
) -> None:
    """An older writer's is a JPEG, and those of this software are not."""
    one = record(1, status="trash", deleted_at=NOON, bytes=len(images.png()))
    older = replace(one, thumb=one.folder.thumb(one.id, "jpg"))
    plant(library.blobs, older, images.png())
    library.healing.rebuild(OWNER)
    assert Thumbnails(library.blobs, imaging).get(older)[8:12] == b"WEBP"
    library.purge(OWNER, older.id)
    assert keys_of(library.blobs, "users/") == []
