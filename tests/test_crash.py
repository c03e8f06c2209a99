"""Whenever an operation is cut short, the library is as before it or as after it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gallery.imaging import Imaging
from gallery.reconcile import Reconciler
from tests.crashing import OPERATIONS, died_at_every_step, opened, prepare
from tests.recovery import check_whole, outcome, recover, tree
from tests.samples import OWNER, ident


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


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "library"
    prepare(folder)
    return folder


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
    steps, status = died_at_every_step(folder, name)
    assert status == 0
    assert tree(tmp_path / f"{name}-{steps}") == end
    came_to = [
        recover(tmp_path / f"{name}-{step}", name, imaging, tree(folder), end)
        for step in range(1, steps)
    ]
    assert len(came_to) >= 4
    assert came_to == sorted(came_to, reverse=True)
    assert set(came_to) == {"before", "after"}
