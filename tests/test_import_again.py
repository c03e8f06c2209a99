"""Bringing past work once, also if it takes several runs, and beside others."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import images
from tests.cli import close, command, open_library, run
from tests.http.server import environment, served
from tests.http.site import SERVICE_TOKEN
from tests.past import fill, import_, left_by_a_crash, originals, place, records, summary
from tests.samples import OTHER, OWNER
from tests.test_cli import shown_on_a_terminal


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "past"
    folder.mkdir()
    return folder


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
