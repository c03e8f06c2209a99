"""Servers that share nothing on a disk: what one of them did, another goes on with."""

from __future__ import annotations

import signal
import uuid
from contextlib import suppress
from typing import Any

import httpx
import orjson
import pytest

from gallery.draft import DAY_US
from gallery.library import now_us
from tests import images
from tests.homes import Apart
from tests.http.fleet import LIST, Person, at_once, until
from tests.samples import upload


@pytest.fixture(autouse=True)
def never_blocking() -> None:
    """There is no event loop of ours here."""


def old_trash(apart: Apart, owner: str) -> str:
    """The id of an image that is in the trash for 40 days."""
    now = now_us()
    with apart.library(clock=lambda: now - 40 * DAY_US) as library:
        old = upload(library, images.png(), owner=owner, created_at=now - 50 * DAY_US)
        library.trash(owner, old.entry.record.id)
    return old.entry.record.id


def edit_sidecar(apart: Apart, record: Any) -> None:
    """As somebody does who has nothing to do with the gallery."""
    sidecar = record["url"].removeprefix("/outputs/").removesuffix(".png") + ".json"
    said = orjson.loads(apart.store.read(sidecar))
    apart.store.drop(sidecar, orjson.dumps(said | {"favorite": True, "rev": 2}))


def test_the_walk_and_retention_are_taken_over_from_a_server_that_was_killed(
    apart: Apart,
) -> None:
    with apart.served() as first:
        until(lambda: "walked" in first.logged())
        with apart.served() as second, Person([first, second]) as person:
            kept, edited = person.upload(0), person.upload(0)
            edit_sidecar(apart, person.told[edited])
            gone = old_trash(apart, person.owner)
            assert "walked" not in second.logged()
            first.end(signal.SIGKILL)
            until(lambda: "retention purged 1 images" in second.logged())
            until(lambda: "adopted a sidecar that was edited" in second.logged())
            until(lambda: "walked" in second.logged())
            assert "nothing is purged" not in second.logged()
            person.sees(1, kept)
            assert person.get(1, f"{LIST}/{edited}")["favorite"]
            assert person.clients[1].get(f"{LIST}/{gone}").status_code == 404
            assert not [name for name in apart.store.names() if gone in name]


def test_an_operation_that_one_server_was_killed_in_is_ended_and_undone_at_another(
    apart: Apart,
) -> None:
    with apart.served() as first, apart.served() as second, Person([first, second]) as person:
        ids = [person.upload(n % 2) for n in range(30)]
        before = person.get(1, LIST, size=200)["items"]
        asked = {"ids": ids, "action": "delete", "op": uuid.uuid4().hex}

        def ask() -> None:
            with suppress(httpx.TransportError):
                person.clients[0].post(f"{LIST}/bulk", json=asked)

        def kill() -> None:
            status = f"/api/v1/ops/{asked['op']}"
            until(lambda: person.clients[1].get(status).status_code == 200)
            first.end(signal.SIGKILL)

        at_once(ask, kill)
        report = person.clients[1].post(f"{LIST}/bulk", json=asked).json()
        assert report["done"] == len(ids)
        assert len(person.get(1, "/api/v1/trash", size=200)["items"]) == len(ids)
        person.clients[1].post(f"/api/v1/ops/{asked['op']}/undo").raise_for_status()
        after = person.get(1, LIST, size=200)["items"]
        assert [item["id"] for item in after] == [item["id"] for item in before]
        assert {item["rev"] for item in after} == {3}
