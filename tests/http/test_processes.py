"""Several server processes of one library: what one has answered, the next request to any
sees."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from tests.homes import Home
from tests.http.fleet import LIST, Person, at_once, state
from tests.http.server import Server
from tests.http.site import refused

ALL = range(3)


@pytest.fixture(autouse=True)
def never_blocking() -> None:
    """There is no event loop of ours here."""


@pytest.fixture(scope="module")
def servers(shared_home: Home) -> Iterator[list[Server]]:
    """Three that began together on nothing, each with another ring."""
    rings = ({"ring_items": 10_000}, {"ring_items": 2}, {"ring_items": 0})
    with shared_home.fleet(*rings) as servers:
        yield servers
        assert "Traceback" not in shared_home.logged()


@pytest.fixture
def person(servers: list[Server]) -> Iterator[Person]:
    with Person(servers) as person:
        yield person


def seen_by_all(person: Person, id: str) -> None:
    for at in ALL:
        person.sees(at, id)
        person.sees_all(at)


def test_each_change_by_any_process_is_on_the_next_answer_of_every_other(person: Person) -> None:
    for at in ALL:
        person.sees_all(at)
    turns = itertools.cycle(ALL)
    for _ in range(5):
        seen_by_all(person, person.upload(next(turns)))
    for id in list(person.told)[1:4]:
        for change in (person.edit, person.trash, person.restore, person.edit, person.trash):
            change(next(turns), id)
            seen_by_all(person, id)
        person.purge(next(turns), id)
        seen_by_all(person, id)
    assert len(person.told) == 2


def test_a_page_has_the_same_tag_everywhere(person: Person) -> None:
    for at in ALL:
        for _ in range(2):
            person.upload(at)
    for path in (f"{LIST}?size=2", f"{LIST}?page=3&size=2", "/api/v1/trash", f"{LIST}?q=word"):
        tags = {client.get(path).headers["etag"] for client in person.clients}
        assert len(tags) == 1
        headers = {"if-none-match": tags.pop()}
        assert {c.get(path, headers=headers).status_code for c in person.clients} == {304}
        person.edit(1, next(iter(person.told)))
        assert {c.get(path, headers=headers).status_code for c in person.clients} == {200}


def test_writers_of_different_owners_see_their_own_everywhere(servers: list[Server]) -> None:
    def live(first: int) -> None:
        with Person(servers) as person:
            turns = itertools.cycle([*ALL[first:], *ALL[:first]])
            for _ in range(4):
                id = person.upload(next(turns))
                for change in (person.edit, person.trash):
                    change(next(turns), id)
                    reader = next(turns)
                    person.sees(reader, id)
                    person.sees_all(reader)

    at_once(*(partial(live, n % 3) for n in range(6)))


def test_writers_of_one_owner_see_their_own_everywhere(
    servers: list[Server], person: Person
) -> None:
    told = []

    def live(first: int) -> None:
        with Person(servers, person.owner) as writer:
            turns = itertools.cycle([*ALL[first:], *ALL[:first]])
            for _ in range(4):
                id = writer.upload(next(turns))
                for change in (writer.edit, writer.trash, writer.restore):
                    change(next(turns), id)
                    writer.sees(next(turns), id)
            writer.trash(next(turns), id)
            writer.purge(next(turns), id)
            writer.sees(next(turns), id)
            told.append(writer.told)

    at_once(*(partial(live, n % 3) for n in range(6)))
    for records in told:
        person.told |= records
    assert len(person.told) == 18
    for at in ALL:
        person.sees_all(at)


def test_no_edit_of_one_image_by_several_processes_is_lost(
    servers: list[Server], person: Person
) -> None:
    id = person.upload(0)

    def edit(at: int) -> None:
        with Person(servers, person.owner) as writer:
            for turn in range(10):
                answer = writer.clients[at].patch(f"{LIST}/{id}", json={"tags": [f"{at} {turn}"]})
                rev = answer.json()["rev"]
                assert writer.get((at + 1) % 3, f"{LIST}/{id}")["rev"] >= rev

    at_once(*(partial(edit, at) for at in ALL))
    assert [person.get(at, f"{LIST}/{id}")["rev"] for at in ALL] == [31, 31, 31]
    assert len({client.get(f"{LIST}/{id}").text for client in person.clients}) == 1


def test_of_edits_that_expect_the_same_version_one_is_made(
    servers: list[Server], person: Person
) -> None:
    id = person.upload(0)
    etag = person.clients[0].get(f"{LIST}/{id}").headers["etag"]
    statuses = []

    def edit(at: int) -> None:
        headers = {"if-match": etag}
        client = person.clients[at]
        answer = client.patch(f"{LIST}/{id}", json={"tags": [f"{at}"]}, headers=headers)
        statuses.append(answer.status_code)

    at_once(*(partial(edit, at) for at in ALL))
    assert sorted(statuses) == [200, 412, 412]


# -- what must not happen twice, or too often -----------------------------------------------


def test_one_idempotency_key_over_several_processes_is_one_image(
    servers: list[Server], person: Person
) -> None:
    key = {"idempotency-key": "job 7"}
    answers = []

    def send(at: int) -> None:
        with Person(servers, person.owner) as sender:
            answers.append(sender.post(at, seed=1, **key))

    at_once(*(partial(send, at) for at in [*ALL, *ALL]))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 5
    for at in ALL:
        refused(person.post(at, seed=2, **key), 422, "key_reused")
        assert person.get(at, LIST)["total"] == 1


def test_parallel_uploads_over_several_processes_never_exceed_the_quota(home: Home) -> None:
    with home.fleet(*[{"quota_count": 5}] * 3) as servers, Person(servers) as person:
        answers: list[httpx.Response] = []

        def send(at: int) -> None:
            with Person(servers, person.owner) as sender:
                answers.extend(sender.post(at, seed=n) for n in range(3))

        at_once(*(partial(send, at) for at in [*ALL, *ALL]))
        assert sorted(answer.status_code for answer in answers) == [201] * 5 + [413] * 13
        stored = [answer.json() for answer in answers if answer.status_code == 201]
        person.told = {record["id"]: record for record in stored}
        for at in ALL:
            person.sees_all(at)
            refused(person.post(at), 413, "quota_count")
        assert home.images() == 5


def test_all_processes_agree_in_the_end(servers: list[Server], person: Person) -> None:
    for at in ALL:
        person.trash(at, person.upload(at))
        person.upload(at)
    states = [state(client) for client in person.clients]
    assert states[0] == states[1] == states[2]
