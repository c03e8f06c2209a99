"""Whenever a change of many images is cut short, a retry makes it whole and an undo undoes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gallery.bulk import Bulk
from gallery.journal import Journal
from gallery.library import Library
from tests.crashing import KILLED, OP, WANTED, bulk, died_at_every_step, opened, prepare, put, undo
from tests.recovery import Tree, check_whole, tree
from tests.samples import OWNER, ident
from tests.test_crash import Crash, Fuse

CHANGED = {
    "delete": ["done", "unchanged", "done", "not_found", "done"],
    "tag": ["done", "done", "done", "not_found", "done"],
}
BACK = {
    "delete": ["undone", "unchanged", "undone", "unchanged", "undone"],
    "tag": ["undone", "undone", "undone", "unchanged", "undone"],
}
ACTIONS = sorted(WANTED)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images 1 to 4, the second of them in the trash."""
    folder = tmp_path_factory.mktemp("before") / "library"
    prepare(folder)
    with opened(folder) as library:
        put(library, 3)
        put(library, 4)
    return folder


def content(library: Library) -> dict[int, tuple[object, ...]]:
    """What can be undone, of each image."""
    records = {n: library.get(OWNER, ident(n)).record for n in range(1, 5)}
    return {n: (r.status, r.deleted_at, r.tags, r.favorite) for n, r in records.items()}


def outcomes(library: Library, action: str) -> list[str]:
    return [item.outcome for item in bulk(library, action).outcomes]


def undone(library: Library) -> list[str]:
    return [item.outcome for item in undo(library).outcomes]


def whole_run(before: Path, folder: Path, action: str) -> tuple[Tree, Tree]:
    """The tree after the operation and after its undo, when nothing goes wrong."""
    shutil.copytree(before, folder)
    with opened(folder) as library:
        start = content(library)
        assert outcomes(library, action) == CHANGED[action]
        check_whole(library)
        after = tree(folder)
        assert undone(library) == BACK[action]
        check_whole(library)
        assert content(library) == start
    return after, tree(folder)


def cut_short(folder: Path, step: int, act: Callable[[Library], object]) -> bool:
    """Whether a crash after that step came before the end."""
    try:
        with opened(folder, Fuse(step)) as library:
            act(library)
    except Crash:
        return True
    return False


@pytest.mark.parametrize("action", ACTIONS)
def test_a_retry_after_a_crash_changes_every_item_once(
    action: str, before: Path, tmp_path: Path
) -> None:
    after, back = whole_run(before, tmp_path / "whole", action)
    for step in range(1, 100):
        folder = tmp_path / str(step)
        shutil.copytree(before, folder)
        if not cut_short(folder, step, lambda library: bulk(library, action)):
            break
        with opened(folder) as library:
            assert outcomes(library, action) == CHANGED[action]
            check_whole(library)
            assert tree(folder) == after
            assert outcomes(library, action) == CHANGED[action]
            assert tree(folder) == after
            assert undone(library) == BACK[action]
            check_whole(library)
            assert tree(folder) == back
    assert step > 10


@pytest.mark.parametrize("action", ACTIONS)
def test_an_undo_ends_an_operation_that_was_cut_short(
    action: str, before: Path, tmp_path: Path
) -> None:
    with opened(before) as library:
        start = content(library)
    cancelled = 0
    for step in range(1, 100):
        folder = tmp_path / str(step)
        shutil.copytree(before, folder)
        if not cut_short(folder, step, lambda library: bulk(library, action)):
            break
        with opened(folder) as library:
            assert {*undone(library)} <= {"undone", "unchanged"}
            check_whole(library)
            assert content(library) == start
            now, report = tree(folder), bulk(library, action)
            codes = [item.code for item in report.outcomes if item.outcome == "failed"]
            assert {*codes} <= {"cancelled"}
            cancelled += len(codes)
            assert tree(folder) == now
    assert cancelled > 10


@pytest.mark.parametrize("action", ACTIONS)
def test_an_undo_that_was_cut_short_is_ended_by_the_next(
    action: str, before: Path, tmp_path: Path
) -> None:
    _, back = whole_run(before, tmp_path / "whole", action)
    done = tmp_path / "done"
    shutil.copytree(before, done)
    with opened(done) as library:
        bulk(library, action)
    for step in range(1, 100):
        folder = tmp_path / str(step)
        shutil.copytree(done, folder)
        if not cut_short(folder, step, undo):
            break
        with opened(folder) as library:
            for _ in range(2):
                assert undone(library) == BACK[action]
                check_whole(library)
                assert tree(folder) == back
    assert step > 8


def left_by_the_dead(folder: Path, name: str) -> list[Path]:
    """What each process left that died of it."""
    steps, status = died_at_every_step(folder, name)
    assert status not in (1, KILLED)
    return [folder.with_name(f"{name}-{step}") for step in range(1, steps)]


@pytest.mark.parametrize("action", ACTIONS)
def test_an_operation_whose_process_died_at_any_moment_is_ended_by_a_retry(
    action: str, before: Path, tmp_path: Path
) -> None:
    after, back = whole_run(before, tmp_path / "whole", action)
    shutil.copytree(before, tmp_path / "before")
    left = left_by_the_dead(tmp_path / "before", f"bulk-{action}")
    for folder in left:
        with opened(folder) as library:
            assert outcomes(library, action) == CHANGED[action]
            check_whole(library)
            assert tree(folder) == after
            assert undone(library) == BACK[action]
            check_whole(library)
            assert tree(folder) == back
    assert len(left) > 30


def test_an_undo_whose_process_died_at_any_moment_is_ended_by_the_next(
    before: Path, tmp_path: Path
) -> None:
    _, back = whole_run(before, tmp_path / "whole", "delete")
    shutil.copytree(before, tmp_path / "done")
    with opened(tmp_path / "done") as library:
        bulk(library, "delete")
    left = left_by_the_dead(tmp_path / "done", "undo")
    for folder in left:
        with opened(folder) as library:
            assert undone(library) == BACK["delete"]
            check_whole(library)
            assert tree(folder) == back
    assert len(left) > 20


def test_what_somebody_changed_after_the_crash_is_left_as_they_made_it(
    before: Path, tmp_path: Path
) -> None:
    """Image 1 was deleted before the crash and restored after it; image 4 was edited."""
    ways = set()
    for step in range(1, 10):
        folder = tmp_path / str(step)
        shutil.copytree(before, folder)
        assert cut_short(folder, step, lambda library: bulk(library, "delete"))
        with opened(folder) as library:
            journal = Journal.read(library.catalog.ops, OWNER, OP)
            if library.effects.current(OWNER, ident(1)).record.status == "active":
                continue
            assert journal is not None
            settled = ident(1) in journal.do.outcomes
            library.restore(OWNER, ident(1))
            library.edit(OWNER, ident(4), favorite=True)
            report = bulk(library, "delete")
            found = {item.id: (item.outcome, item.code) for item in report.outcomes}
            assert found[ident(1)] == (("done", None) if settled else ("failed", "changed"))
            assert found[ident(4)] == ("done", None)
            assert library.get(OWNER, ident(1)).record.status == "active"
            back = {item.id: item.outcome for item in Bulk(library).undo(OWNER, OP).outcomes}
            assert back[ident(1)] == ("changed" if settled else "unchanged")
            assert library.get(OWNER, ident(4)).record.favorite
            ways.add(settled)
    assert ways == {False, True}
