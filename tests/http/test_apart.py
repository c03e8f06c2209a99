"""Servers that share nothing on a disk: what one of them did, another goes on with."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest

from tests import images
from tests.http.fleet import LIST, Person, at_once, until
from tests.http.grounds import Apart
from tests.http.server import Server
from tests.http.site import SERVICE_TOKEN


@pytest.fixture(autouse=True)
def never_blocking() -> None:
    """There is no event loop of ours here."""


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Apart]:
    ground = Apart(tmp_path)
    with ground.reached():
        yield ground


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def old_trash(ground: Apart, server: Server, owner: str) -> str:
    """The id of an image that is said to be in the trash for 40 days, in its sidecar alone."""
    with server.client(authorization=f"Bearer {SERVICE_TOKEN}") as service:
        answer = service.post(
            LIST,
            files={"file": ("a.png", images.png())},
            data={"owner": owner, "meta": orjson.dumps({"created_at": days_ago(50)}).decode()},
        )
    assert answer.status_code == 201, answer.text
    record = answer.json()
    sidecar = record["url"].removeprefix("/outputs/").removesuffix(".png") + ".json"
    said = orjson.loads(ground.store.read(sidecar))
    changed = said | {"status": "trash", "deleted_at": days_ago(40), "rev": 2}
    ground.store.drop(sidecar, orjson.dumps(changed))
    return str(record["id"])


def test_the_walk_and_retention_are_taken_over_from_a_server_that_was_killed(
    ground: Apart,
) -> None:
    with ground.served() as first:
        until(lambda: "walked" in first.logged())
        with ground.served() as second, Person([first, second]) as person:
            kept = person.upload(0)
            gone = old_trash(ground, first, person.owner)
            assert "walked" not in second.logged()
            first.end(signal.SIGKILL)
            until(lambda: "retention purged 1 images" in second.logged())
            assert "adopted a sidecar that was edited" in second.logged()
            assert "walked" in second.logged()
            person.sees(1, kept)
            assert person.clients[1].get(f"{LIST}/{gone}").status_code == 404
            assert not [name for name in ground.store.names() if gone in name]


def test_an_operation_that_one_server_was_killed_in_is_ended_and_undone_at_another(
    ground: Apart,
) -> None:
    with ground.served() as first, ground.served() as second, Person([first, second]) as person:
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
