"""Idempotency keys and quotas: nothing twice, and never more than is allowed."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests import images
from tests.homes import Home
from tests.http.site import Site, listed, refused, trashed, upload, uploaded

pytestmark = pytest.mark.anyio
KEY = {"idempotency-key": "job 7"}


async def test_a_repeat_with_the_same_key_finds_the_first_image(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    first = await upload(visitor, headers=KEY)
    before = site.kept()
    again = await upload(visitor, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert site.kept() == before


async def test_another_body_under_the_same_key_is_refused(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor, headers=KEY)
    before = site.kept()
    refused(await upload(visitor, images.png(seed=1), headers=KEY), 422, "key_reused")
    assert await listed(visitor) == [record["id"]]
    assert site.kept() == before


async def test_a_key_is_its_owners_alone(
    visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    first, second = (await uploaded(visitor, headers=KEY), await uploaded(stranger, headers=KEY))
    assert first["id"] != second["id"]
    assert first["owner"] != second["owner"]


async def test_the_same_key_many_times_at_once_is_one_image(visitor: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(upload(visitor, headers=KEY) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    assert len(replayed) == 7
    assert len(await listed(visitor)) == 1


async def test_a_service_repeats_itself_for_each_owner(service: httpx.AsyncClient) -> None:
    first = await uploaded(service, owner="member-1", headers=KEY)
    again = await uploaded(service, owner="member-1", headers=KEY)
    other = await uploaded(service, owner="member-2", headers=KEY)
    assert first["id"] == again["id"] != other["id"]


async def test_a_repeat_finds_its_image_after_an_edit_and_in_the_trash(
    visitor: httpx.AsyncClient,
) -> None:
    record = await uploaded(visitor, headers=KEY)
    await visitor.patch(f"/api/v1/images/{record['id']}", json={"tags": ["kept"]})
    await visitor.post(f"/api/v1/images/{record['id']}/delete")
    again = await uploaded(visitor, headers=KEY)
    assert (again["id"], again["tags"], again["status"]) == (record["id"], ["kept"], "trash")


# -- quotas -----------------------------------------------------------------------------------


async def test_no_number_of_parallel_uploads_exceeds_the_quota_of_images(home: Home) -> None:
    async with home.site(quota_count=5).running() as site, site.client() as client:
        await client.get("/api/v1/me")
        answers = await asyncio.gather(*(upload(client) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [201] * 5 + [413] * 15
        for answer in answers:
            if answer.status_code == 413:
                refused(answer, 413, "quota_count")
        assert len(await listed(client)) == 5
        assert len([name for name in site.kept() if name.endswith(".png")]) == 5


async def test_no_number_of_parallel_uploads_exceeds_the_quota_of_bytes(home: Home) -> None:
    data = images.png()
    quota = len(data) * 5 + len(data) // 2
    async with home.site(quota_bytes=quota).running() as site, site.client() as client:
        await client.get("/api/v1/me")
        answers = await asyncio.gather(*(upload(client, data) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [201] * 5 + [413] * 15
        me = (await client.get("/api/v1/me")).json()
        assert (me["count"], me["bytes"]) == (5, 5 * len(data))
        assert me["quota"] == {"bytes": quota, "count": None}
        items = (await client.get("/api/v1/images")).json()["items"]
        assert me["bytes"] == sum(len(site.read(item["url"])) for item in items)


async def test_trash_and_drawers_count_until_they_are_purged(home: Home) -> None:
    async with home.site(quota_count=3).running() as site, site.client() as client:
        output = await uploaded(client)
        await uploaded(client, to="/api/v1/inputs/upload")
        gone = await trashed(client)
        refused(await upload(client), 413, "quota_count")
        refused(await upload(client, to="/api/v1/controls/upload"), 413, "quota_count")
        copied = await client.post("/api/v1/inputs/copy", json={"id": output["id"]})
        refused(copied, 413, "quota_count")
        assert (await client.post(f"/api/v1/images/{gone['id']}/purge")).status_code == 204
        assert (await upload(client)).status_code == 201


async def test_a_quota_is_each_owners_own(home: Home) -> None:
    async with (
        home.site(quota_count=1).running() as site,
        site.client() as one,
        site.client() as other,
        site.service() as service,
    ):
        record = await uploaded(one)
        await uploaded(other)
        refused(await upload(one), 413, "quota_count")
        refused(await upload(service, owner=record["owner"]), 413, "quota_count")


async def test_what_exceeds_the_quota_is_not_kept(home: Home) -> None:
    async with home.site(quota_bytes=100).running() as site, site.service() as service:
        before = site.kept()
        refused(await upload(service, owner="member-1"), 413, "quota_bytes")
        assert site.kept().keys() - before.keys() <= {"manifests/users/member-1/.lock"}


async def test_a_repeat_finds_its_image_when_the_quota_is_used_up(home: Home) -> None:
    async with home.site(quota_count=1).running() as site, site.client() as client:
        record = await uploaded(client, headers=KEY)
        assert (await uploaded(client, headers=KEY))["id"] == record["id"]
        refused(await upload(client, headers={"idempotency-key": "job 8"}), 413, "quota_count")


async def test_a_quota_that_was_lowered_takes_nothing_away(home: Home) -> None:
    async with home.site().running() as site, site.client() as client:
        records = [await uploaded(client) for _ in range(3)]
        cookie = client.cookies["anon_id"]
    async with (
        home.site(quota_count=1).running() as site,
        site.client(cookie=f"anon_id={cookie}") as client,
    ):
        assert len(await listed(client)) == 3
        one = f"/api/v1/images/{records[0]['id']}"
        assert (await client.post(f"{one}/delete")).status_code == 200
        assert (await client.post(f"{one}/restore")).status_code == 200
        refused(await upload(client), 413, "quota_count")
