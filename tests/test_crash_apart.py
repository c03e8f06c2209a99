"""Whenever an operation over a bucket and a database is cut short, the library is as before
it or as after it, and a retry makes it whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from gallery.bulk import Bulk
from gallery.imaging import Imaging
from gallery.journal import Report, Wanted
from gallery.library import Library
from tests import databases
from tests.crashing import OP, OPERATIONS, put
from tests.crashing_apart import Objects, Resettable, Tree
from tests.recovery import check_whole, walked
from tests.samples import OWNER, ident
from tests.test_crash import Crash, Fuse

NAMES = sorted(OPERATIONS)
WANTED = {
    "delete": Wanted("delete", (ident(1), ident(2), ident(9))),
    "tag": Wanted("tag", (ident(1), ident(2)), tags=("bridge",)),
}
"""There is no image 9."""
CHANGED = {"delete": ["done", "unchanged", "not_found"], "tag": ["done", "done"]}
BACK = {"delete": ["undone", "unchanged", "unchanged"], "tag": ["undone", "undone"]}
ACTIONS = sorted(WANTED)
Act = Callable[[Library], object]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resettable]:
    with databases.lent() as catalog:
        apart = Resettable(tmp_path_factory.mktemp("incoming"), catalog)
        yield apart
        apart.close()


@pytest.fixture(scope="module")
def before(apart: Resettable) -> Objects:
    """Image 1, and image 2 in the trash."""
    with apart.opened() as library:
        put(library, 1)
        put(library, 2)
        library.trash(OWNER, ident(2))
    return apart.objects()


def whole(apart: Resettable, start: Objects, act: Act) -> tuple[Tree, Tree]:
    """How it begins and what it comes to when nothing goes wrong."""
    apart.become(start)
    first = apart.tree()
    with apart.opened() as library:
        act(library)
        check_whole(library)
    return first, apart.tree()


def crashes(
    apart: Resettable, start: Objects, act: Act, first: Act = lambda _: None, *, least: int = 2
) -> Iterator[None]:
    """Cuts it short after each of its steps, of which there are so many at least; the last
    time it comes to its end."""
    for step in range(1, 100):
        apart.become(start)
        with apart.opened() as library:
            first(library)
        with suppress(Crash), apart.opened(Fuse(step)) as library:
            act(library)
            assert step > least
            return
        yield


# -- one image --------------------------------------------------------------------------------


def again(name: str, library: Library) -> None:
    """The same request once more; an image that was purged cannot be."""
    if name != "purge" or library.catalog.get(OWNER, ident(2)):
        OPERATIONS[name](library)


@pytest.mark.parametrize("name", NAMES)
def test_a_crash_after_any_step_leaves_before_or_after(
    name: str, apart: Resettable, before: Objects, imaging: Imaging
) -> None:
    start, end = whole(apart, before, OPERATIONS[name])
    came_to = []
    for _ in crashes(apart, before, OPERATIONS[name]):
        with apart.opened() as library:
            assert walked(library, imaging).damage == []
            check_whole(library)
            now = apart.tree()
            assert now in (start, end)
            came_to.append("before" if now == start else "after")
            again(name, library)
            check_whole(library)
        if name != "copy":  # which makes another one each time
            assert apart.tree() == end
    assert apart.tree() == end
    assert came_to == sorted(came_to, reverse=True)
    assert "after" in came_to


@pytest.mark.parametrize("name", NAMES)
def test_a_retry_that_comes_before_the_walk_succeeds(
    name: str, apart: Resettable, before: Objects, imaging: Imaging
) -> None:
    _, end = whole(apart, before, OPERATIONS[name])
    for _ in crashes(apart, before, OPERATIONS[name]):
        with apart.opened() as library:
            again(name, library)
            assert walked(library, imaging).damage == []
            check_whole(library)
        assert name == "copy" or apart.tree() == end


# -- many images ------------------------------------------------------------------------------


def bulk(library: Library, action: str) -> Report:
    return Bulk(library, batch=1).run(OWNER, WANTED[action], OP)


def undo(library: Library) -> Report:
    return Bulk(library, batch=1).undo(OWNER, OP)


def outcomes(report: Report) -> list[str]:
    return [item.outcome for item in report.outcomes]


def content(library: Library) -> list[tuple[object, ...]]:
    """What can be undone, of each image."""
    records = [library.get(OWNER, ident(n)).record for n in (1, 2)]
    return [(r.status, r.deleted_at, r.tags, r.favorite) for r in records]


@pytest.fixture(scope="module")
def as_before(apart: Resettable, before: Objects) -> list[tuple[object, ...]]:
    apart.become(before)
    with apart.opened() as library:
        return content(library)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_change_of_many_is_made_whole_by_a_retry(
    action: str, apart: Resettable, before: Objects, as_before: object
) -> None:
    def act(library: Library) -> Report:
        return bulk(library, action)

    _, end = whole(apart, before, act)
    for _ in crashes(apart, before, act, least=6):
        with apart.opened() as library:
            assert outcomes(act(library)) == CHANGED[action]
            check_whole(library)
            assert apart.tree() == end
            assert outcomes(undo(library)) == BACK[action]
            assert content(library) == as_before


def test_an_undo_ends_a_change_of_many_that_was_cut_short(
    apart: Resettable, before: Objects, as_before: object
) -> None:
    for _ in crashes(apart, before, lambda library: bulk(library, "tag"), least=8):
        with apart.opened() as library:
            assert {*outcomes(undo(library))} <= {"undone", "unchanged"}
            check_whole(library)
            assert content(library) == as_before


def test_an_undo_that_was_cut_short_is_ended_by_the_next(
    apart: Resettable, before: Objects, as_before: object
) -> None:
    for _ in crashes(apart, before, undo, lambda library: bulk(library, "tag"), least=7):
        with apart.opened() as library:
            assert outcomes(undo(library)) == BACK["tag"]
            check_whole(library)
            assert content(library) == as_before
