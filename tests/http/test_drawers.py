"""Inputs and controls, the timeline, and what an owner is told of themself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import images
from tests.homes import Home
from tests.http.site import Site, listed, refused, trashed, upload, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


drawers = pytest.mark.parametrize("drawer", ["inputs", "controls"])


@drawers
async def test_a_drawer_takes_images_of_its_own(
    site: Site, visitor: httpx.AsyncClient, drawer: str
) -> None:
    await uploaded(visitor)
    record = await uploaded(visitor, to=f"/api/v1/{drawer}/upload")
    assert record["kind"] == drawer[:-1]
    assert f"/{drawer}/" in record["url"]
    assert site.read(record["url"]) == images.png()
    page = (await visitor.get(f"/api/v1/{drawer}")).json()
    assert ([item["id"] for item in page["items"]], page["total"]) == ([record["id"]], 1)


@drawers
async def test_a_drawer_has_a_trash_and_pages(visitor: httpx.AsyncClient, drawer: str) -> None:
    path = f"/api/v1/{drawer}"
    ids = [(await uploaded(visitor, to=f"{path}/upload"))["id"] for _ in range(3)]
    gone = (await visitor.post(f"{path}/{ids[1]}/delete")).json()
    assert gone["status"] == "trash"
    assert gone["purge_at"] > gone["deleted_at"]
    assert await listed(visitor, path) == [ids[2], ids[0]]
    assert await listed(visitor, path, status="trash") == [ids[1]]
    assert (await visitor.post(f"{path}/{ids[1]}/restore")).json()["status"] == "active"
    assert await listed(visitor, path, size=2) == [ids[2], ids[1]]
    page = (await visitor.get(f"{path}?size=2&cursor=")).json()
    assert await listed(visitor, path, cursor=page["next_cursor"]) == [ids[0]]


@drawers
async def test_a_drawer_acts_on_nothing_outside_of_it(
    visitor: httpx.AsyncClient, drawer: str
) -> None:
    output = await uploaded(visitor)
    for verb in ("delete", "restore"):
        answer = await visitor.post(f"/api/v1/{drawer}/{output['id']}/{verb}")
        refused(answer, 404, "unknown_image")
    assert await listed(visitor) == [output["id"]]


@drawers
async def test_any_own_image_can_be_copied_into_a_drawer(
    site: Site, visitor: httpx.AsyncClient, drawer: str
) -> None:
    said: dict[str, Any] = {"prompt": "a red bridge", "seed": 7, "tags": ["night"]}
    for source in [
        await uploaded(visitor, **said),
        await trashed(visitor, **said),
        await uploaded(visitor, to="/api/v1/inputs/upload", **said),
    ]:
        answer = await visitor.post(f"/api/v1/{drawer}/copy", json={"id": source["id"]})
        assert answer.status_code == 201
        copy = answer.json()
        assert answer.headers["location"] == f"/api/v1/images/{copy['id']}"
        assert copy["id"] != source["id"]
        assert (copy["kind"], copy["status"]) == (drawer[:-1], "active")
        assert (copy["parents"], copy["deleted_at"]) == ([source["id"]], None)
        assert said.items() <= copy.items()
        assert site.read(copy["url"]) == images.png()
        assert (await visitor.get(copy["thumb_url"])).status_code == 200


@drawers
@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": "x"}, {"id": "A" * 32}, None])
async def test_a_copy_names_an_image(visitor: httpx.AsyncClient, drawer: str, body: object) -> None:
    refused(await visitor.post(f"/api/v1/{drawer}/copy", json=body), 400, "bad_body")


async def test_an_original_that_is_damaged_is_not_copied(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    site.write(record["url"], b"something else")
    before = site.kept()
    answer = await visitor.post("/api/v1/inputs/copy", json={"id": record["id"]})
    refused(answer, 422, "damaged_image")
    assert site.kept() == before


async def test_a_copy_has_a_thumbnail_though_the_source_lost_its_own(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    site.remove(record["thumb_url"])
    answer = await visitor.post("/api/v1/inputs/copy", json={"id": record["id"]})
    assert answer.status_code == 201
    assert (await visitor.get(answer.json()["thumb_url"])).status_code == 200


# -- me and the timeline ----------------------------------------------------------------------


async def test_me_counts_what_there_is(visitor: httpx.AsyncClient) -> None:
    size = len(images.png())
    await uploaded(visitor)
    await trashed(visitor)
    await uploaded(visitor, to="/api/v1/inputs/upload")
    me = (await visitor.get("/api/v1/me")).json()
    assert me["counts"] == {
        "output": {"active": 1, "trash": 1, "bytes": 2 * size},
        "input": {"active": 1, "trash": 0, "bytes": size},
        "control": {"active": 0, "trash": 0, "bytes": 0},
    }
    assert (me["count"], me["bytes"]) == (3, 3 * size)
    assert me["quota"] == {"bytes": None, "count": None}


@pytest.mark.parametrize(
    ("tz", "expected"),
    [
        ("UTC", {"2026-03-14": 2, "2026-03-13": 1}),
        ("Asia/Seoul", {"2026-03-15": 1, "2026-03-14": 2}),
        ("America/Los_Angeles", {"2026-03-14": 1, "2026-03-13": 2}),
    ],
)
async def test_the_timeline_counts_days_of_a_time_zone_newest_first(
    visitor: httpx.AsyncClient, service: httpx.AsyncClient, tz: str, expected: dict[str, int]
) -> None:
    owner = (await visitor.get("/api/v1/me")).json()["owner"]
    for at in ("2026-03-13T23:30:00Z", "2026-03-14T02:00:00Z", "2026-03-14T20:00:00Z"):
        await uploaded(service, owner=owner, created_at=at)
    await trashed(visitor)
    answer = (await visitor.get("/api/v1/timeline", params={"tz": tz})).json()
    assert answer["tz"] == tz
    assert [(day["date"], day["count"]) for day in answer["days"]] == list(expected.items())


async def test_the_timeline_is_of_one_kind_and_of_one_owner(
    visitor: httpx.AsyncClient, stranger: httpx.AsyncClient, site: Site
) -> None:
    await uploaded(visitor, to="/api/v1/inputs/upload")
    await uploaded(stranger)
    assert (await visitor.get("/api/v1/timeline")).json()["days"] == []
    [day] = (await visitor.get("/api/v1/timeline?kind=input")).json()["days"]
    assert day["count"] == 1
    async with site.client() as nobody:
        assert (await nobody.get("/api/v1/timeline")).json()["days"] == []


async def test_a_single_owner_needs_no_cookie_of_an_own(home: Home) -> None:
    async with (
        home.site(single_owner="demo").running() as site,
        site.client() as one,
        site.client() as other,
    ):
        one.base_url = other.base_url = httpx.URL("http://localhost:8000")
        record = (await upload(one)).json()
        assert record["owner"] == "demo"
        await other.get("/")
        assert await listed(other) == [record["id"]]
        async with site.client() as stranger:  # whose name was made to mean this machine
            assert (await uploaded(stranger))["owner"].startswith("anon-")
