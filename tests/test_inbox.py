"""The inbox: any image under any name becomes one of the owner's, once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery.arrivals import Arrival
from gallery.imaging import Imaging
from gallery.keys import Inboxed
from gallery.library import Library
from gallery.reconcile import Reconciler, Walked
from tests.images import COMFYUI, jpeg, png, truncated, webp
from tests.living import count
from tests.samples import INBOX, NOON, OWNER, drop, in_inbox, only

BEFORE = NOON / 1e6 - 3600.5


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ComfyUI_00001_.png", "ComfyUI_00001_.png"),
        ("2026-03-14/a b.png", "a b.png"),
        ("no ending", "no ending"),
        ("그림 🌉.jpg", "그림 🌉.jpg"),
        ("new\nline.png", "newline.png"),
        (os.fsdecode(b"\xff\xfe.png"), ".png"),
    ],
)  # fmt: skip
def test_an_image_of_any_name_is_moved_to_a_key_of_its_own(
    library: Library, walker: Reconciler, outputs: Path, name: str, shown: str
) -> None:
    body = png(text=COMFYUI)
    drop(outputs, f"{INBOX}/{name}", body, BEFORE)
    assert walker.run().mended == 1
    found = only(library)
    assert found.original_filename == shown
    assert found.created_at == NOON - 3_600_500_000
    assert (found.source, found.seed, found.prompt) == ("comfyui", 42, "a red bridge")
    assert library.blobs.read(found.image) == body
    assert in_inbox(outputs) == []
    assert walker.run() == Walked(images=1)


@pytest.mark.parametrize(("make", "mime"), [(jpeg, "image/jpeg"), (webp, "image/webp")])
def test_its_content_says_what_it_is(
    library: Library, walker: Reconciler, outputs: Path, make: type, mime: str
) -> None:
    drop(outputs, f"{INBOX}/picture.png", make())
    walker.run()
    assert only(library).mime == mime


def test_a_time_that_is_yet_to_come_becomes_that_of_its_arrival(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    drop(outputs, f"{INBOX}/a.png", png(), NOON / 1e6 + 1e9)
    walker.run()
    assert only(library).created_at == NOON


def test_a_time_that_no_record_can_have_becomes_the_first_that_one_can(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    drop(outputs, f"{INBOX}/a.png", png(), -1e9)
    walker.run()
    assert only(library).created_at == 0
    assert library.trash(OWNER, only(library).id).record.status == "trash"
    assert in_inbox(outputs) == []


@pytest.mark.parametrize("body", [b"", b"text", truncated(png()), b"\xff\xd8\xff"])
def test_what_is_no_image_stays_and_is_logged_once(
    library: Library, walker: Reconciler, outputs: Path, body: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    path = drop(outputs, f"{INBOX}/a.png", body)
    for _ in range(3):
        assert walker.run() == Walked()
    assert path.read_bytes() == body
    assert caplog.text.count("left alone") == 1
    assert count(library) == 0
    path.write_bytes(png())
    walker.run()
    assert count(library) == 1


def test_hidden_files_links_and_pipes_are_not_taken(
    library: Library, walker: Reconciler, outputs: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(png())
    drop(outputs, f"{INBOX}/.a.png.Xy12", png())
    drop(outputs, f"{INBOX}/.cache/a.png", png())
    (outputs / INBOX / "link.png").symlink_to(secret)
    (outputs / INBOX / "folder").symlink_to(tmp_path)
    os.mkfifo(outputs / INBOX / "pipe.png")
    assert walker.run() == Walked()
    for name in ("link.png", "folder/secret.png", "pipe.png"):
        assert walker.look(Inboxed(OWNER, name)) is None
    assert count(library) == 0
    assert secret.exists()


@pytest.mark.parametrize("name", ["a.png.tmp", "A.PART", "b.crdownload", "sub/c.png~"])
def test_what_is_named_as_unfinished_is_left_until_it_is_renamed(
    library: Library, walker: Reconciler, outputs: Path, name: str
) -> None:
    path = drop(outputs, f"{INBOX}/{name}", png())
    assert walker.run() == Walked(noted=0)
    assert count(library) == 0
    path.rename(path.with_name("done.png"))
    walker.run()
    assert count(library) == 1


def test_a_file_larger_than_an_upload_may_be_is_left_alone(
    library: Library, imaging: Imaging, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop(outputs, f"{INBOX}/a.png", png())
    Reconciler(library, imaging, settle=0, max_bytes=len(png()) - 1).run()
    assert count(library) == 0
    assert "left alone: more than" in caplog.text
    Reconciler(library, imaging, settle=0, max_bytes=len(png())).run()
    assert count(library) == 1


def test_two_files_of_the_same_content_are_two_images(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    drop(outputs, f"{INBOX}/a.png", png())
    drop(outputs, f"{INBOX}/b.png", png())
    walker.run()
    assert count(library) == 2


def test_an_image_that_is_in_the_trash_is_taken_in_again(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    for _ in range(3):
        drop(outputs, f"{INBOX}/a.png", png())
        walker.run()
        assert (count(library), in_inbox(outputs)) == (1, [])
        [id] = {
            id for id in library.catalog.seen(OWNER, "2026-03", "output")
            if library.get(OWNER, id).record.status == "active"
        }  # fmt: skip
        library.trash(OWNER, id)
    assert library.catalog.totals(OWNER)["output"].trash == 3


def test_what_takes_the_place_of_a_file_that_was_taken_in_is_taken_in_too(
    library: Library, walker: Reconciler, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generator always writes to the same name, and renames its next image over the last just
    when that is removed."""
    path = drop(outputs, f"{INBOX}/a.png", png())
    is_in_place = Arrival.is_in_place

    def replaced_after(arrival: Arrival) -> bool:
        found = is_in_place(arrival)
        if count(library) == 1:
            drop(outputs, "next.png", png(seed=2)).rename(path)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Arrival, "is_in_place", replaced_after)
        walker.run()
    walker.run()
    assert (count(library), in_inbox(outputs)) == (2, [])
