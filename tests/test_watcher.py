"""The watcher: what others do to the tree is there at once, and nothing half-written is."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery.encoding import encode_sidecar
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Record
from gallery.watcher import Watcher
from tests.images import jpeg, png, truncated, webp
from tests.living import SETTLE, count, living, until
from tests.samples import NOON, OWNER, active, drop, ident, put, record

DAY = Folder(OWNER, "output", date(2026, 3, 14))


@pytest.fixture
def watcher(library: Library, imaging: Imaging) -> Iterator[Watcher]:
    with living(library, imaging) as watcher:
        yield watcher


@pytest.fixture
def day(watcher: Watcher, library: Library, outputs: Path) -> Path:
    """The folder of the day, watched."""
    drop(outputs, DAY.image(ident(99), "png"), png())
    until(lambda: active(library) == [99])
    return outputs / str(DAY)


def described(n: int, body: bytes, **fields: Any) -> Record:
    return record(n, bytes=len(body), sha256=sha256(body).hexdigest(), **fields)


def path_of(outputs: Path, one: Record) -> Path:
    return outputs / DAY.sidecar(one.id)


def test_a_dropped_image_is_listed_with_thumbnail_and_sidecar(
    library: Library, day: Path, outputs: Path
) -> None:
    body = png(seed=1)
    (day / f"{ident(1)}.png").write_bytes(body)
    until(lambda: 1 in active(library))
    found = library.get(OWNER, ident(1)).record
    assert (found.sha256, found.width) == (sha256(body).hexdigest(), 64)
    assert (outputs / found.thumb).read_bytes()[:4] == b"RIFF"
    assert (outputs / DAY.sidecar(ident(1))).read_bytes() == encode_sidecar(found)
    assert (outputs / found.image).read_bytes() == body


@pytest.mark.parametrize("first", ["image", "sidecar"])
def test_an_image_with_its_sidecar_is_listed_as_the_sidecar_says(
    library: Library, day: Path, outputs: Path, first: str
) -> None:
    body = png(seed=1)
    one = described(1, body, tags=("mine",), prompt="said so")
    if first == "sidecar":
        path_of(outputs, one).write_bytes(encode_sidecar(one))
        time.sleep(2 * SETTLE)
        assert active(library) == [99]
        (day / f"{one.id}.png").write_bytes(body)
    else:
        with (day / f"{one.id}.png").open("wb") as file:
            file.write(body[:50])
            path_of(outputs, one).write_bytes(encode_sidecar(one))
            file.write(body[50:])
    until(lambda: 1 in active(library))
    assert library.get(OWNER, one.id).record == one
    until(lambda: (outputs / one.thumb).exists())


@pytest.mark.parametrize(("ext", "make"), [("png", png), ("jpg", jpeg), ("webp", webp)])
@pytest.mark.parametrize("with_sidecar", [False, True])
def test_a_half_written_image_is_never_listed(
    library: Library, day: Path, outputs: Path, ext: str, make: type, with_sidecar: bool
) -> None:
    body: bytes = make(300, 200, seed=1)
    one = described(1, body, mime={"jpg": "image/jpeg"}.get(ext, f"image/{ext}"))
    if with_sidecar:
        path_of(outputs, one).write_bytes(encode_sidecar(one))
    for share in (0, 0.3, 0.9):  # longer than it takes to give up waiting, and shorter
        with (day / f"{one.id}.{ext}").open("wb") as file:
            file.write(truncated(body, share))
        end = time.monotonic() + (1.6 * SETTLE if share == 0.3 else 0.3)
        while time.monotonic() < end:
            assert active(library) == [99]
            time.sleep(0.05)
    (day / f"{one.id}.{ext}").write_bytes(body)
    until(lambda: 1 in active(library))
    assert library.get(OWNER, one.id).record.sha256 == one.sha256


def test_a_jpeg_with_a_tail_is_listed_when_it_is_left_in_peace(library: Library, day: Path) -> None:
    (day / f"{ident(1)}.jpg").write_bytes(jpeg() + b"\0" * 100)
    until(lambda: 1 in active(library))


def test_a_truncated_image_is_left_alone_and_logged_once(
    library: Library, day: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = day / f"{ident(1)}.png"
    path.write_bytes(truncated(png()))
    until(lambda: f"{DAY.image(ident(1), 'png')}: left alone" in caplog.text)
    os.chmod(path, 0o600)  # an event, but nothing that changes its bytes
    os.chmod(path, 0o640)
    time.sleep(2 * SETTLE)
    assert path.read_bytes() == truncated(png())
    path.write_bytes(png())
    until(lambda: 1 in active(library))


def test_a_sidecar_that_describes_another_image_is_left_alone(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = described(1, png(seed=1))
    path_of(outputs, one).write_bytes(encode_sidecar(one))
    (day / f"{one.id}.png").write_bytes(png(seed=2))
    until(lambda: "it is not the one that its sidecar describes" in caplog.text)
    assert active(library) == [99]
    (day / f"{one.id}.png").write_bytes(png(seed=1))
    until(lambda: 1 in active(library))


def test_a_foreign_sidecar_is_left_alone_until_it_is_right(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = described(1, png())
    path_of(outputs, one).write_bytes(b'{"half":')
    (day / f"{one.id}.png").write_bytes(png())
    until(lambda: f"{DAY.sidecar(one.id)}: left alone: not JSON" in caplog.text)
    assert active(library) == [99]
    path_of(outputs, one).write_bytes(encode_sidecar(one))
    until(lambda: 1 in active(library))


def test_a_sidecar_edited_by_hand_is_adopted(library: Library, day: Path, outputs: Path) -> None:
    one = put(library, 1)
    changed = orjson.loads(encode_sidecar(one)) | {"tags": ["by hand"]}
    path_of(outputs, one).write_bytes(orjson.dumps(changed))
    until(lambda: library.get(OWNER, one.id).record.tags == ("by hand",))


def test_a_sidecar_that_an_editor_replaces_is_not_written_over(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = put(library, 1)
    changed = orjson.loads(encode_sidecar(one)) | {"tags": ["by hand"]}
    path_of(outputs, one).unlink()
    time.sleep(SETTLE / 2)
    path_of(outputs, one).write_bytes(orjson.dumps(changed))
    until(lambda: library.get(OWNER, one.id).record.tags == ("by hand",))
    assert "wrote a lost sidecar again" not in caplog.text


def test_a_lost_sidecar_is_written_again(library: Library, day: Path, outputs: Path) -> None:
    one = put(library, 1, tags=("a",))
    path_of(outputs, one).unlink()
    until(path_of(outputs, one).exists)
    assert path_of(outputs, one).read_bytes() == encode_sidecar(one)


def test_what_was_removed_whole_is_purged(library: Library, day: Path, outputs: Path) -> None:
    one = put(library, 1)
    (outputs / one.image).unlink()
    path_of(outputs, one).unlink()
    until(lambda: active(library) == [99])


def test_an_upload_is_not_touched(
    library: Library, day: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    caplog.clear()
    for n in range(20):
        put(library, n)
    library.edit(OWNER, ident(1), tags=("a",))
    library.trash(OWNER, ident(2))
    library.trash(OWNER, ident(3))
    library.purge(OWNER, ident(3))
    time.sleep(3 * SETTLE)
    assert [r.message for r in caplog.records if r.name != "gallery.jobs"] == []
    assert len(active(library)) == 19


# -- folders --------------------------------------------------------------------------------


def test_every_file_in_many_new_folders_is_listed(
    library: Library, watcher: Watcher, outputs: Path
) -> None:
    body = png(8, 8)
    for n in range(1000):
        day = Folder(OWNER, "output", date(2000 + n // 300, 1 + n // 25 % 12, 1 + n // 10 % 28))
        path = outputs / day.image(ident(n), "png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    until(lambda: count(library) == 1000)


def test_a_folder_moved_into_the_tree_is_taken_in(
    library: Library, day: Path, outputs: Path, tmp_path: Path
) -> None:
    drop(tmp_path / "elsewhere", DAY.image(ident(1), "png"), png())
    (tmp_path / "elsewhere" / "users" / OWNER / "2026/03/14").rename(day.with_name("15"))
    until(lambda: count(library) == 2)


def test_the_images_of_a_folder_moved_away_are_purged_and_come_back_with_it(
    library: Library, day: Path, outputs: Path, tmp_path: Path
) -> None:
    put(library, 1)
    month = day.parent
    month.rename(tmp_path / "away")
    until(lambda: active(library) == [])
    (tmp_path / "away").rename(month)
    until(lambda: active(library) == [99, 1])


def test_a_folder_made_anew_is_watched_anew(library: Library, day: Path) -> None:
    for n in (1, 2, 3):
        shutil.rmtree(day)
        day.mkdir()
        (day / f"{ident(n)}.png").write_bytes(png())
        until(lambda n=n: active(library) == [n])  # type: ignore[misc]


def test_foreign_folders_and_names_are_left_alone(
    library: Library, day: Path, outputs: Path
) -> None:
    """Also those that no key could lead to, and names that are not UTF-8."""
    (day / "mine").mkdir()
    (day / "mine" / f"{ident(1)}.png").write_bytes(png())
    (day / "notes.png").write_bytes(png())
    with open(os.fsencode(day) + b"/\xff\xfe.png", "wb") as file:
        file.write(png())
    (day / f"{ident(2)}.png").symlink_to(day / f"{ident(99)}.png")
    os.mkfifo(day / f"{ident(3)}.png")
    (day / f"{ident(4)}.png").write_bytes(png())
    until(lambda: 4 in active(library))
    assert sorted(active(library)) == [4, 99]


def test_an_id_that_another_day_holds_is_left_alone(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Folder(OWNER, "output", date(2026, 2, 1)).image(ident(99), "png")
    drop(outputs, other, png(seed=5))
    until(lambda: "left alone: its id is that of" in caplog.text)
    assert count(library) == 1


def test_a_path_that_is_too_long_keeps_nobody_else_from_being_seen(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fd = os.open(day.parents[2], os.O_RDONLY)
    for name in ["inbox"] + ["d" * 200] * 25:
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    drop(outputs, f"users/{OWNER}/inbox/a.png", png(seed=7))
    until(lambda: count(library) == 2)
    assert "not all can be watched" not in caplog.text


# -- the volume -----------------------------------------------------------------------------


def test_a_volume_that_comes_back_is_watched_again(
    library: Library, day: Path, outputs: Path, tmp_path: Path
) -> None:
    outputs.rename(tmp_path / "unplugged")
    drop(tmp_path / "unplugged", DAY.image(ident(1), "png"), png(), NOON / 1e6)
    time.sleep(1.5)
    (tmp_path / "unplugged").rename(outputs)
    until(lambda: 1 in active(library))
    (day / f"{ident(2)}.png").write_bytes(png())
    until(lambda: 2 in active(library))
    assert len(active(library)) == 3


def test_another_folder_in_the_place_of_users_is_watched(
    library: Library, day: Path, outputs: Path
) -> None:
    shutil.copytree(outputs / "users", outputs / "copy")
    (outputs / "users").rename(outputs / "old")
    (outputs / "copy").rename(outputs / "users")
    time.sleep(1.5)
    (day / f"{ident(1)}.png").write_bytes(png())
    until(lambda: 1 in active(library))
    assert len(active(library)) == 2


def test_nothing_hangs_when_it_stops_at_once(
    library: Library, imaging: Imaging, outputs: Path
) -> None:
    for n in range(50):
        drop(outputs, DAY.image(ident(n), "png"), png(), time.time())
    with living(library, imaging) as watcher:
        until(lambda: active(library))
    assert not watcher._thread.is_alive()
    assert not any(thread.is_alive() for thread in watcher._looks._threads)
