"""What becomes of a link to the bucket when its thumbnail is lost, or its image goes."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from gallery import commands
from tests import images
from tests.homes import Apart
from tests.http.delivery import bucket, led
from tests.http.site import Site, refused, trashed, uploaded
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def store(shared_store: Store) -> Store:
    return shared_store


@pytest.fixture
def site(signed: Site) -> Site:
    return signed


async def test_a_lost_thumbnail_is_made_again_before_anybody_is_sent_to_it(
    store: Store, site: Site, visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    before = site.read(record["thumb_url"])
    await asyncio.to_thread(bucket(site).delete, record["thumb"])
    assert (await plain.get(led(await visitor.get(record["thumb_url"])))).content == before


async def test_a_thumbnail_lost_after_its_link_was_given_is_made_again_when_its_image_changes(
    site: Site, visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    before = site.read(record["thumb_url"])
    link = led(await visitor.get(record["thumb_url"]))
    await asyncio.to_thread(bucket(site).delete, record["thumb"])
    assert (await plain.get(link)).status_code == 404
    await visitor.patch(f"/api/v1/images/{record['id']}", json={"favorite": True})
    assert led(await visitor.get(record["thumb_url"])) == link
    assert (await plain.get(link)).content == before


async def test_a_thumbnail_that_cannot_be_made_again_has_no_link(
    store: Store, site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    await asyncio.to_thread(bucket(site).delete, record["thumb"])
    store.drop(record["url"].removeprefix("/outputs/"), b"no image")
    refused(await visitor.get(record["thumb_url"]), 404, "damaged_image")


async def test_what_is_in_the_trash_has_a_link_until_it_is_purged(
    visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record = await trashed(visitor)
    link = led(await visitor.get(record["url"]))
    assert (await plain.get(link)).content == images.png()
    assert (await visitor.post(f"/api/v1/images/{record['id']}/purge")).status_code == 204
    refused(await visitor.get(record["url"]), 404, "unknown_image")
    assert (await plain.get(link)).status_code == 404


async def test_what_was_purged_elsewhere_has_no_link_either(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await trashed(visitor)
    for _ in range(2):  # signed, then from memory
        led(await visitor.get(record["thumb_url"]))

    def purge() -> None:
        with commands.opened(site.settings) as other:
            other.purge(record["owner"], record["id"])

    await asyncio.to_thread(purge)
    refused(await visitor.get(record["thumb_url"]), 404, "unknown_image")


async def test_a_catalog_that_must_be_asked_is_asked_each_time(
    apart: Apart, plain: httpx.AsyncClient
) -> None:
    site = apart.site(delivery="presigned")
    async with site.running(), site.client() as client, site.client() as stranger:
        record = await trashed(client)
        for name in ("url", "thumb_url"):
            link = led(await client.get(record[name]))
            assert link == led(await client.get(record[name]))
            assert (await plain.get(link)).content == site.read(record[name])
            refused(await stranger.get(record[name]), 404, "unknown_image")
        await client.post(f"/api/v1/images/{record['id']}/purge")
        refused(await client.get(record["url"]), 404, "unknown_image")
