"""The library turns to the other side while it is written to, and back; and nothing is lost."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
import pytest

from gallery import carried
from gallery.bulk import Bulk
from gallery.changes import altered
from gallery.encoding import encode_sidecar
from gallery.errors import StartRefused, Unavailable
from gallery.journal import Wanted
from gallery.records import Record as Image
from migrate.pace import Pace, Stopped
from migrate.turn import Turn
from tests import databases
from tests.migrate.moves import fill, stored
from tests.migrate.places import Place
from tests.migrate.turning import HERE, THERE, Living, on_each
from tests.samples import OTHER, OWNER, active, eventually, ident, put, upload


@pytest.fixture
def ways() -> tuple[str, str]:
    return "files", "files"


@on_each
def test_what_is_written_afterwards_is_written_there(living: Living) -> None:
    move = living.move
    living.turn()
    assert living.lives == THERE
    upload(living.library, b"new", id=ident(9))
    assert move.target.catalog.get(OWNER, ident(9)) is not None
    assert move.source.catalog.get(OWNER, ident(9)) is None


@on_each
def test_whoever_wrote_to_the_old_side_goes_on_at_the_new_one(living: Living) -> None:
    move = living.move
    old = living.library
    living.turn()
    upload(old, b"new", id=ident(9))
    old.edit(OWNER, ident(1), tags=("late",))
    old.trash(OWNER, ident(2))
    old.purge(OWNER, ident(2))
    entry = move.target.catalog.get(OWNER, ident(1))
    assert entry is not None
    assert entry.record.tags == ("late",)
    assert move.target.catalog.get(OWNER, ident(2)) is None
    assert move.target.catalog.get(OWNER, ident(9)) is not None


@on_each
def test_there_and_back_and_there_again_under_load_loses_nothing(living: Living) -> None:
    move = living.move
    owners = (OWNER, OTHER, "member-2")
    stop, pause, rounds = threading.Event(), [0.1], Counter[str]()

    def turned() -> bool:
        """At a calmer hour, if there is no time for it in this one."""
        try:
            living.turn()
        except Unavailable:
            pause[0] = min(pause[0] * 2, 2.0)
            return False
        return True

    def written(times: int) -> bool:
        return all(rounds[owner] >= times for owner in owners)

    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(_write, living, owner, stop, pause, rounds) for owner in owners]
        try:
            for times, where in enumerate((THERE, HERE, THERE), start=1):
                eventually(partial(written, 2 * times), seconds=60)
                eventually(turned, seconds=120)
                assert living.lives == where
        finally:
            stop.set()
        told = {id: record for one in writing for id, record in one.result(30).items()}
    for id, record in told.items():
        entry = living.library.catalog.get(record.owner, id)
        assert entry is not None
        assert entry.record == record
        assert living.library.blobs.read(record.image) == f"pixels {id}".encode()
    living.turn()
    assert stored(move.source) == stored(move.target)
    move.is_equal()


def _write(
    living: Living, owner: str, stop: threading.Event, pause: list[float], rounds: Counter[str]
) -> dict[str, Image]:
    """Uploads and changes with a pause after each, over libraries asked for once a round; gives
    what each image was last said to be."""
    told: dict[str, Image] = {}
    number = 1000
    while not stop.is_set():
        library, id = living.library, ident(number)
        said = {"owner": owner, "id": id}
        told[id] = upload(library, f"pixels {id}".encode(), **said).entry.record
        told[id] = library.edit(owner, id, tags=(str(number),)).record
        if number % 3 == 0:
            told[id] = library.trash(owner, id).record
        if number % 6 == 0:
            library.purge(owner, id)
            del told[id]
        number += 1
        rounds[owner] += 1
        stop.wait(pause[0])
    return told


def test_a_change_that_does_not_end_keeps_the_turn_from_happening(living: Living) -> None:
    with living.library.catalog.lock(OWNER), pytest.raises(Unavailable, match="does not end"):
        living.turn(wait=0.05)
    assert living.lives == HERE
    living.library.edit(OWNER, ident(1), tags=("on",))
    living.turn()
    assert living.lives == THERE


def test_writers_do_not_wait_for_longer_than_they_may(living: Living) -> None:
    with pytest.raises(Unavailable, match="more is written than"):
        living.turn(budget=0.0)
    assert living.lives == HERE
    living.library.edit(OWNER, ident(1), tags=("on",))


def test_sides_that_differ_are_not_turned(living: Living) -> None:
    move = living.move
    upload(move.target, b"theirs", id=ident(99), owner=OTHER)
    living.library.edit(OTHER, ident(3), tags=("told of",))
    with pytest.raises(StartRefused, match="differ"):
        living.turn()
    assert living.lives == HERE


@on_each
def test_what_was_committed_by_a_process_that_died_is_brought(living: Living) -> None:
    """The catalog had heard of an earlier change, and not of the last."""
    library = living.library
    known = library.edit(OWNER, ident(1), tags=("told",)).record
    last = altered(known, lambda record: replace(record, tags=("never told",)))
    assert last is not None
    library.blobs.replace(last.folder, last.id, encode_sidecar(last))
    living.turn()
    assert living.lives == THERE
    assert living.library.get(OWNER, ident(1)).record == last
    living.move.is_equal()


def test_who_is_known_over_there_alone_is_not_made_here_by_asking(living: Living) -> None:
    move = living.move
    upload(move.target, b"theirs", id=ident(99), owner="member-9")
    with move.folder.journal() as journal:
        turn = Turn(move.sides, journal, Pace(), living.record, THERE)
        turn._differing = {("member-9", "2026-02", ident(99)), (OWNER, "2026-02", ident(1))}
        assert not turn._adopted()
    assert "member-9" not in move.source.catalog.owners()


def test_a_change_of_many_goes_on_over_there_and_is_undone_there(empty: Living) -> None:
    living, move = empty, empty.move
    ids = [put(move.source, n).id for n in range(1, 7)]
    move.plan()
    move.copy()
    old = living.library
    with living.turned_within():
        report = Bulk(old, batch=2).run(OWNER, Wanted("delete", tuple(ids)), ident(50))
    assert [outcome.outcome for outcome in report.outcomes] == ["done"] * 6
    assert active(living.library) == []
    assert living.lives == THERE
    undone = Bulk(living.library).undo(OWNER, ident(50))
    assert [outcome.outcome for outcome in undone.outcomes] == ["undone"] * 6
    assert len(active(living.library)) == 6


def test_whether_all_was_brought_is_written_down(living: Living) -> None:
    move = living.move
    living.turn()
    note = orjson.loads(move.target.catalog.notes.read(carried.NAME) or b"")
    assert (note["whole"], note["under_way"]) == (True, [])
    assert move.target.catalog.changes(note["position"]).noted == []


def test_what_does_not_come_to_an_end_is_given_up_when_its_time_is_over(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fence opens though a request to the target is still waited for."""
    move = living.move
    library, on = living.library, threading.Event()
    opened, target = threading.Event(), move.target.catalog
    changes = target.changes

    def hanging(since: str | None, **options: Any) -> Any:
        on.set()
        assert opened.wait(20)
        return changes(since, **options)

    def write() -> None:
        assert on.wait(20)
        library.edit(OWNER, ident(1), tags=("on",))
        opened.set()

    monkeypatch.setattr(target, "changes", hanging)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        with pytest.raises(Unavailable, match="had to wait"):
            living.turn(budget=0.5)
        writing.result(20)
    monkeypatch.undo()
    assert living.lives == HERE
    living.turn()
    assert living.lives == THERE


