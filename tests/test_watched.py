"""What is remembered of the names that are looked at is bounded, and that keeps nothing from
being done."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery import arrivals
from gallery.arrivals import Watched
from gallery.library import Library
from gallery.reconcile import Reconciler
from tests.samples import active, put

HOUR = 3600.0


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, to be set."""
    now = [1000.0]
    monkeypatch.setattr("gallery.arrivals.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_MAX_NAMES", 3)


@pytest.mark.usefixtures("few")
def test_more_images_than_can_be_remembered_are_removed_by_hand_and_noticed(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    for n in range(1, 9):
        one = put(library, n)
        for key in (one.image, one.thumb, one.folder.sidecar(one.id)):
            (outputs / key).unlink()
    for _ in range(6):
        assert walker.run().mended <= 3
    assert active(library) == []


@pytest.mark.usefixtures("few")
def test_while_others_are_waited_for_a_new_name_drives_none_out(now: list[float]) -> None:
    memory = Watched()
    for _ in range(2):
        ages = [memory.age(name, "missing") for name in "abcd"]
        now[0] += 60
    assert ages == [60, 60, 60, 0]
    memory.forget("b")
    assert memory.age("d", "missing") == 0
    now[0] += 60
    assert memory.age("d", "missing") == 60


@pytest.mark.usefixtures("few")
def test_names_that_nobody_looks_at_again_make_room(now: list[float]) -> None:
    memory = Watched()
    for name in "abc":
        memory.age(name, "missing")
        memory.leave(name, "odd", "it is no image")
    memory.leave("d", "odd", "it is no image")
    assert not memory.is_left("d", "odd")
    now[0] += HOUR
    memory.age("a", "another")
    memory.age("d", "missing")
    memory.leave("d", "odd", "it is no image")
    assert [memory.is_left(name, "odd") for name in "abcd"] == [False, True, True, True]
    now[0] += 60
    assert (memory.age("a", "another"), memory.age("d", "missing")) == (60, 60)
