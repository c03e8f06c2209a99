"""What other programs and strangers can do to a library, and what must not come of it."""

from __future__ import annotations

import asyncio
import shutil
import time

import httpx
import orjson
import pytest

from gallery.api import images as routes
from tests.homes import Home
from tests.http.site import Site, listed, refused, signed, trashed, upload, uploaded

pytestmark = pytest.mark.anyio


def edit_sidecar(site: Site, record: dict[str, object], **fields: object) -> None:
    url = str(record["url"])
    edited = orjson.loads(site.read(url, suffix=".json")) | fields
    site.write(url, orjson.dumps(edited), suffix=".json")


@pytest.mark.parametrize(
    "fields",
    [
        {"deleted_at": "9999-12-31T23:00:00Z"},
        {"rev": 2**64 - 1},
        {"bytes": 2**63 - 1},
        {"width": 2**60},
        {"created_at": "1969-12-31T23:59:59Z"},
    ],
)
async def test_a_sidecar_with_an_absurd_number_harms_nobody(
    site: Site, visitor: httpx.AsyncClient, fields: dict[str, object]
) -> None:
    odd, other = await trashed(visitor), await uploaded(visitor)
    edit_sidecar(site, odd, **fields)
    for record in (odd, other):
        path = f"/api/v1/images/{record['id']}"
        assert (await visitor.patch(path, json={"tags": ["x"]})).status_code == 200
        assert (await visitor.get(path)).json()["tags"] == ["x"]
    assert await listed(visitor, "/api/v1/trash") == [odd["id"]]


async def test_junk_cookies_and_queries_are_not_remembered(site: Site) -> None:
    before = routes._remembered_query.cache_info().currsize
    async with site.client() as client:
        for n in range(20):
            junk = {"cookie": f"anon_id={n}{'x' * 5_000}"}
            assert (await client.get("/api/v1/images", headers=junk)).json()["items"] == []
            assert (
                await client.get(f"/api/v1/images?{'&' * 1_000}page={n + 1}")
            ).status_code == 200
        refused(await client.get(f"/api/v1/images?{'&' * 9_000}"), 400, "bad_parameter")
    assert not site.app.identity._known
    assert routes._remembered_query.cache_info().currsize <= before + 1


@pytest.mark.of_files
async def test_images_whose_folder_is_elsewhere_are_not_purged(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    users, elsewhere = site.outputs / "users", site.outputs / "elsewhere"
    users.rename(elsewhere)
    path = f"/api/v1/images/{record['id']}"
    refused(await visitor.post(f"{path}/delete"), 503, "unavailable")
    refused(await upload(visitor), 503, "unavailable")
    assert not users.exists()
    elsewhere.rename(users)
    assert (await visitor.post(f"{path}/delete")).status_code == 200


@pytest.mark.of_files
async def test_an_image_whose_day_is_gone_is_neither_changed_nor_purged(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await trashed(visitor)
    day = site.on_disk(record["url"]).parent
    day.rename(elsewhere := day.with_name("elsewhere"))
    path = f"/api/v1/images/{record['id']}"
    refused(await visitor.post(f"{path}/restore"), 503, "unavailable")
    refused(await visitor.post(f"{path}/purge"), 503, "unavailable")
    assert not day.exists()
    elsewhere.rename(day)
    assert (await visitor.post(f"{path}/purge")).status_code == 204


@pytest.mark.of_files
async def test_lists_are_unavailable_while_the_manifests_are_away(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    site.manifests.rename(elsewhere := site.manifests.with_name("elsewhere"))
    for query in ("?size=1&q=x", "?tag=x"):
        refused(await visitor.get(f"/api/v1/images{query}"), 503, "unavailable")
    elsewhere.rename(site.manifests)
    assert await listed(visitor) == [record["id"]]


@pytest.mark.of_files
async def test_a_manifest_removed_while_serving_is_made_again(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    ids = [(await uploaded(visitor))["id"] for _ in range(3)]
    await listed(visitor, tag="none")
    owner = (await visitor.get("/api/v1/me")).json()["owner"]
    (folder,) = (site.manifests / "users").glob(owner)
    for manifest in folder.glob("*.jsonl"):
        manifest.unlink()
    assert await listed(visitor, favorite=False) == ids[::-1]
    assert (await visitor.get("/api/v1/me")).json()["count"] == 3


async def test_what_was_trashed_after_the_count_was_seen_stays(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    first, second = await trashed(visitor), await trashed(visitor)
    refused(await visitor.post("/api/v1/trash/empty", json={"count": 1}), 409, "trash_changed")
    answers = await asyncio.gather(
        visitor.post("/api/v1/trash/empty", json={"count": 2}),
        visitor.post(f"/api/v1/images/{first['id']}/restore"),
    )
    assert answers[0].status_code in (200, 409)
    restored = answers[1].status_code == 200
    assert await listed(visitor) == ([first["id"]] if restored else [])
    kept = [second["id"]] if answers[0].status_code == 409 else []
    assert await listed(visitor, "/api/v1/trash") == kept


async def test_a_password_for_a_proxy_is_not_taken_for_a_token(visitor: httpx.AsyncClient) -> None:
    answer = await upload(visitor, headers={"authorization": "Basic dXNlcjpwYXNz"})
    assert answer.status_code == 201


async def test_one_of_several_versions_in_if_match_is_enough(visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor)
    path = f"/api/v1/images/{record['id']}"
    etag = (await visitor.get(path)).headers["etag"]
    for match, status in ((f'"zzz", {etag}', 200), ('"zzz", "yyy"', 412)):
        answer = await visitor.patch(path, json={"favorite": True}, headers={"if-match": match})
        assert answer.status_code == status


async def test_nobody_is_not_an_owner_that_a_service_could_name(
    site: Site, service: httpx.AsyncClient
) -> None:
    refused(await upload(service, owner="-"), 400, "bad_owner")
    record = await uploaded(service, owner="anon-" + "0" * 32)
    async with site.client() as stranger:
        refused(await stranger.get(f"/api/v1/images/{record['id']}"), 404, "unknown_image")


@pytest.mark.parametrize(
    ("headers", "is_home"),
    [
        ({"host": "127.0.0.1:8000"}, True),
        ({"host": "localhost"}, True),
        ({"host": "evil.example"}, False),
        ({"host": "localhost", "x-forwarded-for": "203.0.113.9"}, False),
    ],
)
async def test_the_single_owner_is_who_sits_at_the_machine(
    home: Home, headers: dict[str, str], is_home: bool
) -> None:
    async with home.site(single_owner="me").running() as site, site.client() as client:
        client.headers["cookie"] = f"anon_id={signed('anon-' + 'a' * 32, at=time.time())}"
        found = (await client.get("/api/v1/me", headers=headers)).json()["owner"]
    assert found == ("me" if is_home else "anon-" + "a" * 32)


@pytest.mark.of_files
async def test_a_lost_owner_folder_does_not_lose_the_owner(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    folder = site.outputs / "users" / record["owner"]
    shutil.move(folder, site.outputs / "elsewhere")
    walked = await asyncio.to_thread(site.jobs()._reconciler.run)
    assert walked.damage == [f"users/{record['owner']}: the folder of 1 images is gone"]
    assert await listed(visitor) == [record["id"]]