def test_who_is_not_ready_at_the_last_moment_keeps_the_turn_from_happening(living: Living) -> None:
    def ready() -> None:
        raise StartRefused("a process that has just begun is not ready")

    with pytest.raises(StartRefused, match="just begun"):
        living.turn(ready=ready)
    assert living.lives == HERE
    living.library.edit(OWNER, ident(1), tags=("on",))


def test_a_library_that_was_never_copied_is_not_turned(empty: Living) -> None:
    fill(empty.move.source)
    empty.move.plan()
    with pytest.raises(StartRefused, match="sums differ"):
        empty.turn()
    assert empty.lives == HERE


def test_a_turn_that_is_told_to_stop_does_not_happen(living: Living) -> None:
    pace = Pace()
    pace.stop()
    with pytest.raises(Stopped):
        living.turn(pace=pace)
    assert living.lives == HERE


@pytest.mark.parametrize("ways", [("services", "files")], ids=" to ".join)
def test_a_fence_that_was_lost_with_its_connection_turns_nothing(
    living: Living, places: tuple[Place, Place]
) -> None:
    """Those who waited at it have gone on, and what they wrote was not brought."""

    def ready() -> None:
        databases.disconnect(places[0].url)
        living.library.edit(OWNER, ident(1), tags=("through the gap",))

    with pytest.raises(Unavailable, match="database"):
        living.turn(ready=ready)
    assert living.lives == HERE
    living.turn()
    assert living.library.get(OWNER, ident(1)).record.tags == ("through the gap",)
