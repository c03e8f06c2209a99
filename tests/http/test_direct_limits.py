"""How much may be announced, put and left waiting, and how fast it has to come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gallery.api import direct
from tests import images
from tests.http.direct import (
    PNG,
    PRESIGN,
    announced,
    announcement,
    confirm,
    confirmed,
    owner_of,
    put,
    sent,
    waiting,
)
from tests.http.site import Site, listed, refused, uploaded
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio
LARGE = images.png() + bytes(300_000)


def incoming(site: Site) -> list[Path]:
    folder = site.outputs / ".gallery" / "incoming"
    return list(folder.iterdir()) if folder.exists() else []


async def test_an_upload_that_would_be_too_large_is_not_announced(tmp_path: Path) -> None:
    async with (
        Site(tmp_path, max_upload_bytes=len(PNG)).running() as site,
        site.client() as client,
    ):
        refused(await client.post(PRESIGN, json=announcement(PNG + b"\0")), 413, "body_too_large")
        await confirmed(client, await sent(site, client))


async def test_who_has_all_the_images_allowed_announces_no_more(tmp_path: Path) -> None:
    async with Site(tmp_path, quota_count=1).running() as site, site.client() as client:
        late = await sent(site, client)
        await uploaded(client)
        refused(await client.post(PRESIGN, json=announcement()), 413, "quota_count")
        refused(await confirm(client, late), 413, "quota_count")
        assert waiting(site) == []
        (id,) = await listed(client)
        await client.post(f"/api/v1/images/{id}/delete")
        await client.post(f"/api/v1/images/{id}/purge")
        refused(await confirm(client, late), 409, "not_uploaded")
        assert (await put(site, late)).status_code == 204
        await confirmed(client, late)


async def test_no_number_of_parallel_confirmations_exceeds_the_quota(tmp_path: Path) -> None:
    async with Site(tmp_path, quota_count=2).running() as site, site.client() as client:
        await owner_of(client)
        waits = [await sent(site, client) for _ in range(6)]
        answers = await asyncio.gather(*(confirm(client, to) for to in waits))
        assert sorted(answer.status_code for answer in answers) == [201] * 2 + [413] * 4
        assert len(await listed(client)) == 2


async def test_who_has_to_wait_with_a_confirmation_finds_what_another_one_made(
    tmp_path: Path,
) -> None:
    async with Site(tmp_path, uploads=1).running() as site, site.client() as client:
        to = await sent(site, client)
        answers = await asyncio.gather(*(confirm(client, to) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1


async def test_bytes_that_wait_count(tmp_path: Path) -> None:
    quota = 2 * len(PNG) + 1
    async with (
        Site(tmp_path, quota_bytes=quota).running() as site,
        site.client() as client,
        site.client() as other,
    ):
        await owner_of(client)
        third = await announced(client)
        first, second = await sent(site, client), await sent(site, client)
        refused(await put(site, third), 413, "quota_bytes")
        refused(await client.post(PRESIGN, json=announcement()), 413, "quota_bytes")
        await sent(site, other)
        for to in (first, second):
            await confirmed(client, to)
        assert (await client.get("/api/v1/me")).json()["bytes"] == 2 * len(PNG)


async def test_so_many_of_one_owner_wait_and_no_more(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "MAX_WAITING", 2)
    with store.reached():
        async with (
            Site(tmp_path, store=store).running() as site,
            site.client() as client,
            site.client() as other,
        ):
            await owner_of(client)
            first, _ = await sent(site, client), await sent(site, client)
            refused(await client.post(PRESIGN, json=announcement()), 409, "too_many_waiting")
            await sent(site, other)
            await confirmed(client, first)
            await sent(site, client)


# -- a body that comes by way of the server ----------------------------------------------------


async def test_a_bucket_need_not_be_sent_to_directly(tmp_path: Path, store: Store) -> None:
    with store.reached():
        async with (
            Site(tmp_path, store=store, direct_uploads=False).running() as site,
            site.client() as client,
        ):
            to = await announced(client)
            assert to["url"].startswith("http://gallery.test/")
            refused(await put(site, to, PNG[:-1]), 422, "upload_mismatch")
            assert (await put(site, to)).status_code == 204
            refused(await put(site, to), 409, "already_uploaded")
            record = await confirmed(client, to)
            assert site.read(record["url"]) == PNG
            assert waiting(site) == []


@pytest.mark.parametrize("host", ["", "x y", "gallery.test:99999", "[", "a/b", "a@b"])
async def test_whatever_host_a_client_names_it_is_answered(small: Site, host: str) -> None:
    async with small.client(host=host) as client:
        answer = await client.post(PRESIGN, json=announcement())
        assert answer.status_code == 201
        assert answer.json()["url"].startswith("http://")


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Site]:
    """A site that waits 50 ms for more of a body."""
    async with Site(tmp_path, body_seconds=0.05).running() as site:
        yield site


async def refused_and_gone(
    site: Site, client: httpx.AsyncClient, body: AsyncIterator[bytes], status: int, code: str
) -> None:
    to = await announced(client, LARGE)
    refused(await put(site, to, body), status, code)
    assert waiting(site) == []
    assert incoming(site) == []
    refused(await confirm(client, to), 409, "not_uploaded")
    assert (await put(site, to, LARGE)).status_code == 204


async def test_half_a_body_leaves_nothing(small: Site) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield LARGE[:150_000]

    async with small.client() as client:
        await refused_and_gone(small, client, half(), 422, "upload_mismatch")


async def test_a_body_that_stops_coming_is_given_up(small: Site) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield LARGE[:150_000]
        await asyncio.Event().wait()

    async with small.client() as client:
        await refused_and_gone(small, client, stalling(), 408, "body_timeout")


async def test_a_body_that_grows_longer_than_announced_is_cut_off(small: Site) -> None:
    pieces = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pieces
        while pieces < 1_000:
            pieces += 1
            yield bytes(65_536)

    async with small.client() as client:
        await refused_and_gone(small, client, endless(), 413, "body_too_large")
    assert pieces < 100


async def test_a_body_that_says_that_it_is_longer_is_not_read(small: Site) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b""

    async with small.client() as client:
        to = await announced(client)
        answer = await put(small, to, body(), **{"content-length": str(len(PNG) + 1)})
    refused(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"
    assert not read


async def test_the_url_is_that_of_the_public_origin(tmp_path: Path) -> None:
    async with (
        Site(tmp_path, public_origin="https://pictures.test").running() as site,
        site.client() as client,
    ):
        to = await announced(client)
    assert to["url"].startswith("https://pictures.test/api/v1/storage/uploads/")
