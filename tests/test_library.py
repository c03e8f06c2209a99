"""What the library promises of putting: all or nothing, once, and within the quota."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from gallery.changes import Change
from gallery.draft import DAY_US, Draft, describe
from gallery.encoding import encode_sidecar
from gallery.errors import (
    NotFound,
    TooLarge,
    Unavailable,
    Unprocessable,
)
from gallery.imaging import Embedded
from gallery.library import Library
from gallery.quota import Quota
from tests.samples import (
    NOON,
    OTHER,
    OWNER,
    THUMBNAIL,
    ident,
    inspection,
    keys_of,
    spooled,
    upload,
)


@pytest.fixture
def library(library_on_each: Library) -> Library:
    return library_on_each


# -- put ------------------------------------------------------------------------------------


def test_a_put_image_has_three_files_and_an_entry(library: Library) -> None:
    stored = upload(library, b"pixels", prompt="a bridge", tags=("x",))
    entry, one = stored.entry, stored.entry.record
    assert not stored.repeated
    assert [found.key for found in library.blobs.list("users/")] == sorted(
        [one.image, one.thumb, one.folder.sidecar(one.id)]
    )
    assert library.blobs.read(one.image) == b"pixels"
    assert library.blobs.read(one.thumb) == THUMBNAIL
    assert library.blobs.read(one.folder.sidecar(one.id)) == encode_sidecar(one)
    assert library.get(OWNER, one.id) == entry
    assert (one.prompt, one.tags, one.rev, one.bytes, one.created_at) == (
        *("a bridge", ("x",)),
        *(1, 6, NOON),
    )


def test_what_the_uploader_says_goes_before_what_the_file_says(library: Library) -> None:
    embedded = Embedded("comfyui", "in the file", "ugly", 7, "sdxl", "flow")
    for said, prompt, negative, seed in (
        ({}, "in the file", "ugly", 7),
        ({"prompt": "said", "seed": 0}, "said", None, 0),
        ({"prompt": ""}, "", None, 7),
    ):
        draft = Draft(OWNER, **said)
        spool = spooled(library.blobs, b"x")
        found = describe(draft, library.clock(), spool, inspection(embedded=embedded))
        assert (found.prompt, found.negative_prompt, found.seed) == (prompt, negative, seed)
        assert (found.model, found.source, found.workflow_id) == ("sdxl", "comfyui", "flow")
        spool.discard()


@pytest.mark.parametrize(
    ("ahead", "kept"), [(-400 * DAY_US, True), (DAY_US, True), (DAY_US + 1, False)]
)
def test_a_time_more_than_a_day_ahead_becomes_now(library: Library, ahead: int, kept: bool) -> None:
    one = upload(library, created_at=NOON + ahead).entry.record
    assert one.created_at == (NOON + ahead if kept else NOON)
    assert library.blobs.read(one.image) == b"pixels"


def test_a_repeated_put_finds_its_image(library: Library) -> None:
    first = upload(library, b"pixels", id=ident(1))
    library.trash(OWNER, ident(1))
    library.clock = lambda: NOON + DAY_US
    again = upload(library, b"pixels", id=ident(1), prompt="another")
    assert again.repeated
    assert again.entry.record.created_at == first.entry.record.created_at
    assert again.entry.record.status == "trash"
    assert library.catalog.totals(OWNER)["output"].trash == 1


def test_a_put_that_the_catalog_never_heard_of_is_found_by_a_repeat_after_midnight(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(change: Change) -> None:
        raise Unavailable("the catalog is away")

    with monkeypatch.context() as patch:
        patch.setattr(library.catalog, "apply", away)
        with pytest.raises(Unavailable):
            upload(library, b"pixels", id=ident(1))
    before = sorted(keys_of(library.blobs, "users/"))
    library.clock = lambda: NOON + DAY_US
    again = upload(library, b"pixels", id=ident(1))
    assert again.repeated
    assert sorted(keys_of(library.blobs, "users/")) == before
    assert again.entry.record.created_at == NOON


def test_another_body_under_the_same_id_is_refused(library: Library) -> None:
    upload(library, b"pixels", id=ident(1))
    with pytest.raises(Unprocessable) as caught:
        upload(library, b"other pixels", id=ident(1))
    assert caught.value.code == "key_reused"
    assert library.blobs.read(library.get(OWNER, ident(1)).record.image) == b"pixels"


def test_the_same_id_of_another_owner_is_another_image(library: Library) -> None:
    upload(library, b"pixels", id=ident(1))
    upload(library, b"other", id=ident(1), owner=OTHER)
    assert library.blobs.read(library.get(OTHER, ident(1)).record.image) == b"other"
    with pytest.raises(NotFound):
        library.get("nobody", ident(1))
    with pytest.raises(NotFound):
        library.get(OWNER, ident(1), "input")


# -- quota ----------------------------------------------------------------------------------


def test_bytes_and_images_count_also_in_the_trash_and_in_every_drawer(library: Library) -> None:
    library.quota = Quota(bytes=10)
    upload(library, b"12345", id=ident(1), kind="input")
    library.trash(OWNER, ident(1))
    upload(library, b"12345")
    with pytest.raises(TooLarge) as caught:
        upload(library, b"1")
    assert caught.value.code == "quota_bytes"
    upload(library, b"1", owner=OTHER)
    library.purge(OWNER, ident(1))
    upload(library, b"12345")
    library.quota = Quota(count=2)
    with pytest.raises(TooLarge) as caught:
        upload(library, b"1")
    assert caught.value.code == "quota_count"


def test_threads_together_do_not_exceed_the_quota(library: Library) -> None:
    library.quota = Quota(count=5)
    together, outcomes = Barrier(12), []

    def one(n: int) -> None:
        together.wait()
        try:
            upload(library, b"pixels %d" % n)
            outcomes.append("stored")
        except TooLarge:
            outcomes.append("too large")

    threads = [Thread(target=one, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["stored"] * 5 + ["too large"] * 7
    assert library.catalog.totals(OWNER)["output"].active == 5


def test_a_repeated_put_is_answered_also_when_the_quota_is_full(library: Library) -> None:
    library.quota = Quota(count=1)
    upload(library, id=ident(1))
    assert upload(library, id=ident(1)).repeated
