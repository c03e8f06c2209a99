"""The inbox: any image under any name becomes one of the owner's, once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog
from gallery.imaging import Imaging
from gallery.keys import Inboxed, inboxed
from gallery.library import Library
from gallery.quota import Quota
from gallery.reconcile import Reconciler, Walked
from gallery.records import Record
from gallery.watcher import Watcher
from tests.cli import close, open_library, run
from tests.conformance.stores import PLENTY
from tests.conformance.unprivileged import unprivileged
from tests.images import COMFYUI, jpeg, png, truncated, webp
from tests.living import SETTLE, count, living, until
from tests.samples import NOON, OWNER, drop, files

INBOX = f"users/{OWNER}/inbox"
BEFORE = NOON / 1e6 - 3600.5


def only(library: Library) -> Record:
    """The one image that there is."""
    [month] = library.catalog.months(OWNER)
    [id] = library.catalog.seen(OWNER, month, "output")
    return library.get(OWNER, id).record


def left(outputs: Path) -> list[str]:
    return [name for name in files(outputs) if "/inbox/" in name]


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
    assert left(outputs) == []
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
    assert left(outputs) == []


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
        assert (count(library), left(outputs)) == (1, [])
        [id] = {
            id for id in library.catalog.seen(OWNER, "2026-03", "output")
            if library.get(OWNER, id).record.status == "active"
        }  # fmt: skip
        library.trash(OWNER, id)
    assert library.catalog.totals(OWNER)["output"].trash == 3


def test_beyond_the_quota_it_waits(
    library: Library, walker: Reconciler, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library.quota = Quota(count=0)
    drop(outputs, f"{INBOX}/a.png", png())
    for _ in range(3):
        walker.run()
    assert caplog.text.count("waits in the inbox") == 1
    assert (count(library), len(left(outputs))) == (0, 1)
    library.quota = Quota()
    walker.run()
    assert (count(library), left(outputs)) == (1, [])


class _Killed(BaseException):
    pass


class _DiesBeforeRemoving(FileBlobs):
    def delete(self, key: str) -> None:
        if inboxed(key):
            raise _Killed
        super().delete(key)


def test_a_crash_before_the_file_is_removed_makes_no_second_image(
    library: Library, walker: Reconciler, imaging: Imaging, outputs: Path, manifests: Path
) -> None:
    drop(outputs, f"{INBOX}/a.png", png())
    blobs = _DiesBeforeRemoving(str(outputs), library_of(str(manifests)))
    catalog = ManifestCatalog(str(manifests), memory_bytes=PLENTY)
    dying = Library(blobs, catalog, clock=lambda: NOON)
    dying.start()
    with pytest.raises(_Killed):
        Reconciler(dying, imaging, settle=0).run()
    dying.close()
    assert (count(library), len(left(outputs))) == (1, 1)
    before = only(library)
    library.edit(OWNER, before.id, tags=("kept",))
    walker.run()
    assert (count(library), left(outputs)) == (1, [])
    assert only(library).tags == ("kept",)


def test_a_file_that_may_not_be_removed_is_taken_in_once(
    library: Library, walker: Reconciler, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = drop(outputs, f"{INBOX}/a.png", png())
    path.parent.chmod(0o550)
    try:
        with unprivileged():
            for _ in range(3):
                walker.run()
    finally:
        path.parent.chmod(0o750)
    assert caplog.text.count("taken in, but stays") == 1
    assert (count(library), len(left(outputs))) == (1, 1)


def test_what_is_put_into_the_trash_stays_there_though_its_file_stays_in_the_inbox(
    library: Library, imaging: Imaging, outputs: Path
) -> None:
    library.clock = lambda: time.time_ns() // 1000
    path = drop(outputs, f"{INBOX}/a.png", png())
    path.parent.chmod(0o550)
    try:
        with unprivileged():
            for _ in range(3):  # each as if the server had been started anew
                Reconciler(library, imaging, settle=0).run()
                library.trash(OWNER, only(library).id)
    finally:
        path.parent.chmod(0o750)
    assert len(left(outputs)) == 1


def test_a_file_that_may_not_be_read_waits(
    library: Library, walker: Reconciler, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = drop(outputs, f"{INBOX}/a.png", png())
    path.chmod(0)
    with unprivileged():
        for _ in range(3):
            walker.run()
    assert caplog.text.count("Permission denied") == 1
    path.chmod(0o640)
    walker.run()
    assert (count(library), left(outputs)) == (1, [])


def test_the_doctor_lists_what_is_left(tmp_path: Path) -> None:
    close(open_library(tmp_path))
    drop(tmp_path / "outputs", f"{INBOX}/notes.txt", b"mine")
    drop(tmp_path / "outputs", f"users/{OWNER}/2026/notes.txt", b"mine")
    report = orjson.loads(run(tmp_path, "doctor", "--json").stdout)
    assert report["discrepancies"] == [
        {"what": "no name of ours", "name": f"users/{OWNER}/2026/notes.txt"},
        {"what": "left in the inbox", "name": f"{INBOX}/notes.txt"},
    ]


# -- watched --------------------------------------------------------------------------------


@pytest.fixture
def watcher(library: Library, imaging: Imaging) -> Iterator[Watcher]:
    with living(library, imaging) as watcher:
        yield watcher


def test_what_a_generator_writes_there_is_taken_in_when_it_is_whole(
    library: Library, watcher: Watcher, outputs: Path
) -> None:
    folder = outputs / INBOX
    folder.mkdir(parents=True)
    body = png(300, 200, text=COMFYUI)
    for n in range(1, 6):
        with (folder / f"ComfyUI_{n:05}_.png").open("wb") as file:
            for start in range(0, len(body), len(body) // 3):
                assert count(library) == n - 1
                file.write(body[start : start + len(body) // 3])
                file.flush()
                time.sleep(0.1)
        until(lambda n=n: count(library) == n)  # type: ignore[misc]
    until(lambda: left(outputs) == [])


def test_a_folder_of_images_is_taken_in(library: Library, watcher: Watcher, outputs: Path) -> None:
    for n in range(30):
        drop(outputs, f"{INBOX}/{n % 5}/deep/{n}.png", png(seed=n), time.time())
    drop(outputs, f"{INBOX}/1/notes.txt", b"mine")
    until(lambda: count(library) == 30)
    until(lambda: left(outputs) == [f"{INBOX}/1/notes.txt"])


def test_a_name_is_taken_only_when_nobody_writes_to_it(
    library: Library, watcher: Watcher, outputs: Path
) -> None:
    """Hidden while it is copied, as rsync does, and then renamed."""
    folder = outputs / INBOX
    folder.mkdir(parents=True)
    (folder / ".a.png.Xy12").write_bytes(png())
    time.sleep(2 * SETTLE)
    assert count(library) == 0
    (folder / ".a.png.Xy12").rename(folder / "a.png")
    until(lambda: count(library) == 1)
    assert only(library).original_filename == "a.png"
