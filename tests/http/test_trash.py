"""The trash: into it, out of it exactly as before, and out of it for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from tests.homes import Home
from tests.http.site import Site, listed, refused, trashed, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_an_image_goes_to_the_trash_and_comes_back_as_it_was(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor, prompt="a red bridge", tags=["night"], favorite=True)
    one = f"/api/v1/images/{record['id']}"
    gone = (await visitor.post(f"{one}/delete")).json()
    assert (gone["status"], gone["rev"]) == ("trash", 2)
    assert moment(gone["deleted_at"]) >= moment(record["created_at"])
    assert await listed(visitor) == []
    back = (await visitor.post(f"{one}/restore")).json()
    assert back == record | {"rev": 3}
    assert await listed(visitor) == [record["id"]]
    sidecar = orjson.loads(site.read(record["url"], suffix=".json"))
    assert sidecar["status"] == "active"


@pytest.mark.parametrize("verb", ["delete", "restore"])
async def test_repeating_it_changes_nothing(
    site: Site, visitor: httpx.AsyncClient, verb: str
) -> None:
    record = await trashed(visitor)
    url = f"/api/v1/images/{record['id']}/{verb}"
    first = await visitor.post(url)
    before = site.kept()
    again = await visitor.post(url)
    assert again.json() == first.json()
    assert again.headers["etag"] == first.headers["etag"]
    assert site.kept() == before


async def test_an_image_in_the_trash_can_still_be_seen_and_edited(
    visitor: httpx.AsyncClient,
) -> None:
    record = await trashed(visitor)
    assert (await visitor.get(record["url"])).status_code == 200
    one = f"/api/v1/images/{record['id']}"
    edited = (await visitor.patch(one, json={"tags": ["kept"]})).json()
    assert (edited["tags"], edited["status"]) == (["kept"], "trash")
    assert edited["deleted_at"] == record["deleted_at"]


async def test_the_trash_shows_the_newest_deletion_first_and_when_each_will_go(
    home: Home,
) -> None:
    async with home.site(retention_days=7).running() as site, site.client() as client:
        records = [await uploaded(client) for _ in range(3)]
        for n in (1, 0, 2):
            await client.post(f"/api/v1/images/{records[n]['id']}/delete")
        page = (await client.get("/api/v1/trash")).json()
        assert [item["id"] for item in page["items"]] == [records[n]["id"] for n in (2, 0, 1)]
        assert page["total"] == 3
        for item in page["items"]:
            age = moment(item["purge_at"]) - moment(item["deleted_at"])
            assert age == timedelta(days=7)
        assert (await client.get("/api/v1/me")).json()["retention_days"] == 7


async def test_the_trash_has_pages_cursors_and_kinds(visitor: httpx.AsyncClient) -> None:
    ids = [(await trashed(visitor))["id"] for _ in range(3)]
    given = await uploaded(visitor, to="/api/v1/inputs/upload")
    await visitor.post(f"/api/v1/inputs/{given['id']}/delete")
    order = [given["id"], *ids[::-1]]
    assert await listed(visitor, "/api/v1/trash") == order
    assert await listed(visitor, "/api/v1/trash", size=3, page=2) == order[3:]
    page = (await visitor.get("/api/v1/trash?size=2&cursor=")).json()
    assert await listed(visitor, "/api/v1/trash", cursor=page["next_cursor"]) == order[2:]
    assert await listed(visitor, "/api/v1/trash", kind="input") == [given["id"]]
    assert await listed(visitor, "/api/v1/trash", kind="output") == ids[::-1]
    assert await listed(visitor, "/api/v1/trash", kind="control") == []


async def test_an_active_image_cannot_be_purged(site: Site, visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor)
    before = site.kept()
    refused(await visitor.post(f"/api/v1/images/{record['id']}/purge"), 409, "not_in_trash")
    assert site.kept() == before


async def test_a_purge_leaves_nothing_of_an_image(site: Site, visitor: httpx.AsyncClient) -> None:
    kept, gone = await uploaded(visitor), await trashed(visitor)
    one = f"/api/v1/images/{gone['id']}"
    await visitor.get(gone["thumb_url"])
    answer = await visitor.post(f"{one}/purge")
    assert (answer.status_code, answer.content) == (204, b"")
    assert [name for name in site.kept() if gone["id"] in name] == []
    refused(await visitor.get(one), 404, "unknown_image")
    refused(await visitor.post(f"{one}/restore"), 404, "unknown_image")
    refused(await visitor.post(f"{one}/purge"), 404, "unknown_image")
    refused(await visitor.get(gone["url"]), 404, "unknown_image")
    refused(await visitor.get(gone["thumb_url"]), 404, "unknown_image")
    assert await listed(visitor) == [kept["id"]]
    assert (await visitor.get("/api/v1/me")).json()["count"] == 1


async def test_the_trash_is_emptied_if_it_holds_what_was_seen(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    kept = await uploaded(visitor)
    for _ in range(3):
        await trashed(visitor)
    for count in (0, 2, 4):
        answer = await visitor.post("/api/v1/trash/empty", json={"count": count})
        if count:
            refused(answer, 409, "trash_changed")
    assert len(await listed(visitor, "/api/v1/trash")) == 3
    answer = await visitor.post("/api/v1/trash/empty", json={"count": 3})
    assert answer.json() == {"purged": 3}
    assert await listed(visitor, "/api/v1/trash") == []
    assert await listed(visitor) == [kept["id"]]
    left = [name for name in site.kept() if kept["owner"] in name and name.endswith(".png")]
    assert len(left) == 1


@pytest.mark.parametrize("body", [{}, {"count": -1}, {"count": "all"}, {"all": True}, []])
async def test_emptying_the_trash_needs_a_count(visitor: httpx.AsyncClient, body: Any) -> None:
    refused(await visitor.post("/api/v1/trash/empty", json=body), 400, "bad_body")


async def test_a_trash_that_holds_something_is_not_emptied_by_a_count_of_none(
    visitor: httpx.AsyncClient,
) -> None:
    await trashed(visitor)
    refused(await visitor.post("/api/v1/trash/empty", json={"count": 0}), 409, "trash_changed")


async def test_another_owners_image_is_unknown_on_every_route(
    site: Site, visitor: httpx.AsyncClient, stranger: httpx.AsyncClient, service: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    given = await uploaded(visitor, to="/api/v1/inputs/upload")
    before = site.kept()
    one, drawer = f"/api/v1/images/{record['id']}", f"/api/v1/inputs/{given['id']}"
    async with site.client() as nobody:
        for who in (stranger, service, nobody):
            for answer in [
                await who.get(one),
                await who.patch(one, json={"favorite": True}),
                *[await who.post(f"{one}/{verb}") for verb in ("delete", "restore", "purge")],
                *[await who.post(f"{drawer}/{verb}") for verb in ("delete", "restore")],
                *[
                    await who.post(f"/api/v1/{kind}/copy", json={"id": record["id"]})
                    for kind in ("inputs", "controls")
                ],
                await who.get(record["url"]),
                await who.get(record["thumb_url"]),
                await who.get(record["url"], headers={"range": "bytes=0-1"}),
                await who.get(record["url"], headers={"if-none-match": f'"{record["sha256"]}"'}),
                await who.get(given["url"]),
            ]:
                refused(answer, 404, "unknown_image")
            for url in (one, record["url"], record["thumb_url"]):
                assert (await who.head(url)).status_code == 404
    assert site.kept() == before
