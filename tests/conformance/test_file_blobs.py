"""What only a store of files has to get right: links, odd files, marks and the marker."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson
import pytest

from gallery.blobs.abilities import LocalFiles
from gallery.blobs.files import FileBlobs
from gallery.blobs.incoming import Spool
from gallery.errors import NotFound, StartRefused, Unavailable
from gallery.keys import Folder
from tests.conformance.unprivileged import unprivileged
from tests.samples import OWNER, ident

DAY = Folder(OWNER, "output", date(2026, 3, 14))
IMAGE, ONE = DAY.image(ident(1), "png"), ident(1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture
def blobs(root: Path) -> Iterator[FileBlobs]:
    store = FileBlobs(str(root))
    store.start()
    store.put(IMAGE, b"pixels")
    yield store
    store.close()


def refuse(blobs: FileBlobs, key: str) -> None:
    with pytest.raises(NotFound):
        blobs.read(key)
    with pytest.raises(NotFound):
        blobs.stat(key)
    with pytest.raises(NotFound):
        blobs.open(key)


def test_an_object_is_a_file_of_its_name(root: Path, blobs: FileBlobs) -> None:
    assert (root / IMAGE).read_bytes() == b"pixels"
    assert isinstance(blobs, LocalFiles)
    fd = blobs.open(IMAGE)
    assert os.read(fd, 100) == b"pixels"
    os.close(fd)


def test_a_link_is_no_object(root: Path, blobs: FileBlobs) -> None:
    (root / DAY.image(ident(2), "png")).symlink_to(root / IMAGE)
    refuse(blobs, DAY.image(ident(2), "png"))
    assert [found.key for found in blobs.list("users/")] == [IMAGE]


@pytest.mark.parametrize("level", ["users/linked", f"users/{OWNER}/2027"])
def test_no_link_in_a_path_leads_out_of_the_tree(
    tmp_path: Path, root: Path, blobs: FileBlobs, level: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(b"secret")
    (root / level).symlink_to(outside)
    refuse(blobs, f"{level}/secret.png")
    assert list(blobs.list(f"{level}/")) == []
    with pytest.raises(Unavailable):
        blobs.put(f"{level}/new.png", b"")
    blobs.delete(f"{level}/secret.png")
    assert (outside / "secret.png").read_bytes() == b"secret"
    assert list(blobs.owners()) == [OWNER]


@pytest.mark.parametrize("key", ["../x", "users/../../x", "/etc/passwd", "users//x", ""])
def test_no_key_leads_out_of_the_tree(blobs: FileBlobs, key: str) -> None:
    refuse(blobs, key)
    with pytest.raises(NotFound):
        blobs.put(key, b"")


def test_folders_and_pipes_are_no_objects(root: Path, blobs: FileBlobs) -> None:
    os.mkfifo(root / DAY.image(ident(2), "png"))
    (root / DAY.image(ident(3), "png")).mkdir()
    refuse(blobs, DAY.image(ident(2), "png"))
    refuse(blobs, DAY.image(ident(3), "png"))
    refuse(blobs, f"{IMAGE}/below")
    assert [found.key for found in blobs.list("users/")] == [IMAGE]


def test_a_put_under_way_is_a_complete_mark(root: Path, blobs: FileBlobs) -> None:
    blobs.stage(DAY, ONE, b"{1}")
    assert (root / DAY.mark(ONE, "put")).read_bytes() == b"{1}"


def test_a_purge_under_way_is_the_sidecar_renamed(root: Path, blobs: FileBlobs) -> None:
    blobs.replace(DAY, ONE, b"{2}")
    blobs.doom(DAY, ONE)
    assert (root / DAY.mark(ONE, "purge")).read_bytes() == b"{2}"
    blobs.finish(DAY, ONE)
    assert not (root / DAY.mark(ONE, "purge")).exists()


def test_the_secret_is_for_its_owner_alone(root: Path, blobs: FileBlobs) -> None:
    assert stat.S_IMODE((root / ".gallery/secret").stat().st_mode) == 0o600


def test_a_second_start_finds_the_same_library(root: Path, blobs: FileBlobs) -> None:
    again = FileBlobs(str(root), blobs.library)
    again.start()
    assert (again.library, again.secret()) == (blobs.library, blobs.secret())


def test_an_absent_volume_is_not_made_anew(root: Path) -> None:
    store = FileBlobs(str(root), expected="3f0c1d52-8f0e-4a3b-9d51-0a5f2f7d9c11")
    store.start()
    assert not root.exists()
    with pytest.raises(Unavailable):
        store.check()


def test_an_absent_volume_may_come_later(root: Path, tmp_path: Path, blobs: FileBlobs) -> None:
    root.rename(tmp_path / "unplugged")
    late = FileBlobs(str(root), expected=blobs.library)
    late.start()
    with pytest.raises(Unavailable):
        late.read(IMAGE)
    (tmp_path / "unplugged").rename(root)
    assert late.read(IMAGE) == b"pixels"


def test_a_library_whose_first_images_come_at_once_is_not_taken_for_absent(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between one thread's look for the images' folder and its answer, another makes it."""
    store = FileBlobs(str(root))
    store.start()
    isdir = os.path.isdir

    def looked(path: str) -> bool:
        found = isdir(path)
        monkeypatch.undo()
        store.put(IMAGE, b"pixels")
        store.check()
        return found

    monkeypatch.setattr(os.path, "isdir", looked)
    store.check()
    assert store.read(IMAGE) == b"pixels"


