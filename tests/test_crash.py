"""Whenever an operation is cut short, the library is as before it or as after it."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gallery.catalog.query import Query
from gallery.imaging import Imaging
from gallery.keys import KINDS, parse
from gallery.library import Library
from gallery.reconcile import Reconciler
from gallery.records import Record, Totals, TotalsByKind, encode
from tests.crashing import KILLED, OPERATIONS, opened, prepare
from tests.samples import OWNER, THUMBNAIL, ident

ALL = Query(OWNER, ("active", "trash"), KINDS)
Tree = dict[str, bytes]
_NEW_ID = re.compile(rb"(?!0{31})[0-9a-f]{32}(?=[.\"])")


class Crash(BaseException):
    """The end of a process, as far as the library can tell."""


class Fuse:
    """Burns down by one at every step, and then crashes."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crash


def tree(folder: Path) -> Tree:
    """Everything under ``users/``, with the ids that were made up replaced."""
    users = folder / "outputs" / "users"
    return {
        _NEW_ID.sub(b"new", str(path.relative_to(users)).encode()).decode(): _NEW_ID.sub(
            b"new", path.read_bytes()
        )
        for path in users.rglob("*")
        if path.is_file()
    }


def check_whole(library: Library) -> None:
    """Every image has its three files and its entry, and there is nothing else."""
    found: dict[str, Record] = {}
    left = {listed.key for listed in library.blobs.list("users/")}
    for text in sorted(left):
        key = parse(text)
        assert key is not None
        if key.role == "sidecar":
            read = library.sidecar(key.folder, key.id)
            assert read is not None
            record, seen = read
            entry = library.catalog.get(OWNER, key.id)
            assert entry is not None
            assert (entry.raw, entry.seen) == (encode(record), seen)
            assert hashlib.sha256(library.blobs.read(record.image)).hexdigest() == record.sha256
            assert library.blobs.read(record.thumb) == THUMBNAIL
            left -= {text, record.image, record.thumb}
            found[key.id] = record
    assert left == set()
    assert library.page(ALL).total == len(library.page(ALL).items) == len(found)
    totals = {k: t for k, t in library.catalog.totals(OWNER).items() if t != Totals()}
    assert totals == counted(list(found.values()))


def counted(records: list[Record]) -> TotalsByKind:
    totals: TotalsByKind = {}
    for r in records:
        one = Totals(1, 0, r.bytes, None, r.created_at, r.created_at)
        if r.status == "trash":
            one = Totals(0, 1, r.bytes, r.deleted_at)
        totals[r.kind] = totals.get(r.kind, Totals()) + one
    return totals


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "library"
    prepare(folder)
    return folder


def outcome(before: Path, folder: Path, act: Callable[[Library], object]) -> Tree:
    """The tree when nothing goes wrong."""
    shutil.copytree(before, folder)
    with opened(folder) as library:
        act(library)
        check_whole(library)
    return tree(folder)


def recover(folder: Path, name: str, imaging: Imaging, start: Tree, end: Tree) -> str:
    """Starts anew, as after a crash, and walks; says which of the two it came to."""
    with opened(folder) as library:
        walked = Reconciler(library, imaging, settle=0).run()
        assert walked.damage == []
        check_whole(library)
    now = tree(folder)
    assert now in (start, end)
    retry(folder, name, end)
    return "before" if now == start else "after"


def retry(folder: Path, name: str, end: Tree) -> None:
    with opened(folder) as library:
        if name != "purge" or library.catalog.get(OWNER, ident(2)):
            OPERATIONS[name](library)
        check_whole(library)
    if name != "copy":  # which makes another one each time
        assert tree(folder) == end


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_crash_after_any_step_leaves_before_or_after(
    name: str, before: Path, tmp_path: Path, imaging: Imaging
) -> None:
    end = outcome(before, tmp_path / "after", OPERATIONS[name])
    came_to = []
    for step in range(1, 100):
        folder = tmp_path / str(step)
        shutil.copytree(before, folder)
        try:
            with opened(folder, Fuse(step)) as library:
                OPERATIONS[name](library)
            break
        except Crash:
            came_to.append(recover(folder, name, imaging, tree(before), end))
    assert came_to == sorted(came_to, reverse=True)
    assert "after" in came_to
    assert tree(folder) == end


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_retry_that_comes_before_the_walk_succeeds(
    name: str, before: Path, tmp_path: Path, imaging: Imaging
) -> None:
    end = outcome(before, tmp_path / "after", OPERATIONS[name])
    for step in range(1, 100):
        folder = tmp_path / str(step)
        shutil.copytree(before, folder)
        try:
            with opened(folder, Fuse(step)) as library:
                OPERATIONS[name](library)
            break
        except Crash:
            with opened(folder) as library:
                if name != "purge" or library.catalog.get(OWNER, ident(2)):
                    OPERATIONS[name](library)
                assert Reconciler(library, imaging, settle=0).run().damage == []
                check_whole(library)
            assert name == "copy" or tree(folder) == end
    assert step > 2


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_process_that_dies_at_any_moment_leaves_before_or_after(
    name: str, before: Path, tmp_path: Path, imaging: Imaging
) -> None:
    end = outcome(before, tmp_path / "after", OPERATIONS[name])
    folder = tmp_path / "before"
    shutil.copytree(before, folder)
    died = subprocess.run(
        [sys.executable, "-m", "tests.crashing", str(folder), name],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (died.returncode, died.stderr) == (0, "")
    steps, status = map(int, died.stdout.split())
    assert status != KILLED
    assert status == 0
    assert tree(tmp_path / f"{name}-{steps}") == end
    came_to = [
        recover(tmp_path / f"{name}-{step}", name, imaging, tree(folder), end)
        for step in range(1, steps)
    ]
    assert len(came_to) >= 4
    assert came_to == sorted(came_to, reverse=True)
    assert set(came_to) == {"before", "after"}
