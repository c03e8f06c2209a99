"""Commands work where the library lives, and one that is at work when it turns loses nothing."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests import images
from tests.cli import command, fill
from tests.http.server import environment
from tests.migrate import movers
from tests.migrate.movers import Mover
from tests.samples import OTHER, OWNER, eventually
from tests.scrubbing import is_held


@pytest.fixture(scope="module")
def mover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mover]:
    """A library that moved to bucket and database. What it left on files is gone, so that who
    looks there finds nothing."""
    root = fill(tmp_path_factory.mktemp("moved"))
    with movers.mover(root) as mover:
        mover.copied()
        mover.turned("cutover")
        (root / "outputs" / "users").rename(root / "old users")
        (root / "manifests" / "users").rename(root / "old manifests")
        (root / "outputs" / "users").mkdir()
        yield mover


def _ok(mover: Mover, *arguments: str) -> str:
    done = mover.run(*arguments, module="gallery")
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


def test_commands_work_where_the_library_lives(mover: Mover) -> None:
    assert "0 discrepancies" in (looked := _ok(mover, "doctor"))
    assert OWNER[:20] in looked
    assert "4 images of 2 owners" in _ok(mover, "rebuild")
    assert "0 made" in _ok(mover, "thumbnails")
    assert orjson.loads(_ok(mover, "scrub", "--json"))["images"] == 4
    assert "1 images" in _ok(mover, "purge-trash", "--older-than-days", "30", "--dry-run")
    assert list((mover.root / "outputs" / "users").iterdir()) == []


def test_an_import_during_a_turn_is_ended_by_another(tmp_path: Path) -> None:
    past, count = tmp_path / "past", 120
    past.mkdir()
    for seed in range(count):
        (past / f"{seed}.png").write_bytes(images.png(seed=seed, text={"n": str(seed)}))
    importing = ("import", str(past), "--owner", OTHER, "--json")
    with movers.mover(fill(tmp_path / "home")) as mover:
        mover.copied()
        process = subprocess.Popen(
            command(*importing), cwd=mover.root,
            env=environment(mover.root, **mover.settings), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        eventually(lambda: _images(mover.root, OTHER) > 2, seconds=30)
        eventually(lambda: _turned_while_stopped(mover, process), seconds=120)
        said, errors = process.communicate(timeout=60)
        assert (process.returncode, errors.count("gallery: ")) == (2, 1), errors
        first = orjson.loads(said)
        assert first["imported"] > 0
        second = orjson.loads(_ok(mover, *importing))
        assert first["imported"] + second["imported"] == count
        assert orjson.loads(_ok(mover, *importing))["imported"] == 0
        assert mover.ok("follow")["level"]
        assert mover.ok("verify")["signs"]["="] == count + 4
        assert _images(mover.root, OWNER) > 0


def _turned_while_stopped(mover: Mover, process: subprocess.Popen[str]) -> bool:
    """Unless it was stopped in the middle of a change, for which a turn waits."""
    process.send_signal(signal.SIGSTOP)
    try:
        status = Path(f"/proc/{process.pid}/status")
        eventually(lambda: "T (stopped)" in status.read_text())
        if is_held(mover.root / "manifests" / "fence.lock"):
            return False
        done = mover.run("cutover", "--wait", "1")
    finally:
        process.send_signal(signal.SIGCONT)
    assert done.returncode == 0 or "does not end" in done.stderr, done.stderr
    return done.returncode == 0


def _images(root: Path, owner: str) -> int:
    return len([*(root / "outputs" / "users" / owner).rglob("*.json")])
