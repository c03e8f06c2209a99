"""Every sentence of BlobStore's contract, for every blob store: objects, lists and room.

Sidecars are in ``test_sidecars``.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gallery.blobs import ASIDE, BlobStore, Stat
from gallery.blobs.abilities import Hashed, Renames
from gallery.blobs.memory import MemoryBlobs
from gallery.errors import NotFound, StorageFull, Unavailable
from gallery.keys import Folder
from gallery.records import Seen
from tests.samples import OTHER, OWNER, ident, keys_of, spooled

DAY = Folder(OWNER, "output", date(2026, 3, 14))
IMAGE, ONE = DAY.image(ident(1), "png"), ident(1)


def test_a_new_library_has_a_name_and_a_secret(blobs: BlobStore) -> None:
    blobs.check()
    assert len(blobs.library) == 36
    assert blobs.secret() == blobs.secret()
    assert all(len(key) >= 32 for key in blobs.secret())


def test_what_was_put_is_read_back(blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"pixels")
    assert blobs.read(IMAGE) == b"pixels"
    found = blobs.stat(IMAGE)
    assert (found.key, found.size) == (IMAGE, 6)
    assert found.mtime_ns > 1_500_000_000 * 10**9


def test_an_empty_object_is_an_object(blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"")
    assert blobs.read(IMAGE) == b""
    assert blobs.stat(IMAGE).size == 0


def test_putting_again_replaces_the_whole_object(blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"a long first body")
    blobs.put(IMAGE, b"short")
    assert blobs.read(IMAGE) == b"short"


def test_a_spool_is_hashed_and_leaves_nothing_but_the_object(blobs: BlobStore) -> None:
    spool = spooled(blobs, b"pix" + b"els")
    assert spool.size == 6
    assert spool.sha256.startswith("6ec9c2b0eb140107")
    blobs.put(IMAGE, spool)
    assert blobs.read(IMAGE) == b"pixels"
    spool.discard()
    with pytest.raises(FileNotFoundError):
        Path(spool.path).stat()
    assert blobs.read(IMAGE) == b"pixels"


def test_a_discarded_spool_leaves_nothing(blobs: BlobStore) -> None:
    spool = blobs.spool()
    spool.write(b"half")
    spool.discard()
    assert not Path(spool.path).exists()
    assert keys_of(blobs, "users/") == []
    with pytest.raises(ValueError, match="closed"):
        spool.write(b"more")


def test_a_put_that_fails_stores_nothing(blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"before")
    spool = spooled(blobs, b"after")
    Path(spool.path).unlink()
    with pytest.raises((NotFound, FileNotFoundError)):
        blobs.put(IMAGE, spool)
    assert blobs.read(IMAGE) == b"before"


def test_a_part_of_an_object_can_be_read(blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"0123456789")
    assert blobs.read(IMAGE, 3) == b"3456789"
    assert blobs.read(IMAGE, 3, 2) == b"34"
    assert blobs.read(IMAGE, 8, 100) == b"89"
    assert blobs.read(IMAGE, 10) == blobs.read(IMAGE, 99, 5) == b""


@pytest.mark.parametrize("key", [IMAGE, "users", "users/nobody/x", f"users/{OWNER}"])
def test_what_is_not_there_is_not_found(blobs: BlobStore, key: str) -> None:
    blobs.put(DAY.image(ident(2), "png"), b"")
    with pytest.raises(NotFound):
        blobs.read(key)
    with pytest.raises(NotFound):
        blobs.stat(key)


def test_deleting_twice_is_fine(blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"pixels")
    blobs.delete(IMAGE)
    blobs.delete(IMAGE)
    blobs.delete("users/nobody/2026/01/01/x")
    with pytest.raises(NotFound):
        blobs.stat(IMAGE)


def test_an_object_can_be_given_another_key(blobs: BlobStore) -> None:
    if not isinstance(blobs, Renames):
        assert isinstance(blobs, MemoryBlobs)
        return
    blobs.put(IMAGE, b"pixels")
    blobs.put(ASIDE + IMAGE, b"older")
    told = blobs.sha256_of(IMAGE) if isinstance(blobs, Hashed) else None
    blobs.rename(IMAGE, ASIDE + IMAGE)
    assert blobs.read(ASIDE + IMAGE) == b"pixels"
    assert (blobs.sha256_of(ASIDE + IMAGE) if isinstance(blobs, Hashed) else None) == told
    for key in (IMAGE, DAY.image(ONE, "webp")):
        with pytest.raises(NotFound):
            blobs.rename(key, ASIDE + IMAGE)
    assert keys_of(blobs, "users/") == []


def test_lists_are_in_the_order_of_utf_8_bytes(blobs: BlobStore) -> None:
    top = f"users/{OWNER}/2026/03/14"
    names = ["thumb/a", "thumb.x", "thumb-x", "thumb/z/b", "Z", "a", "가", "é", "z", ".a", "thumb0"]
    for name in names:
        blobs.put(f"{top}/{name}", name.encode())
    assert keys_of(blobs, f"{top}/") == sorted((f"{top}/{n}" for n in names), key=str.encode)


def test_a_prefix_need_not_end_at_a_folder(blobs: BlobStore) -> None:
    for key in ("users/anna/x", "users/anna/y", "users/annabel/x", "users/bert/x"):
        blobs.put(key, b"")
    assert keys_of(blobs, "users/anna") == ["users/anna/x", "users/anna/y", "users/annabel/x"]
    assert keys_of(blobs, "users/anna/") == ["users/anna/x", "users/anna/y"]
    assert keys_of(blobs, "users/anna/y") == ["users/anna/y"]
    assert keys_of(blobs, "users/carl/") == []


def test_lists_show_what_stat_shows(blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"pixels")
    (found,) = blobs.list("users/")
    assert Stat(found.key, found.size, found.mtime_ns) == blobs.stat(IMAGE)
    assert blobs.fetch(found, 4) == (b"pixe", Seen(found.size, found.mtime_ns))


def test_owners_are_those_with_anything_stored(blobs: BlobStore) -> None:
    for key in (IMAGE, f"users/{OTHER}/inbox/x.png", "users/Not An Owner/x", "users/zoe/a/b"):
        blobs.put(key, b"")
    assert list(blobs.owners()) == [OWNER, OTHER, "zoe"]


def test_more_than_there_is_room_for_is_refused_before_it_is_written(blobs: BlobStore) -> None:
    blobs.room(1)
    with pytest.raises(StorageFull):
        blobs.room(1 << 60)


def test_the_reserve_can_be_given_up_once(blobs: BlobStore) -> None:
    blobs.keep_room()
    blobs.make_room()
    assert not blobs.make_room()


def test_a_closed_store_or_an_absent_one_is_unavailable(tmp_path: Path, blobs: BlobStore) -> None:
    blobs.put(IMAGE, b"pixels")
    blobs.close()
    if (tmp_path / "outputs").exists():
        (tmp_path / "outputs").rename(tmp_path / "unplugged")
    for ask in (
        blobs.check,
        lambda: blobs.read(IMAGE),
        lambda: blobs.stat(IMAGE),
        lambda: blobs.put(IMAGE, b""),
        lambda: blobs.delete(IMAGE),
        lambda: blobs.spool(),
        lambda: blobs.room(1),
        lambda: blobs.doom(DAY, ONE),
        lambda: list(blobs.list("users/")),
        lambda: list(blobs.owners()),
    ):
        with pytest.raises(Unavailable):
            ask()
    assert not (tmp_path / "outputs").exists()
