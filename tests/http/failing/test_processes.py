"""Processes of one library that die, come late, or tidy up beneath the others; and random
histories, which meet what nobody thought of."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import httpx
import pytest

from gallery.catalog import Catalog, feed
from gallery.catalog.manifests import ManifestCatalog
from gallery.imaging import Imaging
from tests.homes import Home
from tests.http.fleet import LIST, Person, at_once, state, until, workers_of
from tests.http.server import Server

OWNERS = ("kim", "lee", "park")


@pytest.fixture
def servers(home: Home) -> Iterator[list[Server]]:
    with home.fleet({}, {"ring_items": 2}, {"ring_items": 0}) as servers:
        yield servers


@pytest.fixture
def person(servers: list[Server]) -> Iterator[Person]:
    with Person(servers) as person:
        for at in (0, 1, 2, 0, 1):
            person.upload(at)
        for at in range(3):
            person.sees_all(at)
        yield person


@pytest.fixture
def beside(home: Home, person: Person) -> Iterator[Catalog]:
    """The catalog as one more process has it."""
    with home.library() as library:
        yield library.catalog


def seen_by_all(person: Person) -> None:
    for at in range(len(person.clients)):
        for id in person.told | person.gone:
            person.sees(at, id)
        person.sees_all(at)


def agree(home: Home, servers: list[Server], owners: list[str]) -> None:
    """All processes answer alike, and so does one that has just started; what is stored is
    in order."""
    with home.served() as cold:
        for owner in owners:
            with Person([*servers, cold], owner) as person:
                first, *others = [state(client) for client in person.clients]
                assert all(other == first for other in others)
    doctor = home.run("doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr


# -- death and birth ------------------------------------------------------------------------


def test_a_process_killed_while_it_writes_takes_nothing_that_was_answered_with_it(
    home: Home, imaging: Imaging
) -> None:
    with ExitStack() as stack:
        leader = stack.enter_context(home.served())
        until(lambda: "walked" in leader.logged())
        others = stack.enter_context(home.fleet({}, {"ring_items": 2}))
        servers = [leader, *others]
        people = [stack.enter_context(Person(servers, OWNERS[n % 3])) for n in range(5)]

        def write(number: int) -> None:
            """Until the server of this writer is dead; others live on to their 20th image."""
            at, person, unanswered = number % 2, people[number], ""
            try:
                for turn in range(20 if at else 1_000):
                    id = unanswered = person.upload(at)
                    person.edit(at, id)
                    unanswered = ""
                    person.sees(1 + turn % 2, id)
            except httpx.TransportError:
                assert at == 0
                person.told.pop(unanswered, None)  # the edit may have been made, or not

        def kill() -> None:
            until(lambda: min(len(person.told) for person in people) > 5)
            leader.end(signal.SIGKILL)

        at_once(kill, *(partial(write, number) for number in range(5)))
        late = stack.enter_context(home.served())
        until(lambda: home.logged().count("walked") >= 2)  # another one leads
        home.mend(imaging)
        for person in people:
            with Person([*others, late], person.owner) as now:
                now.told = person.told
                for id in person.told:
                    now.sees(int(id, 16) % 3, id)
        agree(home, [*others, late], list(OWNERS))


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(home: Home) -> None:
    with home.served(workers=3) as server:
        with Person([server]) as person:
            person.upload(0)
        worker, *others = workers_of(server)
        assert len(others) == 2
        os.kill(worker, signal.SIGKILL)
        for _ in range(20):
            with Person([server], person.owner) as now:  # new connections: any of them
                now.told = person.told
                now.sees_all(0)
                now.upload(0)
        assert len(person.told) == 21
        until(lambda: len(workers_of(server)) == 3)
        until(lambda: " INFO gallery.jobs: walked " in server.logged())


def test_a_process_that_comes_late_sees_all_and_is_seen(
    home: Home, servers: list[Server], person: Person
) -> None:
    for _ in range(2):
        with home.served() as late, Person([*servers, late], person.owner) as now:
            now.told, now.gone = person.told, person.gone
            now.sees_all(3)
            for change in (now.trash, now.purge):
                change(3, next(iter(now.told)))
                seen_by_all(now)
            now.upload(3)
            seen_by_all(now)
    seen_by_all(person)
    agree(home, servers, [person.owner])


def test_another_process_runs_the_jobs_when_the_first_is_gone(
    home: Home, servers: list[Server], beside: Catalog
) -> None:
    until(lambda: "walked" in home.logged())
    assert not beside.leads()
    for server in servers:
        server.end(signal.SIGKILL)
    assert beside.leads()


# -- tidying up beneath the others ----------------------------------------------------------


def test_a_rebuild_beside_writing_processes_loses_nothing(
    home: Home, servers: list[Server], person: Person
) -> None:
    def rebuild() -> None:
        for _ in range(2):
            done = home.run("rebuild", "--processes", "2")
            assert done.returncode == 0, done.stderr

    def live(at: int) -> None:
        for turn in range(12):
            id = person_at[at].upload(at)
            person_at[at].trash((at + turn) % 3, id)
            person_at[at].sees((at + 1) % 3, id)
            person_at[at].sees_all((at + 2) % 3)

    with ExitStack() as stack:
        person_at = [stack.enter_context(Person(servers)) for _ in range(3)]
        at_once(rebuild, *(partial(live, at) for at in range(3)))
    seen_by_all(person)
    agree(home, servers, [person.owner])


@pytest.mark.of_files
def test_a_compaction_by_one_process_shows_in_none(
    person: Person, beside: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    id = next(iter(person.told))
    many = [f"{n:02} {'x' * 90}" for n in range(100)]
    for turn in range(120):
        tags = [f"{turn}", *many[1:]]
        person.clients[turn % 3].patch(f"{LIST}/{id}", json={"tags": tags})
    person.edit(0, id)
    caplog.set_level("INFO")
    beside.maintain()
    assert "compacted" in caplog.text
    seen_by_all(person)
    person.edit(1, id)
    person.trash(2, person.upload(2))
    seen_by_all(person)


@pytest.mark.of_files
def test_a_new_segment_of_the_feed_is_found_by_all(
    person: Person, beside: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(beside, ManifestCatalog)
    monkeypatch.setattr(feed, "SEGMENT_BYTES", 100)
    for at in range(3):
        before = beside.mirror.feed.segments()
        beside.maintain()
        assert len(beside.mirror.feed.segments()) == len(before) + 1
        person.edit(at, person.upload(at))
        seen_by_all(person)


# -- histories ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_a_random_history_is_told_alike_by_all(
    home: Home, servers: list[Server], seed: int
) -> None:
    """Six people, two to an owner, change what they like wherever they like; each looks for
    what they did at another process."""

    def live(number: int) -> None:
        rng = random.Random(f"{seed} {number}")
        with Person(servers, OWNERS[number % 3]) as person:
            for _ in range(25):
                person.sees(rng.randrange(3), any_change(person, rng))

    at_once(*(partial(live, number) for number in range(6)))
    agree(home, servers, list(OWNERS))


def any_change(person: Person, rng: random.Random) -> str:
    """A change of an image that this person has made, or another image; its id."""
    at, known = rng.randrange(3), list(person.told)
    if not known or rng.random() < 0.3:
        return person.upload(at)
    id = rng.choice(known)
    if person.told[id]["status"] == "active":
        rng.choice((person.edit, person.trash))(at, id)
    else:
        rng.choice((person.edit, person.restore, person.purge))(at, id)
    return id
