"""An upload goes on wherever it left off: after a restart, at another process, past faults."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import homes, services
from tests.homes import Home
from tests.http.direct import (
    CONFIRM,
    PNG,
    PRESIGN,
    announcement,
    confirm,
    confirmed,
    sent,
    waiting,
)
from tests.http.fleet import LIST, at_once, until
from tests.http.site import Site, listed, refused, signed
from tests.services.proxy import Fault, Proxy, request
from tests.services.s3 import Store


@contextmanager
def in_a_bucket(root: Path) -> Iterator[Home]:
    """With manifests that processes share."""
    store = services.s3()
    with store.reached():
        yield Home(root, blobs=store.url)


@pytest.fixture(params=[homes.one_tree, in_a_bucket, homes.apart])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    with request.param(tmp_path) as home:
        yield home


def cookie() -> str:
    return f"anon_id={signed(f'anon-{uuid.uuid4().hex}', at=time.time())}"


def send(client: httpx.Client) -> Any:
    """Announced and put; what was announced."""
    to = client.post(PRESIGN, json=announcement()).raise_for_status().json()
    httpx.put(to["url"], content=PNG, headers=to["headers"]).raise_for_status()
    return to


def test_what_was_put_before_a_restart_is_confirmed_after_it(home: Home) -> None:
    headers = {"cookie": cookie()}
    with home.served() as server, server.client(**headers) as client:
        to = send(client)
        late = client.post(PRESIGN, json=announcement()).json()
        server.process.kill()
        server.process.wait()
    with home.served() as server, server.client(**headers) as client:
        answer = client.post(CONFIRM, json={"upload": to["upload"]})
        assert answer.status_code == 201, answer.text
        assert client.get(answer.json()["url"]).content == PNG
        refused(client.post(CONFIRM, json={"upload": late["upload"]}), 409, "not_uploaded")


def test_what_one_process_announced_every_other_receives_and_confirms(home: Home) -> None:
    headers = {"cookie": cookie()}
    with home.fleet({}, {}) as (one, other), ExitStack() as stack:
        first, second = (stack.enter_context(s.client(**headers)) for s in (one, other))
        to = first.post(PRESIGN, json=announcement()).raise_for_status().json()
        url = to["url"].replace(one.url, other.url)
        httpx.put(url, content=PNG, headers=to["headers"]).raise_for_status()
        answers: list[httpx.Response] = []

        def ask(client: httpx.Client) -> None:
            answers.append(client.post(CONFIRM, json={"upload": to["upload"]}))

        at_once(*(lambda client=client: ask(client) for client in (first, second)))
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert sum("idempotency-replayed" in answer.headers for answer in answers) == 1
        for client in (first, second):
            ids = [item["id"] for item in client.get(LIST).json()["items"]]
            assert ids == [answers[0].json()["id"]]


def test_half_a_body_leaves_nothing(home: Home) -> None:
    headers = {"cookie": cookie()}
    with home.served() as server, server.client(**headers) as client:
        to = client.post(PRESIGN, json=announcement()).raise_for_status().json()
        url = httpx.URL(to["url"])
        lines = [f"PUT {url.raw_path.decode()} HTTP/1.1", f"host: {url.host}:{url.port}"]
        lines += [f"{name}: {value}" for name, value in to["headers"].items()]
        head = "\r\n".join([*lines, f"content-length: {len(PNG)}", "\r\n"]).encode()
        with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
            connection.sendall(head + PNG[: len(PNG) // 2])
        refused(client.post(CONFIRM, json={"upload": to["upload"]}), 409, "not_uploaded")
        httpx.put(to["url"], content=PNG, headers=to["headers"]).raise_for_status()
        assert client.post(CONFIRM, json={"upload": to["upload"]}).status_code == 201
        incoming = server.log.parent / "outputs" / ".gallery" / "incoming"
        until(lambda: list(incoming.iterdir()) == [])


# -- a bucket that goes away -------------------------------------------------------------------


@pytest.fixture
async def site(tmp_path: Path, store: Store, proxy: Proxy) -> AsyncIterator[Site]:
    with store.reached(proxy.port):
        async with Site(tmp_path, store=store).running() as site:
            yield site


@pytest.mark.anyio
async def test_a_bucket_that_is_away_costs_no_upload(
    site: Site, visitor: httpx.AsyncClient, proxy: Proxy
) -> None:
    to = await sent(site, visitor)
    with proxy.cut():
        refused(await visitor.post(PRESIGN, json=announcement()), 503, "unavailable")
        refused(await confirm(visitor, to), 503, "unavailable")
        assert await listed(visitor) == []
    until = time.monotonic() + 20
    while (answer := await confirm(visitor, to)).status_code == 503:
        assert time.monotonic() < until
    assert answer.status_code == 201, answer.text
    assert (await visitor.get(answer.json()["url"])).content == PNG


@pytest.mark.anyio
async def test_a_confirmation_whose_answer_was_lost_on_the_way_is_found_again(
    site: Site, visitor: httpx.AsyncClient, proxy: Proxy
) -> None:
    to = await sent(site, visitor)
    with proxy.broken(Fault(request("PUT", ".json"), reset_after=0)):
        refused(await confirm(visitor, to), 503, "unavailable")
        assert proxy.befallen > 0
    record = await confirmed(visitor, to)
    assert await listed(visitor) == [record["id"]]
    assert (await visitor.get(record["url"])).content == PNG


@pytest.mark.anyio
async def test_what_cannot_be_removed_after_its_confirmation_does_no_harm(
    site: Site, visitor: httpx.AsyncClient, proxy: Proxy
) -> None:
    to = await sent(site, visitor)
    with proxy.broken(Fault(request("DELETE", "uploads"), answer=b"")):
        record = await confirmed(visitor, to)
        assert proxy.befallen > 0
    assert len(waiting(site)) == 1
    assert await confirmed(visitor, to) == record
    assert waiting(site) == []
