"""The bucket goes away under a running site, and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest

from gallery.blobs import s3
from gallery.blobs.s3 import S3Blobs, root
from gallery.blobs.s3.client import Patience
from tests import images
from tests.http.site import Site, listed, refused, trashed, upload, uploaded
from tests.samples import eventually
from tests.services.proxy import Fault, Proxy, request, status
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(tmp_path: Path, store: Store, proxy: Proxy) -> AsyncIterator[Site]:
    with store.reached(proxy.port):
        async with Site(tmp_path, store=store).running() as site:
            yield site


async def until_ready(client: httpx.AsyncClient) -> None:
    until = time.monotonic() + 20
    while (await client.get("/readyz")).status_code != 200:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def test_a_bucket_that_is_away_costs_nobody_anything(
    site: Site, visitor: httpx.AsyncClient, proxy: Proxy
) -> None:
    one, gone = await uploaded(visitor), await trashed(visitor)
    before = site.kept()
    with proxy.cut():
        for answer in (
            await upload(visitor),
            await visitor.get(one["url"]),
            await visitor.post(f"/api/v1/images/{one['id']}/delete"),
            await visitor.post(f"/api/v1/images/{gone['id']}/purge"),
            await visitor.get("/readyz"),
        ):
            refused(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert await listed(visitor) == [one["id"]]
    await until_ready(visitor)
    assert site.kept() == before
    assert (await visitor.get(one["url"])).content == images.png()
    assert (await visitor.post(f"/api/v1/images/{gone['id']}/purge")).status_code == 204
    two = await uploaded(visitor)
    assert await listed(visitor) == [two["id"], one["id"]]


async def test_an_upload_goes_through_a_store_that_stumbles(
    visitor: httpx.AsyncClient, proxy: Proxy
) -> None:
    for fault in (
        Fault(request("PUT", ".png"), answer=status(503), times=1),
        Fault(request("PUT", ".webp"), reset_after=0, times=1),
        Fault(request("PUT", ".json"), reset_after=0, times=1),
    ):
        with proxy.broken(fault):
            record = await uploaded(visitor)
            assert proxy.befallen == 1
        assert (await visitor.get(record["url"])).content == images.png()


async def test_a_large_original_leaves_in_pieces(visitor: httpx.AsyncClient) -> None:
    data = images.png() + bytes(range(256)) * (70 << 10)
    record = await uploaded(visitor, data)
    answer = await visitor.get(record["url"])
    assert (answer.content, answer.headers["content-length"]) == (data, str(len(data)))
    part = await visitor.get(record["url"], headers={"range": "bytes=1000-17000000"})
    assert (part.status_code, part.content) == (206, data[1000:17_000_001])


async def test_a_bucket_that_is_too_slow_is_given_up(
    tmp_path: Path, store: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = partial(S3Blobs, patience=Patience(connect_seconds=1, read_seconds=0.3, attempts=2))
    monkeypatch.setattr(s3, "S3Blobs", hasty)
    with store.reached(proxy.port):
        async with Site(tmp_path, store=store).running() as site, site.client() as visitor:
            await visitor.get("/api/v1/me")
            one = await uploaded(visitor)
            with proxy.broken(Fault(request("GET"), delay=0.5, times=1)):
                assert (await visitor.get(one["url"])).content == images.png()
                assert proxy.befallen == 1
            with proxy.broken(Fault(delay=1)):
                for answer in (await upload(visitor), await visitor.get(one["url"])):
                    refused(answer, 503, "unavailable")
                assert await listed(visitor) == [one["id"]]
            await until_ready(visitor)
            assert (await visitor.get(one["url"])).content == images.png()
            assert await listed(visitor) == [one["id"]]


async def test_a_site_that_stops_while_its_bucket_is_silent_waits_for_hardly_more_than_a_look(
    tmp_path: Path, store: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = partial(S3Blobs, patience=Patience(connect_seconds=1, read_seconds=1, attempts=1))
    monkeypatch.setattr(s3, "S3Blobs", hasty)
    monkeypatch.setattr(root, "GOOD_SECONDS", 0.0)
    with store.reached(proxy.port):
        async with AsyncExitStack() as stack:
            site = Site(tmp_path, store=store, delivery="presigned")
            await stack.enter_async_context(site.running())
            async with site.client() as visitor:
                await visitor.get("/api/v1/me")
                one = await uploaded(visitor)
                with proxy.broken(Fault(delay=60)):
                    urls = [f"{one['url']}?embed=1&n={n}" for n in range(40)]
                    asked = [asyncio.create_task(visitor.get(url)) for url in urls]
                    await asyncio.to_thread(eventually, lambda: proxy.befallen > 0)
                    await stack.aclose()
                    for answer in await asyncio.gather(*asked):
                        refused(answer, 503, "unavailable")
                    assert proxy.befallen < 8


async def test_a_site_that_stops_asks_a_silent_bucket_no_second_time(
    tmp_path: Path, store: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = partial(S3Blobs, patience=Patience(connect_seconds=1, read_seconds=1, attempts=5))
    monkeypatch.setattr(s3, "S3Blobs", slow)
    with store.reached(proxy.port):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context((site := Site(tmp_path, store=store)).running())
            async with site.client() as visitor:
                await visitor.get("/api/v1/me")
                one = await uploaded(visitor)
                with proxy.broken(Fault(request("GET", ".png"), delay=60)):
                    asked = asyncio.create_task(visitor.get(one["url"]))
                    await asyncio.to_thread(eventually, lambda: proxy.befallen > 0)
                    await stack.aclose()
                    refused(await asked, 503, "unavailable")
                    assert proxy.befallen == 1
