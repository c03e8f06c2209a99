"""What a client began before the library turned, it ends afterwards: over HTTP, at one server."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from tests import images
from tests.http.direct import CONFIRM, PRESIGN, announcement
from tests.http.fleet import LIST, Person
from tests.http.listening import listening
from tests.http.server import Server
from tests.migrate import movers
from tests.migrate.movers import Mover
from tests.samples import ident

NOISE = 1_600
"""Pixels a side of a picture that no socket holds: nothing about it can be compressed."""
SENT = [images.png(seed=seed) for seed in (70, 71, 72)]


class Client:
    """One person at one server, before a turn and after it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.person = Person([server])
        self.http = self.person.clients[0]
        self.ids = [self.person.upload(0) for _ in range(4)]
        noise = Image.frombytes("RGB", (NOISE, NOISE), random.Random(1).randbytes(3 * NOISE**2))
        self.large = images.saved(noise, "PNG")
        sent = self.http.post(LIST, files={"file": ("large.png", self.large)})
        assert sent.status_code == 201, sent.text
        self.large_url = sent.json()["url"]

    def bytes_of(self, id: str, which: str = "url") -> httpx.Response:
        return self.http.get(self.person.told[id][which])

    def announced(self, data: bytes) -> Any:
        answer = self.http.post(PRESIGN, json=announcement(data))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def put(self, to: Any, data: bytes) -> None:
        answer = httpx.put(to["url"], content=data, headers=to["headers"])
        assert answer.status_code in (200, 204), answer.text

    def confirmed(self, to: Any) -> httpx.Response:
        return self.http.post(CONFIRM, json={"upload": to["upload"], "meta": {}})

    def bulk(self, op: str, **wanted: Any) -> Any:
        answer = self.http.post(f"{LIST}/bulk", json={"op": op, **wanted})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def half_read(self) -> socket.socket:
        """A download that has begun."""
        cookie = self.http.headers["cookie"]
        connection = self.server.connect()
        request = f"GET {self.large_url} HTTP/1.1\r\nHost: gallery\r\nCookie: {cookie}\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(1).startswith(b"H")
        return connection


@pytest.fixture(scope="module")
def mover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mover]:
    with movers.mover(tmp_path_factory.mktemp("moving")) as mover:
        yield mover


@pytest.fixture(scope="module")
def client(mover: Mover) -> Iterator[Client]:
    """The library lives on files, and all is copied."""
    with mover.served() as server:
        client = Client(server)
        mover.copied()
        yield client
        assert "Traceback" not in server.logged()
        client.person.close()


@pytest.mark.parametrize("how", ["cutover", "rollback"])
def test_what_began_before_a_turn_ends_after_it(mover: Mover, client: Client, how: str) -> None:
    op = ident(1) if how == "cutover" else ident(2)
    person, http, ids = client.person, client.http, client.ids
    etags = {which: client.bytes_of(ids[0], which).headers["etag"] for which in URLS}
    pages = {path: http.get(path).headers["etag"] for path in PAGES}
    put, unput = client.announced(SENT[0]), client.announced(SENT[1])
    client.put(put, SENT[0])
    assert client.bulk(op, action="tag", ids=ids[:3], tags=["many"])["done"] == 3
    begun = client.half_read()
    with listening(http) as stream:
        person.edit(0, ids[3])
        last = stream.next().position
        mover.turned(how)
        assert stream.ended()

    with listening(http, last) as stream:
        assert stream.next().name == "reset"
        person.edit(0, ids[3])
        assert stream.told(1) == [("edit", ids[3], person.told[ids[3]]["rev"])]

    with begun, begun.makefile("rb") as rest:
        while rest.readline() != b"\r\n":
            pass
        assert rest.read(len(client.large)) == client.large

    for which, etag in etags.items():
        answer = client.bytes_of(ids[0], which)
        assert (answer.status_code, answer.headers["etag"]) == (200, etag)
        url = person.told[ids[0]][which]
        assert http.get(url, headers={"if-none-match": etag}).status_code == 304

    for path, etag in pages.items():
        answer = http.get(path, headers={"if-none-match": etag})
        assert answer.status_code == 200, "the page has changed since"

    answer = http.post(f"/api/v1/ops/{op}/undo")
    assert (answer.status_code, answer.json()["undone"]) == (200, 3), answer.text
    client.put(unput, SENT[1])
    _are_confirmed(client, put, unput)


def _are_confirmed(client: Client, *sent: Any) -> None:
    """Each once, however often; and nothing that was never put."""
    for to, data in zip(sent, SENT, strict=False):
        answer = client.confirmed(to)
        assert answer.status_code == 201, answer.text
        assert client.http.get(answer.json()["url"]).content == data
        assert client.confirmed(to).headers["idempotency-replayed"] == "true"
    nothing = client.confirmed(client.announced(SENT[2]))
    assert (nothing.status_code, nothing.json()["code"]) == (409, "not_uploaded")


URLS = ("url", "thumb_url")
PAGES = (LIST, f"{LIST}?page=2&size=2", "/api/v1/trash")


def test_a_page_that_did_not_change_has_no_other_pages_tag(mover: Mover, client: Client) -> None:
    """A tag of one side is never the tag of another page of the other."""
    http, seen = client.http, dict[str, bytes]()
    for how in ("cutover", "rollback"):
        mover.turned(how)
        client.person.edit(0, client.ids[0])
        for path in PAGES:
            answer = http.get(path)
            assert seen.setdefault(answer.headers["etag"], answer.content) == answer.content
