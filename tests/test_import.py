"""Bringing past work: a folder of any shape, copied, once, also if it takes several runs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery.records import to_text
from gallery.source import LeftOut, Summary, find
from tests import images
from tests.cli import Result, close, command, open_library, run
from tests.conformance.unprivileged import unprivileged
from tests.http.server import environment, served
from tests.http.site import SERVICE_TOKEN
from tests.samples import OTHER, OWNER
from tests.test_cli import shown_on_a_terminal

MARCH = 1_710_417_600.0
"""2024-03-14T12:00:00Z."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "past"
    folder.mkdir()
    return folder


def place(path: Path, data: bytes, mtime: float = MARCH) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (mtime, mtime))
    return path


def fill(source: Path, count: int) -> None:
    for number in range(count):
        place(source / f"{number:04}.png", images.png(seed=number, text={"n": str(number)}))


def import_(root: Path, source: Path | str, *arguments: str, **settings: Any) -> Result:
    return run(root, "import", str(source), "--owner", OWNER, *arguments, **settings)


def summary(root: Path, source: Path, *arguments: str) -> Any:
    result = import_(root, source, "--json", *arguments)
    assert result.returncode in (0, 1), result.stderr
    return orjson.loads(result.stdout)


def records(root: Path, owner: str = OWNER) -> list[dict[str, Any]]:
    """What the sidecars say, in the order of file names."""
    sidecars = (root / "outputs" / "users" / owner).rglob("*.json")
    found = [orjson.loads(path.read_bytes()) for path in sidecars]
    return sorted(found, key=lambda record: str(record["original_filename"]))


def originals(root: Path) -> list[Path]:
    users = root / "outputs" / "users"
    found = (path for kind in ("png", "jpg", "webp") for path in users.rglob(f"*.{kind}"))
    return [path for path in found if path.parent.name != "thumb"]


def left_by_a_crash(root: Path) -> list[Path]:
    hidden = list((root / "outputs" / "users").rglob(".*"))
    return hidden + list((root / "outputs" / ".gallery" / "incoming").iterdir())


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
    os.utime(source)
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


# -- once -------------------------------------------------------------------------------------


def test_what_the_owner_has_is_skipped(tmp_path: Path, source: Path) -> None:
    fill(source, 3)
    place(source / "copy" / "of 2.png", (source / "0002.png").read_bytes())
    first = summary(tmp_path, source)
    assert (first["imported"], first["skipped"]) == (3, 1)
    again = summary(tmp_path, source)
    assert (again["imported"], again["skipped"], again["bytes"]) == (0, 4, 0)
    assert len(originals(tmp_path)) == 3
    other = run(tmp_path, "import", str(source), "--owner", OTHER)
    assert other.stdout.startswith("3 imported, 1 skipped")


def test_what_was_trashed_since_stays_in_the_trash(tmp_path: Path, source: Path) -> None:
    fill(source, 1)
    import_(tmp_path, source)
    library = open_library(tmp_path)
    library.trash(OWNER, records(tmp_path)[0]["id"])
    close(library)
    assert summary(tmp_path, source)["skipped"] == 1
    assert records(tmp_path)[0]["status"] == "trash"


def test_a_dry_run_says_what_would_happen_and_changes_nothing(tmp_path: Path, source: Path) -> None:
    fill(source, 2)
    result = import_(tmp_path, source, "--dry-run")
    assert result.returncode == 2  # nor is a library made
    assert not (tmp_path / "outputs").exists()
    import_(tmp_path, source)
    place(source / "new.png", images.png(seed=9))
    place(source / "new too.png", images.png(seed=9))
    place(source / "torn.png", images.truncated(images.png()))
    before = sorted((tmp_path / "outputs").rglob("*"))
    result = import_(tmp_path, source, "--dry-run")
    assert result.returncode == 1
    assert result.stdout.startswith("1 to be imported, 3 skipped as already there, 1 left out (")
    assert sorted((tmp_path / "outputs").rglob("*")) == before


