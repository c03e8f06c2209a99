"""Bringing past work: a folder of any shape is copied, and what is no image is named."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gallery.records import to_text
from gallery.source import LeftOut, Summary, find
from tests import images
from tests.cli import run
from tests.conformance.unprivileged import unprivileged
from tests.past import MARCH, fill, import_, left_by_a_crash, originals, place, records, summary


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "past"
    folder.mkdir()
    return folder


# -- what is taken in -------------------------------------------------------------------------


def test_a_folder_of_any_shape_is_copied_and_left_as_it_was(tmp_path: Path, source: Path) -> None:
    bodies = {
        "ComfyUI_00001_.png": images.png(seed=1, text=images.COMFYUI),
        "2024/march/no extension": images.jpeg(seed=2),
        "2024/한옥 마을.webp": images.webp(seed=3),
    }
    for name, body in bodies.items():
        place(source / name, body)
    result = import_(tmp_path, source)
    total = sum(map(len, bodies.values()))
    assert (result.returncode, result.stdout) == (
        0,
        f"3 imported, 0 skipped as already there, 0 left out, {total} bytes\n",
    )
    assert {path.read_bytes() for path in originals(tmp_path)} == set(bodies.values())
    assert {name: (source / name).read_bytes() for name in bodies} == bodies
    first, second, third = records(tmp_path)
    assert (first["prompt"], first["source"]) == ("a red bridge", "comfyui")
    assert (second["original_filename"], second["mime"]) == ("no extension", "image/jpeg")
    assert third["original_filename"] == "한옥 마을.webp"
    assert {one["kind"] for one in (first, second, third)} == {"output"}
    assert run(tmp_path, "doctor").returncode == 0


def test_an_image_is_dated_by_its_file_but_never_in_the_future(
    tmp_path: Path, source: Path
) -> None:
    place(source / "a.png", images.png(seed=1), MARCH + 0.25)
    place(source / "b.png", images.png(seed=2), time.time() + 3600)
    place(source / "c.png", images.png(seed=3), -86_400.0)
    import_(tmp_path, source)
    past, future, ancient = records(tmp_path)
    assert past["created_at"] == "2024-03-14T12:00:00.250000Z"
    assert future["created_at"] <= to_text(time.time_ns() // 1000)
    assert ancient["created_at"] == "1970-01-01T00:00:00.000000Z"


def test_a_name_that_is_no_text_becomes_one(tmp_path: Path, source: Path) -> None:
    for name, seed in ((b"\xff\xfe.png", 1), (b"tab\there.png", 2)):
        Path(os.fsdecode(os.fsencode(source) + b"/" + name)).write_bytes(images.png(seed=seed))
    assert summary(tmp_path, source)["imported"] == 2
    names = [record["original_filename"] for record in records(tmp_path)]
    assert names == ["tabhere.png", "\ufffd\ufffd.png"]


def test_images_become_inputs_where_that_is_said(tmp_path: Path, source: Path) -> None:
    fill(source, 1)
    assert summary(tmp_path, source, "--kind", "input")["imported"] == 1
    assert records(tmp_path)[0]["kind"] == "input"
    assert summary(tmp_path, source)["imported"] == 1  # another drawer


# -- what is not ------------------------------------------------------------------------------


def test_what_cannot_be_taken_in_is_named_and_the_rest_is_not_held_up(
    tmp_path: Path, source: Path
) -> None:
    place(source / "a.png", images.png())
    place(source / "notes.txt", b"mine")
    place(source / "empty.png", b"")
    place(source / "torn.png", images.truncated(images.png()))
    (source / "link.png").symlink_to(source / "a.png")
    (source / "linked").symlink_to(tmp_path)
    os.mkfifo(source / "pipe.png")
    result = import_(tmp_path, source)
    assert result.returncode == 1
    assert result.stdout.startswith("1 imported, 0 skipped as already there, 6 left out (")
    assert sorted(result.stderr.splitlines()[1:]) == [
        f"left out: {source}/empty.png: Not a PNG, JPEG or WebP image",
        f"left out: {source}/link.png: a link",
        f"left out: {source}/linked: a link",
        f"left out: {source}/notes.txt: Not a PNG, JPEG or WebP image",
        f"left out: {source}/pipe.png: no regular file",
        f"left out: {source}/torn.png: The image is damaged",
    ]
    assert len(originals(tmp_path)) == 1
    assert left_by_a_crash(tmp_path) == []


def test_what_is_no_image_is_no_failure(tmp_path: Path, source: Path) -> None:
    place(source / "notes\n.txt", b"mine")
    result = import_(tmp_path, source)
    assert result.returncode == 0
    assert f"left out: {source}/notes\\n.txt: Not a PNG" in result.stderr


def test_a_folder_that_cannot_be_looked_into_is_a_failure(tmp_path: Path, source: Path) -> None:
    fill(source, 1)
    closed = source / "closed"
    closed.mkdir(mode=0)
    found = Summary()
    with unprivileged():
        assert find(str(source), str(tmp_path / "outputs"), found) == [str(source / "0000.png")]
    assert found.left_out == [LeftOut(str(closed), "Permission denied", failed=True)]
    assert found.failed


@pytest.mark.parametrize("name", ["outputs", "outputs/users", "nowhere", "file.png"])
def test_a_folder_that_cannot_be_imported_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "outputs" / "users").mkdir(parents=True)
    place(tmp_path / "file.png", images.png())
    result = import_(tmp_path, name)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert name in result.stderr


def test_a_library_below_the_folder_is_not_taken_into_itself(tmp_path: Path, source: Path) -> None:
    fill(source, 2)
    assert summary(tmp_path, source)["imported"] == 2
    again = summary(tmp_path, tmp_path)
    assert (again["imported"], again["skipped"]) == (0, 2)
    assert {"name": f"{tmp_path}/outputs", "why": "the library itself", "failed": False} in again[
        "left_out"
    ]


def test_an_owner_who_cannot_be_is_refused(tmp_path: Path, source: Path) -> None:
    result = run(tmp_path, "import", str(source), "--owner", "../x")
    assert (result.returncode, result.stdout) == (2, "")
    assert not (tmp_path / "outputs").exists()
