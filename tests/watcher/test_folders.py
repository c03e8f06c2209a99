"""The watcher: folders that are made, moved or taken away, the inbox, and the whole volume."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date
from pathlib import Path

import pytest

from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.watcher import Watcher
from tests.images import COMFYUI, png
from tests.living import SETTLE, count, living, until
from tests.samples import INBOX, NOON, OWNER, active, drop, ident, in_inbox, only, put
from tests.watcher.conftest import DAY


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


# -- the inbox ------------------------------------------------------------------------------


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
    until(lambda: in_inbox(outputs) == [])


def test_a_folder_of_images_is_taken_in(library: Library, watcher: Watcher, outputs: Path) -> None:
    for n in range(30):
        drop(outputs, f"{INBOX}/{n % 5}/deep/{n}.png", png(seed=n), time.time())
    drop(outputs, f"{INBOX}/1/notes.txt", b"mine")
    until(lambda: count(library) == 30)
    until(lambda: in_inbox(outputs) == [f"{INBOX}/1/notes.txt"])


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