def test_two_imports_at_once_take_each_image_once(tmp_path: Path, source: Path) -> None:
    fill(source, 40)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(summary, tmp_path, source) for _ in range(2)]
        found = [one.result() for one in both]
    assert sum(one["imported"] for one in found) == 40
    assert sum(one["skipped"] for one in found) == 40
    assert len(originals(tmp_path)) == len(records(tmp_path)) == 40


# -- interrupted ------------------------------------------------------------------------------


def interrupt(root: Path, source: Path, how: signal.Signals, when: Callable[[], bool]) -> int:
    """Starts an import, and sends it and its workers a signal at some moment."""
    with subprocess.Popen(
        command("import", str(source), "--owner", OWNER), cwd=root, env=environment(root),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        until = time.monotonic() + 30
        while not when():
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.005)
        os.killpg(process.pid, how)
        return process.wait(30)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_was_interrupted_is_gone_on_with(
    tmp_path: Path, source: Path, how: signal.Signals
) -> None:
    fill(source, 300)
    ended = interrupt(tmp_path, source, how, lambda: len(originals(tmp_path)) > 20)
    before = len(records(tmp_path))
    assert 20 <= before < 300
    if how == signal.SIGINT:
        assert ended == 130
        assert left_by_a_crash(tmp_path) == []
        assert run(tmp_path, "doctor").returncode == 0
    again = summary(tmp_path, source)
    assert again["left_out"] == []
    assert again["imported"] + again["skipped"] == 300
    assert len(records(tmp_path)) == len(originals(tmp_path)) == 300
    assert len({record["sha256"] for record in records(tmp_path)}) == 300
    assert run(tmp_path, "doctor").returncode == 0


def test_a_full_disk_stops_an_import_with_one_line(tmp_path: Path, source: Path) -> None:
    fill(source, 3)
    import_(tmp_path, source)
    with (source / "vast.png").open("wb") as file:
        file.write(images.png(seed=7))
        file.truncate(1 << 42)  # a sparse file, larger than what is free
    result = import_(tmp_path, source)
    assert result.returncode == 2
    assert result.stdout.startswith("0 imported, ")
    assert result.stderr.splitlines()[-1].endswith("which is at the low-water mark")
    (source / "vast.png").unlink()
    place(source / "new.png", images.png(seed=9))
    assert summary(tmp_path, source)["imported"] == 1


# -- beside others ----------------------------------------------------------------------------


def test_a_running_server_shows_what_was_imported_at_once(tmp_path: Path, source: Path) -> None:
    fill(source, 3)
    with served(tmp_path) as server, server.client() as client:
        anon = client.get("/api/v1/me").json()["owner"]
        assert client.get("/api/v1/images").json()["total"] == 0
        result = run(tmp_path, "import", str(source), "--owner", anon)
        assert result.returncode == 0
        page = client.get("/api/v1/images").json()
        assert page["total"] == 3
        for item in page["items"]:
            assert client.get(item["thumb_url"]).status_code == 200


def test_quotas_are_not_for_the_operator(tmp_path: Path, source: Path) -> None:
    fill(source, 2)
    result = import_(tmp_path, source, quota_count=1, quota_bytes=1)
    assert result.stdout.startswith("2 imported, ")
    token = f"Bearer {SERVICE_TOKEN}"
    with served(tmp_path, quota_count=1) as server, server.client(authorization=token) as client:
        file = {"file": images.png(seed=5)}
        answer = client.post("/api/v1/images", files=file, data={"owner": OWNER})
        assert answer.json()["code"] == "quota_count"


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path, source: Path) -> None:
    fill(source, 3)
    shown = shown_on_a_terminal(tmp_path, "import", str(source), "--owner", OWNER)
    assert b"100%" in shown
    again = import_(tmp_path, source)
    assert "%" not in again.stderr
    assert "\r" not in again.stderr
