"""Administrators: who may be one, and what they see and move."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.http.site import Site, listed, refused, trashed, uploaded

pytestmark = pytest.mark.anyio
ROUTES = [
    ("GET", "/api/v1/admin/users"),
    ("GET", "/api/v1/admin/images"),
    ("GET", "/api/v1/admin/health"),
    ("GET", "/api/v1/admin/jobs"),
    ("GET", "/api/v1/admin/usage"),
    ("POST", f"/api/v1/admin/images/{'a' * 32}/delete"),
    ("POST", f"/api/v1/admin/images/{'a' * 32}/restore"),
    ("POST", "/api/v1/admin/purge-trash?dry_run=1"),
    ("POST", "/api/v1/admin/purge-trash"),
]
IMAGES = "/api/v1/admin/images"


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_only_an_administrators_token_opens_the_admin_routes(
    site: Site, visitor: httpx.AsyncClient, service: httpx.AsyncClient, method: str, path: str
) -> None:
    await trashed(visitor)
    before = site.kept()
    refused(await visitor.request(method, path), 401, "token_missing")
    refused(await service.request(method, path), 403, "wrong_role")
    for wrong, code in (
        *(("Bearer wrong", "bad_token"), ("Bearer", "bad_token"), ("Bearer \xfc", "bad_token")),
        *(("Basic YWRtaW46YWRtaW4=", "token_missing"), ("", "token_missing")),
    ):
        headers = {b"authorization": wrong.encode("latin-1")}
        answer = await visitor.request(method, path, headers=headers)
        refused(answer, 401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert site.kept() == before


@pytest.fixture
async def two(service: httpx.AsyncClient) -> dict[str, list[Any]]:
    """The records of two members, three images each, made in turn on three days."""
    found: dict[str, list[Any]] = {"member-1": [], "member-2": []}
    for day in (1, 2, 3):
        for hour, owner in enumerate(found):
            at = f"2026-03-0{day}T0{hour}:00:00Z"
            found[owner].append(await uploaded(service, owner=owner, created_at=at))
    return found


async def test_users_are_listed_with_counts_bytes_and_times(
    admin: httpx.AsyncClient, two: dict[str, list[Any]]
) -> None:
    one = two["member-1"][0]
    await admin.post(f"{IMAGES}/{one['id']}/delete")
    answer = (await admin.get("/api/v1/admin/users")).json()
    assert (answer["total"], answer["page"], answer["size"]) == (2, 1, 100)
    first, second = answer["items"]
    assert (first["user_id"], first["active"], first["trash"]) == ("member-1", 2, 1)
    assert (second["user_id"], second["active"], second["trash"]) == ("member-2", 3, 0)
    assert first["bytes"] == 3 * one["bytes"]
    assert (first["first"], first["last"]) == (
        "2026-03-02T00:00:00.000000Z",
        "2026-03-03T00:00:00.000000Z",
    )
    page = (await admin.get("/api/v1/admin/users?page=2&size=1")).json()
    assert [user["user_id"] for user in page["items"]] == ["member-2"]


async def test_users_are_found_by_a_part_of_the_name_and_sorted_by_any_figure(
    admin: httpx.AsyncClient, two: dict[str, list[Any]], service: httpx.AsyncClient
) -> None:
    await uploaded(service, owner="guest", created_at="2026-01-01T00:00:00Z")
    for id in (one["id"] for one in two["member-1"]):
        await admin.post(f"{IMAGES}/{id}/delete")

    async def users(query: str) -> list[str]:
        answer = (await admin.get(f"/api/v1/admin/users?{query}")).json()
        assert answer["total"] == (2 if "name=" in query else 3)
        return [user["user_id"] for user in answer["items"]]

    assert await users("order=desc") == ["member-2", "member-1", "guest"]
    assert await users("sort=active&order=desc") == ["member-2", "guest", "member-1"]
    assert await users("sort=trash&order=desc") == ["member-1", "guest", "member-2"]
    assert await users("sort=bytes") == ["guest", "member-1", "member-2"]
    assert await users("sort=bytes&order=desc") == ["member-1", "member-2", "guest"]
    assert await users("sort=last") == ["guest", "member-2", "member-1"]
    assert await users("sort=first&order=desc&size=1&page=2") == ["guest"]
    assert await users("name=BER-&sort=active") == ["member-1", "member-2"]
    assert await users("name=ber-&size=1&page=2") == ["member-2"]
    refused(await admin.get("/api/v1/admin/users?sort=name"), 400, "bad_parameter")


async def test_images_of_all_owners_are_listed_newest_first(
    admin: httpx.AsyncClient, two: dict[str, list[Any]]
) -> None:
    everything = [two[owner][n]["id"] for n in (2, 1, 0) for owner in ("member-2", "member-1")]
    page = (await admin.get(IMAGES)).json()
    assert [item["id"] for item in page["items"]] == everything
    assert page["total"] == 6
    assert await listed(admin, IMAGES, size=4, page=2) == everything[4:]
    first = (await admin.get(f"{IMAGES}?size=4&cursor=")).json()
    assert await listed(admin, IMAGES, cursor=first["next_cursor"]) == everything[4:]
    assert await listed(admin, IMAGES, user_id="member-1") == everything[1::2]
    assert await listed(admin, IMAGES, user_id="member-3") == []


async def test_trash_is_included_when_asked_for(
    admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    kept, gone = await uploaded(visitor), await trashed(visitor)
    given = await uploaded(visitor, to="/api/v1/inputs/upload")
    assert await listed(admin, IMAGES) == [given["id"], kept["id"]]
    page = (await admin.get(f"{IMAGES}?include=trash")).json()
    assert [item["id"] for item in page["items"]] == [given["id"], gone["id"], kept["id"]]
    assert [item["id"] for item in page["items"] if "purge_at" in item] == [gone["id"]]
    assert page["total"] == 3


async def test_images_are_found_by_day(admin: httpx.AsyncClient, two: dict[str, list[Any]]) -> None:
    second = [two["member-2"][1]["id"], two["member-1"][1]["id"]]
    query = {"from_date": "2026-03-02", "to_date": "2026-03-02"}
    assert await listed(admin, IMAGES, **query) == second
    assert await listed(admin, IMAGES, **query, user_id="member-1") == second[1:]
    west = {"from_date": "2026-03-01", "to_date": "2026-03-01", "tz": "America/Los_Angeles"}
    assert await listed(admin, IMAGES, **west) == second


async def test_a_list_that_has_not_changed_is_not_sent_again(
    admin: httpx.AsyncClient, two: dict[str, list[Any]], service: httpx.AsyncClient
) -> None:
    first = await admin.get(IMAGES)
    headers = {"if-none-match": first.headers["etag"]}
    assert (await admin.get(IMAGES, headers=headers)).status_code == 304
    await uploaded(service, owner="member-2")
    assert (await admin.get(IMAGES, headers=headers)).status_code == 200
    await uploaded(service, owner="member-3")
    assert (await admin.get(IMAGES)).json()["total"] == 8


@pytest.mark.parametrize(
    "query",
    ["include=all", "include=", "user_id=", "user_id=..", "user_id=A", "page=0", "size=201",
     "from_date=x", "tz=Mars", "status=trash", "from_date=2026-02-01&to_date=2026-01-01"],
)  # fmt: skip
async def test_a_bad_parameter_is_refused(admin: httpx.AsyncClient, query: str) -> None:
    refused(await admin.get(f"{IMAGES}?{query}"), 400, "bad_parameter")


@pytest.mark.parametrize("query", ["size=0", "size=1001", "page=0", "user_id=member-1"])
async def test_a_bad_parameter_of_users_is_refused(admin: httpx.AsyncClient, query: str) -> None:
    refused(await admin.get(f"/api/v1/admin/users?{query}"), 400, "bad_parameter")


@pytest.mark.parametrize("named", [True, False])
async def test_an_image_is_trashed_and_restored_by_its_id(
    admin: httpx.AsyncClient, visitor: httpx.AsyncClient, named: bool
) -> None:
    record = await uploaded(visitor)
    query = {"user_id": record["owner"]} if named else {}
    gone = await admin.post(f"{IMAGES}/{record['id']}/delete", params=query)
    assert gone.json()["status"] == "trash"
    assert await listed(visitor) == []
    back = await admin.post(f"{IMAGES}/{record['id']}/restore", params=query)
    assert back.json()["status"] == "active"
    assert await listed(visitor) == [record["id"]]


def give_copy(site: Site, record: Any, owner: str) -> None:
    """The files of an image, under the same id, for another owner."""
    url, thumb = record["url"], record["thumb_url"]
    to_url, to_thumb = (one.replace(record["owner"], owner) for one in (url, thumb))
    site.write(to_url, site.read(url))
    site.write(to_thumb, site.read(thumb))
    sidecar = site.read(url, suffix=".json")
    sidecar = sidecar.replace(record["owner"].encode(), owner.encode())
    site.write(to_url, sidecar, suffix=".json")


async def test_an_id_that_several_owners_have_needs_a_name(
    site: Site, admin: httpx.AsyncClient, service: httpx.AsyncClient
) -> None:
    record = await uploaded(service, owner="member-1")
    await uploaded(service, owner="member-2")
    give_copy(site, record, "member-2")
    assert await asyncio.to_thread(site.app.library.healing.rebuild, "member-2") == 2
    refused(await admin.post(f"{IMAGES}/{record['id']}/delete"), 409, "ambiguous")
    named = await admin.post(f"{IMAGES}/{record['id']}/delete?user_id=member-2")
    assert (named.json()["owner"], named.json()["status"]) == ("member-2", "trash")
    assert await listed(admin, IMAGES, user_id="member-1") == [record["id"]]


async def test_an_unknown_image_is_404(
    admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    for verb in ("delete", "restore"):
        refused(await admin.post(f"{IMAGES}/{'a' * 32}/{verb}"), 404, "unknown_image")
        url = f"{IMAGES}/{record['id']}/{verb}?user_id=member-9"
        refused(await admin.post(url), 404, "unknown_image")
        refused(await admin.post(f"{IMAGES}/x/{verb}"), 404, "unknown_image")


async def test_an_administrator_sees_every_owners_bytes(
    admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    assert (await admin.get(record["url"])).status_code == 200
    assert (await admin.get(record["thumb_url"])).status_code == 200