def test_another_library_is_refused(root: Path, blobs: FileBlobs) -> None:
    with pytest.raises(StartRefused, match="another library"):
        FileBlobs(str(root), expected="3f0c1d52-8f0e-4a3b-9d51-0a5f2f7d9c11").start()


def test_a_library_swapped_while_running_is_unavailable(root: Path, blobs: FileBlobs) -> None:
    marker = {"format": 1, "library": "3f0c1d52-8f0e-4a3b-9d51-0a5f2f7d9c11"}
    (root / ".gallery/library.json").write_bytes(orjson.dumps(marker))
    with pytest.raises(Unavailable, match="another library"):
        blobs.read(IMAGE)


@pytest.mark.parametrize(
    "marker", [b"", b"[]", b'{"format":1}', b'{"format":1,"library":"x"}', b"\0" * 40]
)
def test_a_marker_that_cannot_be_read_stops_the_start(root: Path, marker: bytes) -> None:
    (root / ".gallery").mkdir(parents=True)
    (root / ".gallery/library.json").write_bytes(marker)
    with pytest.raises(StartRefused, match="cannot be read"):
        FileBlobs(str(root)).start()
    assert (root / ".gallery/library.json").read_bytes() == marker
    assert not (root / ".gallery/secret").exists()


def test_a_format_newer_than_the_software_stops_the_start(root: Path, blobs: FileBlobs) -> None:
    marker = {"format": 2, "library": blobs.library}
    (root / ".gallery/library.json").write_bytes(orjson.dumps(marker))
    with pytest.raises(StartRefused, match="newer than this software"):
        FileBlobs(str(root)).start()


def test_a_body_that_came_for_another_store_is_made_durable(
    root: Path, blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr("gallery.blobs.incoming.fdatasync", synced.append)
    spool = Spool(str(root), durable=False)
    spool.write(b"body")
    spool.sync()
    assert synced == []
    blobs.put(f"users/{OWNER}/2026/03/14/{ident(1)}.png", spool)
    assert synced == [spool.path]


def test_bodies_of_a_server_that_was_killed_are_swept_when_old(
    root: Path, blobs: FileBlobs
) -> None:
    old, young = blobs.spool(), blobs.spool()
    os.utime(old.path, (0, 0))
    FileBlobs(str(root)).start()
    assert [entry.name for entry in (root / ".gallery/incoming").iterdir()] == [
        os.path.basename(young.path)
    ]
    old.discard()
    young.discard()


def test_a_folder_that_cannot_be_read_is_not_left_out(root: Path, blobs: FileBlobs) -> None:
    folder = root / str(DAY)
    folder.chmod(0)
    try:
        with unprivileged(), pytest.raises(Unavailable):
            list(blobs.list("users/"))
        with unprivileged(), pytest.raises(Unavailable):
            blobs.stat(IMAGE)
    finally:
        folder.chmod(0o750)
