"""The event stream: each owner's changes, once and in order, also after a break."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from gallery.events import MAX_OF_ONE
from tests import images
from tests.homes import Home
from tests.http.listening import listening
from tests.http.server import Server
from tests.http.site import ADMIN_TOKEN, SERVICE_TOKEN

ADMIN = {"authorization": f"Bearer {ADMIN_TOKEN}"}


@pytest.fixture(scope="module")
def server(shared_home: Home) -> Iterator[Server]:
    with shared_home.served() as server:
        yield server
        assert "Traceback" not in server.logged()


@pytest.fixture(scope="module")
def other(shared_home: Home, server: Server) -> Iterator[Server]:
    """A second process of the same library."""
    with shared_home.served() as other:
        yield other
        assert "Traceback" not in other.logged()


@contextmanager
def visitor(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        client.get("/api/v1/me")
        yield client


def upload(client: httpx.Client, seed: int = 0) -> Any:
    response = client.post("/api/v1/images", files={"file": ("a.png", images.png(seed=seed))})
    assert response.status_code == 201, response.text
    return response.json()


def act(client: httpx.Client, id: str, what: str) -> Any:
    return client.post(f"/api/v1/images/{id}/{what}").raise_for_status()


def test_each_change_of_an_image_is_an_event_with_the_image(server: Server) -> None:
    with visitor(server) as client, listening(client) as listener:
        image = upload(client)
        event = listener.next()
        assert (event.name, event.data["op"]) == ("put", "put")
        assert event.data["image"] == image
        assert (event.data["id"], event.data["rev"]) == (image["id"], 1)
        client.patch(f"/api/v1/images/{image['id']}", json={"favorite": True})
        trashed = act(client, image["id"], "delete").json()
        act(client, image["id"], "restore")
        act(client, image["id"], "delete")
        act(client, image["id"], "purge")
        events = listener.take(5)
        assert [(e.name, e.data["rev"]) for e in events] == [
            *(("edit", 2), ("trash", 3), ("restore", 4), ("trash", 5), ("purge", 5)),
        ]
        assert trashed["purge_at"]
        assert events[-1].data["image"] is None


def test_a_change_is_heard_from_another_process(server: Server, other: Server) -> None:
    with visitor(server) as client, listening(client, at=other) as listener:
        image = upload(client)
        assert listener.next().data["image"] == image
        act(client, image["id"], "delete")
        assert listener.next().data["image"]["status"] == "trash"


@pytest.mark.parametrize("where", ["the same process", "another"])
def test_a_stream_is_resumed_without_a_gap(server: Server, other: Server, where: str) -> None:
    anywhere = server if where == "the same process" else other
    with visitor(server) as client:
        with listening(client) as listener:
            first = upload(client)
            position = listener.next().position
        missed = [upload(client, seed=n) for n in range(1, 4)]
        act(client, first["id"], "delete")
        with listening(client, position, at=anywhere) as listener:
            assert listener.told(4) == [
                *(("put", image["id"], 1) for image in missed),
                ("trash", first["id"], 2),
            ]
            act(client, first["id"], "restore")
            assert listener.told(1) == [("restore", first["id"], 3)]


def test_the_place_is_known_before_anything_happens(server: Server) -> None:
    with visitor(server) as client:
        with listening(client) as listener:
            position = listener.position
        image = upload(client)
        with listening(client, position) as listener:
            assert listener.told(1) == [("put", image["id"], 1)]


def test_a_position_may_stand_in_the_query(server: Server) -> None:
    with visitor(server) as client:
        with listening(client) as listener:
            position = listener.position
        image = upload(client)
        with listening(client, since=position) as listener:
            assert listener.told(1) == [("put", image["id"], 1)]


def test_nobody_hears_of_others(server: Server) -> None:
    with visitor(server) as one, visitor(server) as two, listening(one) as listener:
        for seed in range(5):
            upload(two, seed)
        image = upload(one)
        assert listener.next().data["image"] == image
        assert listener.events.empty()


@pytest.mark.parametrize(
    "position", ["nonsense", "0123456789abcdef.1.0", "a.b.c", "-1", "1.1.99999999999999999999999"]
)
def test_a_position_that_is_not_held_is_answered_by_a_reset(server: Server, position: str) -> None:
    with visitor(server) as client, listening(client, position) as listener:
        assert listener.next().name == "reset"
        image = upload(client)
        assert listener.told(1) == [("put", image["id"], 1)]


def test_administrators_follow_everybody_or_one(server: Server) -> None:
    with visitor(server) as one, visitor(server) as two, server.client(**ADMIN) as admin:
        owner = two.get("/api/v1/me").json()["owner"]
        with listening(admin) as every, listening(admin, owner=owner) as only:
            mine, theirs = upload(one), upload(two)
            assert every.told(2) == [("put", mine["id"], 1), ("put", theirs["id"], 1)]
            assert only.told(1) == [("put", theirs["id"], 1)]


def test_who_may_not_follow_is_told(server: Server) -> None:
    path = "/api/v1/events"
    with server.client() as nobody:
        assert nobody.get(path).status_code == 204
        assert nobody.get(path, params={"owner": "member-1"}).status_code == 401
        wrong = nobody.get(path, headers={"authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "bad_token")
        service = nobody.get(path, headers={"authorization": f"Bearer {SERVICE_TOKEN}"})
        assert (service.status_code, service.json()["code"]) == (403, "wrong_role")
        bad = nobody.get(path, params={"owner": "../x"}, headers=ADMIN)
        assert (bad.status_code, bad.json()["code"]) == (400, "bad_parameter")
        long = nobody.get(path, params={"since": "x" * 100})
        assert long.status_code == 400


def test_the_head_of_a_stream_is_answered_and_the_connection_goes_on(server: Server) -> None:
    with visitor(server) as client:
        head = client.head("/api/v1/events")
        assert head.headers["content-type"].startswith("text/event-stream")
        assert client.get("/healthz", timeout=10).status_code == 200


@pytest.mark.of_files
def test_a_rebuild_beside_the_server_is_an_event(shared_home: Home, server: Server) -> None:
    with visitor(server) as client, listening(client) as listener:
        upload(client)
        listener.next()
        owner = client.get("/api/v1/me").json()["owner"]
        (shard,) = (shared_home.root / "manifests" / "users" / owner).glob("*.jsonl")
        shard.write_bytes(shard.read_bytes().replace(b'"tags":[]', b'"tags":{}'))
        assert client.get("/api/v1/images?tag=x").status_code == 200
        act(client, client.get("/api/v1/images").json()["items"][0]["id"], "delete")
        names = [listener.next().name]
        while names[-1] != "trash":
            names.append(listener.next().name)
        # A look at the files of the upload that comes so late would tell of them before.
        assert names[-2:] == ["load", "trash"]


def test_a_reader_who_takes_nothing_misses_nothing(server: Server) -> None:
    """Only so much fits between the server and a reader: the rest waits in the feed."""
    with visitor(server) as client:
        cookie = client.cookies["anon_id"]
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(
            f"GET /api/v1/events HTTP/1.1\r\nhost: x\r\ncookie: anon_id={cookie}\r\n\r\n".encode()
        )
        image = upload(client)
        tags = [f"a tag that takes some room {n}" for n in range(30)]
        for n in range(150):
            body = {"tags": [*tags, str(n)]}
            client.patch(f"/api/v1/images/{image['id']}", json=body).raise_for_status()
        slow.settimeout(20)
        received = b""
        while b'"rev":151,"at"' not in received:
            data = slow.recv(65536)
            assert data
            received += data
        slow.close()
        revs = [
            int(line.partition(b'"rev":')[2].partition(b",")[0])
            for line in received.split(b"\n")
            if line.startswith(b"data: ")
        ]
        assert revs == list(range(1, 152))


def test_the_server_stops_while_streams_are_open(home: Home) -> None:
    with home.served() as server, visitor(server) as client, listening(client) as listener:
        began = time.monotonic()
        assert server.end(signal.SIGTERM) in (0, -signal.SIGTERM)
        assert time.monotonic() - began < 15
        assert listener.ended()
        assert "Traceback" not in server.logged()


def test_a_stream_goes_on_after_a_restart(home: Home) -> None:
    with home.served() as server, visitor(server) as client:
        with listening(client) as listener:
            upload(client)
            position = listener.next().position
        second = upload(client, seed=2)
        server.end(signal.SIGKILL)
        with home.served() as again, listening(client, position, at=again) as listener:
            assert listener.told(1) == [("put", second["id"], 1)]


@pytest.mark.of_files
def test_a_feed_that_was_removed_resets_the_streams(home: Home) -> None:
    with home.served() as server, visitor(server) as client, listening(client) as listener:
        upload(client)
        listener.next()
        for segment in (home.root / "manifests" / "feed").glob("0*"):
            os.unlink(segment)
        upload(client, seed=2)
        assert listener.next().name == "reset"
        while True:
            image = upload(client, seed=3)
            event = listener.next()
            if event.name == "put":
                break
        assert event.data["image"]["owner"] == image["owner"]


def test_one_visitor_leaves_room_for_the_others(server: Server) -> None:
    with visitor(server) as greedy, visitor(server) as modest, ExitStack() as stack:
        cookie = greedy.cookies["anon_id"]
        for _ in range(MAX_OF_ONE):
            follower = stack.enter_context(server.connect())
            follower.sendall(
                b"GET /api/v1/events HTTP/1.1\r\nhost: x\r\n"
                + f"cookie: anon_id={cookie}\r\n\r\n".encode()
            )
            assert follower.recv(15) == b"HTTP/1.1 200 OK"
        refused = greedy.get("/api/v1/events")
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        with listening(modest) as listener:
            image = upload(modest)
            assert listener.next().data["image"] == image
    with visitor(server) as again, listening(again):
        pass
