"""What is asked of the stores for what changed, and a turn while it goes on changing."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gallery import replica
from gallery.changes import Change
from gallery.errors import Unavailable
from gallery.generation import Record, Stores
from gallery.library import Library
from migrate import follow, turn
from migrate.carry import Carrier
from migrate.pace import Pace
from migrate.telling import Telling
from migrate.turn import Turn, Turned
from tests.migrate.moves import Move
from tests.migrate.real import Ground
from tests.samples import OWNER, eventually, ident, pixels, put, upload


class Counted:
    """How often a method is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, of: Any, name: str) -> None:
        self.count, real = 0, getattr(of, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(of, name, counted)


def test_an_image_that_was_changed_often_is_brought_once(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(move.source, 1)
    move.plan()
    move.copy()
    monkeypatch.setattr(follow, "BATCH", 3)
    for number in range(10):
        move.source.edit(OWNER, ident(1), tags=(f"edit {number}",))
    sidecars = Counted(monkeypatch, move.target.blobs, "replace")
    move.follow()
    assert sidecars.count == 1
    move.is_equal()


def test_many_changes_are_brought_a_part_at_a_time(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what was brought counts when it is stopped."""
    move.plan()
    monkeypatch.setattr(follow, "BATCH", 2)
    monkeypatch.setattr(follow, "MOST_IMAGES", 4)
    for number in range(1, 10):
        put(move.source, number)
    move.follow()
    told = [entry for entry in move.folder.entries() if entry["did"] == "follow"]
    assert len(told) == 3
    move.is_equal()


def test_who_waits_for_an_owner_is_told_of_together(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, telling = move.target, Telling(move.target)
    changes = [_placed(move, number) for number in range(1, 6)]
    entered = Counted(monkeypatch, replica, "enter")
    with ThreadPoolExecutor(5) as pool:
        with target.catalog.lock(OWNER):
            first = pool.submit(telling.tell, changes[0])
            eventually(lambda: entered.count == 1)
            others = [pool.submit(telling.tell, change) for change in changes[1:]]
            eventually(lambda: telling.waiting_for(OWNER) == 4)
        for one in (first, *others):
            one.result(20)
    assert entered.count == 2
    assert sum(sums.active for sums in target.catalog.totals(OWNER).values()) == 5


def _placed(move: Move, number: int) -> Change:
    entry = upload(move.source, pixels(number), id=ident(number)).entry
    sidecar = move.source.blobs.read(entry.record.folder.sidecar(ident(number)))
    return replica.place(move.target, None, entry.record, sidecar)


def test_all_who_are_told_of_together_hear_that_it_failed(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Library, changes: list[Change]) -> None:
        raise Unavailable("away")

    changes = [_placed(move, number) for number in (1, 2)]
    monkeypatch.setattr(replica, "enter", away)
    telling = Telling(move.target)
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(telling.tell, change) for change in changes]:
            with pytest.raises(Unavailable, match="away"):
                one.result(20)


# -- a bucket is asked for no more than it needs -------------------------------------------------


def test_an_image_is_three_requests_to_the_bucket_and_an_edit_is_one(ground: Ground) -> None:
    plan = ground.ok("plan")
    with ground.watched() as asked:
        ground.ok("copy", "--plan", plan["digest"], "--threads", "1")
    assert _of(asked, 1) == ["PUT png", "PUT webp", "PUT json"]
    with ground.library() as library:
        library.edit(OWNER, ident(1), tags=("new",))
    with ground.watched() as asked:
        ground.ok("follow")
    assert _of(asked, 1) == ["PUT json"]
    ground.is_equal()


def test_what_was_in_flight_is_looked_at_before_it_is_sent_again(ground: Ground) -> None:
    plan = ground.ok("plan")
    copy = "copy", "--plan", plan["digest"], "--threads", "1"
    ground.run(*copy, die=("put", 1))
    with ground.watched() as asked:
        ground.ok(*copy)
    assert _of(asked, 1)[0] == "HEAD png"
    assert "PUT png" not in _of(asked, 1)
    ground.is_equal()


def _of(asked: list[str], number: int) -> list[str]:
    """Method and kind of what was asked about an image."""
    found = (re.search(rf"^(\w+) .*{ident(number)}\.(\w+)", line) for line in asked)
    return [f"{match[1]} {match[2]}" for match in found if match]


# -- turning while it goes on ------------------------------------------------------------------


@pytest.fixture
def ways() -> tuple[str, str]:
    return "memory", "memory"


Turns = Callable[[float], Turned]


@pytest.fixture
def turns(move: Move) -> Turns:
    """Turns within a budget."""
    for number in range(1, 41):
        put(move.source, number)
    move.plan()
    move.copy()

    def turned(budget: float) -> Turned:
        record = Record(move.folder.path)
        with move.folder.journal() as journal:
            turning = Turn(move.sides, journal, Pace(), record, Stores("there", "there"))
            return turning.run(move.position, move.folder.entries(), budget=budget, wait=5.0)

    return turned


def written_beside(
    move: Move, monkeypatch: pytest.MonkeyPatch, *, seconds: float, edits: int, each: int
) -> None:
    """Images take so many ``seconds`` to bring, one after the other, and with ``each`` so many
    of them some are edited, until the fence is closed."""
    monkeypatch.setattr(follow, "THREADS", 1)
    by_id, end, brought, edited = Carrier.by_id, Turn._end, itertools.count(), itertools.count()
    fenced = threading.Event()

    def beside(carrier: Carrier, *image: Any) -> Any:
        time.sleep(seconds)
        if not fenced.is_set() and next(brought) % each == 0:
            for number in itertools.islice(edited, edits):
                move.source.edit(OWNER, ident(1 + number % 40), tags=(f"edit {number}",))
        return by_id(carrier, *image)

    def behind(turning: Turn, *held: Any) -> Any:
        fenced.set()
        return end(turning, *held)

    monkeypatch.setattr(Carrier, "by_id", beside)
    monkeypatch.setattr(Turn, "_end", behind)
    for number in range(1, 41):
        move.source.edit(OWNER, ident(number), tags=("before",))


def test_a_library_that_is_never_level_turns_when_it_is_brought_faster_than_written(
    move: Move, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round is of what was written during the one before."""
    written_beside(move, monkeypatch, seconds=0.01, edits=1, each=2)
    assert 0 < turns(20.0).images < 40


def test_one_that_is_written_to_faster_is_not_turned_and_the_figures_say_why(
    move: Move, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_beside(move, monkeypatch, seconds=0.02, edits=2, each=1)
    figures = r"more is written than .*, \d+ changes/s against \d+ images/s: the last round took"
    with pytest.raises(Unavailable, match=figures):
        turns(0.4)


def test_an_image_that_differed_before_the_fence_is_compared_behind_it(
    move: Move, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was edited after it was brought, and is brought again."""
    real, edits = Turn._look_at, iter([("late",)])

    def edited(turning: Turn, images: Any) -> None:
        if tags := next(edits, None):
            move.source.edit(OWNER, ident(1), tags=tags)
        real(turning, images)

    move.source.edit(OWNER, ident(1), tags=("early",))
    monkeypatch.setattr(Turn, "_look_at", edited)
    monkeypatch.setattr(turn, "_ENOUGH_SECONDS", 60.0)  # no round more, however slow this one is
    assert turns(240.0).images == 1
    entry = move.target.catalog.get(OWNER, ident(1))
    assert entry is not None
    assert entry.record.tags == ("late",)
