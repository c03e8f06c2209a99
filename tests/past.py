"""A folder of past work, and what an import made of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from tests import images
from tests.cli import Result, run
from tests.samples import OWNER

MARCH = 1_710_417_600.0
"""2024-03-14T12:00:00Z."""


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
