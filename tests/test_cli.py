"""The command line, as people and scripts run it."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli import close, command, files, fill, open_library, run
from tests.http.server import environment, free_port
from tests.samples import OTHER, OWNER


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fill(tmp_path)


# -- what can be wrong at once ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["serve", "doctor", "rebuild", "purge-trash", "scrub", "thumbnails"]
)
def test_an_unknown_variable_is_one_line_and_exit_code_2(tmp_path: Path, name: str) -> None:
    result = run(tmp_path, name, outputz="x")
    assert result.returncode == 2
    assert result.stderr == "gallery: GALLERY_OUTPUTZ is not a setting\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((), {"port": "eighty"}, "gallery: GALLERY_PORT: "),
        (("--port", "70000"), {}, "gallery: GALLERY_PORT: "),
        (("--retention-days", "0"), {}, "gallery: GALLERY_RETENTION_DAYS: "),
        ((), {"secret": "short"}, "gallery: GALLERY_SECRET: "),
        ((), {"blobs": "s3:bucket"}, "gallery: GALLERY_BLOBS: "),
        ((), {"blobs": "ftp://bucket"}, "gallery: GALLERY_BLOBS: "),
        ((), {"catalog": "mysql://"}, "gallery: GALLERY_CATALOG: "),
        (("--single-owner", "me", "--host", "0.0.0.0"), {}, "gallery: GALLERY_SINGLE_OWNER: "),
    ],
    ids=str,
)
def test_a_malformed_setting_is_named_and_nothing_served(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], message: str
) -> None:
    result = run(tmp_path, "serve", *arguments, **settings)
    assert result.returncode == 2
    assert message in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_outputs_of_a_newer_format_are_not_served(root: Path, workers: str) -> None:
    marker = root / "outputs" / ".gallery" / "library.json"
    marker.write_bytes(marker.read_bytes().replace(b'"format":1', b'"format":2'))
    result = run(root, "serve", "--port", str(free_port()), "--workers", workers)
    assert result.returncode != 0
    assert "format 2 is newer than this software" in result.stderr
    assert "Traceback" not in result.stderr


# -- rebuild, thumbnails, purge-trash ---------------------------------------------------------


def test_a_rebuild_makes_the_manifests_again_from_the_tree(root: Path) -> None:
    shutil.rmtree(root / "manifests")
    result = run(root, "rebuild", "--processes", "2")
    assert (result.returncode, result.stdout) == (0, "4 images of 2 owners\n")
    assert run(root, "doctor").returncode == 0


def test_a_rebuild_of_what_is_right_changes_nothing_that_matters(root: Path) -> None:
    assert run(root, "rebuild").returncode == 0
    library = open_library(root)
    totals = library.catalog.totals(OWNER)["output"]
    close(library)
    assert (totals.active, totals.trash) == (2, 1)


def test_thumbnails_makes_what_is_missing_or_not_whole(root: Path) -> None:
    thumbs = sorted(root.rglob("thumb/*.webp"))
    thumbs[0].unlink()
    thumbs[1].write_bytes(b"")
    [damaged] = root.rglob(f"{thumbs[2].stem}.png")
    damaged.write_bytes(b"damaged")
    thumbs[2].unlink()
    result = run(root, "thumbnails")
    assert (result.returncode, result.stdout) == (1, "2 made\n")
    assert [line for line in result.stderr.splitlines() if damaged.name in line]
    assert all(path.read_bytes()[8:12] == b"WEBP" for path in thumbs[:2])
    thumbs[2].write_bytes(thumbs[0].read_bytes())
    assert run(root, "thumbnails").stdout == "0 made\n"


def test_purge_trash_asks_first(root: Path) -> None:
    before = files(root)
    dry = run(root, "purge-trash", "--dry-run")
    assert (dry.returncode, dry.stdout.splitlines()[0]) == (0, f"{OWNER}: 1")
    assert run(root, "purge-trash", stdin="n\n").returncode == 1
    assert run(root, "purge-trash").returncode == 1  # nobody there to ask
    assert files(root) == before
    done = run(root, "purge-trash", stdin="y\n")
    assert (done.returncode, done.stdout.splitlines()[-1].endswith("1 purged")) == (0, True)
    assert run(root, "purge-trash", "--yes").stdout == "0 images, 0 bytes\n"


def test_purge_trash_takes_what_is_old_enough_of_whom_is_named(root: Path) -> None:
    for arguments in (("--older-than-days", "41"), ("--owner", OTHER)):
        assert run(root, "purge-trash", "--yes", *arguments).stdout == "0 images, 0 bytes\n"
    for arguments in (("--older-than-days", "-1"), ("--owner", "../x")):
        result = run(root, "purge-trash", "--yes", *arguments)
        assert (result.returncode, result.stdout) == (2, "")
    assert run(root, "purge-trash", "--yes", "--owner", OWNER).stdout.endswith("1 purged\n")


# -- progress, serve and demo -----------------------------------------------------------------


def shown_on_a_terminal(root: Path, *arguments: str) -> bytes:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(*arguments), cwd=root, env=environment(root),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
    ):  # fmt: skip
        os.close(theirs)
        found = b""
        try:
            while data := os.read(ours, 65_536):
                found += data
        except OSError:  # how a terminal says that the other end is closed
            pass
    os.close(ours)
    return found


@pytest.mark.parametrize("name", ["rebuild", "thumbnails"])
def test_progress_is_shown_on_a_terminal_only(root: Path, name: str) -> None:
    assert b"100%" in shown_on_a_terminal(root, name)
    result = run(root, name)
    assert result.returncode == 0
    assert "%" not in result.stderr
    assert "\r" not in result.stderr


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Wherever the environment says that images are kept: there it never looks."""
    port = free_port()
    temporary = {"TMPDIR": str(tmp_path)}
    elsewhere = environment(tmp_path, blobs="s3://mine/pictures", catalog="postgresql:///mine")
    with subprocess.Popen(
        command("demo", "--images", "3", "--port", str(port)),
        cwd=tmp_path, env=elsewhere | temporary, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if b"running on" in line:
                break
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        yield process, f"http://127.0.0.1:{port}"
        process.kill()
        process.wait()
        drain.join()


def test_a_demo_serves_drawn_images_and_leaves_nothing_behind(
    tmp_path: Path, demo: tuple[subprocess.Popen[bytes], str]
) -> None:
    process, url = demo
    with httpx.Client(base_url=url) as client:
        client.get("/")
        page: Any = client.get("/api/v1/images").json()
        assert page["total"] == 3
        for item in page["items"]:
            assert item["prompt"]
            assert client.get(item["thumb_url"]).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert list(tmp_path.glob("gallery-demo-*")) == []
    assert not (tmp_path / "outputs").exists()


def test_a_flag_comes_before_a_variable_in_every_process(root: Path) -> None:
    port = free_port()
    result = subprocess.Popen(
        command("serve", "--port", str(port), "--retention-days", "30"),
        cwd=root, env=environment(root, retention_days=7), stderr=subprocess.PIPE,
    )  # fmt: skip
    with result:
        assert result.stderr is not None
        for line in result.stderr:
            if b"running on" in line:
                break
        me = httpx.get(f"http://127.0.0.1:{port}/api/v1/me").json()
        result.terminate()
        result.stderr.read()
    assert me["retention_days"] == 30
