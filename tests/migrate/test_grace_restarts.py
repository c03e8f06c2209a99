"""After the turn: what is owed to the other side outlasts a restart and a way back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import images
from tests.http.fleet import LIST, Person
from tests.migrate.after import Living, purged, reached
from tests.samples import eventually

SECONDS = 30.0


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Living]:
    """A library that has not moved yet."""
    with reached(tmp_path) as fresh:
        yield fresh


# -- purges -------------------------------------------------------------------------------------


def test_what_is_purged_after_a_way_back_goes_from_the_bucket_too(fresh: Living) -> None:
    id, body = "0f" * 16, images.png(seed=77)
    with fresh.served() as server, Person([server]) as person:
        for _ in range(3):
            person.upload(0)
        fresh.move()
        path = fresh.dropped(f"users/{person.owner}/2026/03/14/{id}.png", body)
        eventually(lambda: person.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
        record = person.get(0, f"{LIST}/{id}")
        fresh.turn("rollback")
        assert person.get(0, f"{LIST}/{id}") == record
        assert path.read_bytes() == body
        gone = purged(person)
        eventually(lambda: fresh.objects(gone) == [], SECONDS)
        assert fresh.files(gone) == []
        assert len(fresh.objects(next(iter(person.told)))) == 3
        assert fresh.rows("SELECT count(*) FROM images") == [(3,)]
        assert fresh.ok("verify")["signs"]["="] == 3


def test_a_process_that_is_killed_leaves_the_rest_to_the_next(fresh: Living) -> None:
    with fresh.served() as server, Person([server]) as person:
        for _ in range(3):
            person.upload(0)
        fresh.move()
        id = purged(person)
        server.end(signal.SIGKILL)
    assert fresh.objects(id) == []
    with fresh.served():
        eventually(lambda: fresh.files(id) == [], SECONDS)
    assert {len(fresh.files(other)) for other in person.told} == {3}


def test_where_the_feed_no_longer_tells_the_months_are_compared(fresh: Living) -> None:
    with fresh.served() as server, Person([server]) as person:
        for _ in range(3):
            person.upload(0)
        fresh.move()
        server.end(signal.SIGKILL)
    with fresh.served() as server, Person([server], person.owner) as again:
        again.told = dict(person.told)
        lost = """{"position": "no.1.position", "whole": true}"""
        fresh.rows(f"UPDATE notes SET body = '{lost}' WHERE name = 'purges.json' RETURNING 1")
        id = purged(again)
        eventually(lambda: fresh.files(id) == [], SECONDS)
        assert {len(fresh.files(other)) for other in again.told} == {3}


# -- what is dropped ----------------------------------------------------------------------------


def test_what_is_purged_does_not_come_back_from_where_it_was_dropped(fresh: Living) -> None:
    id = "0d" * 16
    with fresh.served() as server, Person([server]) as person:
        person.upload(0)
        fresh.move()
        fresh.dropped(f"users/{person.owner}/2026/03/14/{id}.png", images.png(seed=78))
        eventually(lambda: person.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
        person.told = {id: person.get(0, f"{LIST}/{id}")}
        assert purged(person) == id
        server.end(signal.SIGKILL)
    with fresh.served() as again, Person([again], person.owner) as later:
        name = "holiday.png"
        inboxed = fresh.dropped(f"users/{person.owner}/inbox/{name}", images.png(seed=79))
        eventually(lambda: name in str(later.get(0, LIST)), SECONDS)
        eventually(lambda: not inboxed.exists(), SECONDS)
        assert later.clients[0].get(f"{LIST}/{id}").status_code == 404
        assert fresh.objects(id) == []


def test_what_a_process_that_was_killed_had_set_aside_is_taken_in(fresh: Living) -> None:
    id = "0c" * 16
    with fresh.served() as server, Person([server]) as person:
        person.upload(0)
        fresh.move()
        server.end(signal.SIGKILL)
    place = f".gallery/dropped/users/{person.owner}/2026/03/14/{id}.png"
    path = fresh.dropped(place, images.png(seed=80))
    with fresh.served() as server, Person([server], person.owner) as later:
        eventually(lambda: later.clients[0].get(f"{LIST}/{id}").status_code == 200, SECONDS)
        eventually(lambda: not path.exists(), SECONDS)
