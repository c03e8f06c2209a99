"""Lists: order, pages, cursors, totals, filters, and what a client need not fetch again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import images
from tests.http.site import Site, listed, trashed, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


async def dated(service: httpx.AsyncClient, client: httpx.AsyncClient, *moments: str) -> list[str]:
    """The ids of images of the client, made at these times."""
    owner = (await client.get("/api/v1/me")).json()["owner"]
    return [(await uploaded(service, owner=owner, created_at=at))["id"] for at in moments]


async def test_a_list_shows_the_newest_first_with_links_that_work(
    visitor: httpx.AsyncClient,
) -> None:
    first, second = await uploaded(visitor), await uploaded(visitor)
    page = (await visitor.get("/api/v1/images")).json()
    assert [item["id"] for item in page["items"]] == [second["id"], first["id"]]
    assert (page["total"], page["page"], page["size"], page["next_cursor"]) == (2, 1, 50, None)
    for item in page["items"]:
        assert (await visitor.get(item["url"])).headers["content-type"] == "image/png"
        assert (await visitor.get(item["thumb_url"])).headers["content-type"] == "image/webp"


async def test_an_item_of_a_list_is_the_record_itself(visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor, prompt="a red bridge", tags=["a", "b"], seed=7)
    [item] = (await visitor.get("/api/v1/images")).json()["items"]
    assert item == record == (await visitor.get(f"/api/v1/images/{record['id']}")).json()


async def test_pages_cut_the_list_into_pieces(visitor: httpx.AsyncClient) -> None:
    ids = [(await uploaded(visitor))["id"] for _ in range(5)][::-1]
    assert await listed(visitor, size=2) == ids[:2]
    assert await listed(visitor, size=2, page=2) == ids[2:4]
    assert await listed(visitor, size=2, page=3) == ids[4:]
    assert await listed(visitor, size=2, page=4) == []
    assert (await visitor.get("/api/v1/images?size=2&page=9")).json()["total"] == 5


async def test_a_cursor_goes_on_where_the_page_ended_while_images_arrive(
    visitor: httpx.AsyncClient,
) -> None:
    ids = [(await uploaded(visitor))["id"] for _ in range(5)][::-1]
    page = (await visitor.get("/api/v1/images?cursor=&size=2")).json()
    found = [item["id"] for item in page["items"]]
    while page["next_cursor"]:
        await uploaded(visitor)
        query = {"cursor": page["next_cursor"], "size": "2"}
        page = (await visitor.get("/api/v1/images", params=query)).json()
        found += [item["id"] for item in page["items"]]
    assert found == ids


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"tag": "night"}, [3, 0]),
    ({"tag": "Night"}, []),
    ({"workflow_id": "portrait"}, [2, 0]),
    ({"favorite": "true"}, [3, 1]),
    ({"favorite": "false"}, [2, 0]),
    ({"favorite": "1"}, [3, 1]),
    ({"aspect_ratio": "1:1"}, [2]),
    ({"aspect_ratio": "4:3"}, [3, 1, 0]),
    ({"q": "bridge"}, [1, 0]),
    ({"q": "BRIDGE red"}, [0]),
    ({"q": '"a red"'}, [0]),
    ({"q": "bridge -red"}, [1]),
    ({"q": "-bridge"}, [3, 2]),
    ({"q": "고양이"}, [3]),
    ({"q": "양이"}, [3]),
    ({"q": "  "}, [3, 2, 1, 0]),
    ({"tag": "night", "q": "bridge"}, [0]),
    ({"favorite": "true", "tag": "absent"}, []),
]


@pytest.fixture
async def four(visitor: httpx.AsyncClient) -> list[str]:
    said: list[dict[str, Any]] = [
        {"prompt": "a red bridge", "tags": ["night", "city"], "workflow_id": "portrait"},
        {"prompt": "a blue bridge", "favorite": True, "workflow_id": "landscape"},
        {"prompt": "a tower", "data": images.png(64, 64), "workflow_id": "portrait"},
        {"prompt": "창가의 고양이가 잔다", "tags": ["night"], "favorite": True},
    ]
    return [(await uploaded(visitor, **one))["id"] for one in said]


@pytest.mark.parametrize(("query", "expected"), FILTERS, ids=str)
async def test_a_filter_finds_just_what_it_says(
    visitor: httpx.AsyncClient, four: list[str], query: dict[str, Any], expected: list[int]
) -> None:
    assert await listed(visitor, **query) == [four[n] for n in expected]


@pytest.mark.parametrize(("query", "expected"), FILTERS, ids=str)
async def test_counting_what_a_filter_finds_must_be_asked_for(
    visitor: httpx.AsyncClient, four: list[str], query: dict[str, Any], expected: list[int]
) -> None:
    if query != {"q": "  "}:  # which is no filter
        assert (await visitor.get("/api/v1/images", params=query)).json()["total"] is None
    answer = await visitor.get("/api/v1/images", params=query | {"count": "1", "size": "1"})
    assert answer.json()["total"] == len(expected)
    assert len(answer.json()["items"]) == min(1, len(expected))


async def test_status_and_kind_choose_the_list(visitor: httpx.AsyncClient) -> None:
    output = await uploaded(visitor)
    gone = await trashed(visitor)
    given = await uploaded(visitor, to="/api/v1/inputs/upload")
    control = await uploaded(visitor, to="/api/v1/controls/upload")
    assert await listed(visitor) == [output["id"]]
    assert await listed(visitor, status="trash") == [gone["id"]]
    assert await listed(visitor, kind="input") == [given["id"]]
    assert await listed(visitor, kind="control") == [control["id"]]
    assert (await visitor.get("/api/v1/images?kind=input")).json()["total"] == 1


DAYS = ["2026-03-13T23:59:59.999999Z", "2026-03-14T00:00:00Z", "2026-03-14T20:00:00Z"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"from_date": "2026-03-14"}, [2, 1]),
        ({"to_date": "2026-03-13"}, [0]),
        ({"from_date": "2026-03-14", "to_date": "2026-03-14"}, [2, 1]),
        ({"from_date": "2026-03-13", "to_date": "2026-03-14"}, [2, 1, 0]),
        ({"from_date": "2026-03-15"}, []),
        ({"from_date": "2026-03-15", "tz": "Asia/Seoul"}, [2]),
        ({"to_date": "2026-03-14", "tz": "Asia/Seoul"}, [1, 0]),
        ({"to_date": "2026-03-13", "tz": "America/Los_Angeles"}, [1, 0]),
        ({"from_date": "0001-01-01", "to_date": "9999-12-31"}, [2, 1, 0]),
    ],
    ids=str,
)
async def test_days_are_inclusive_and_of_the_time_zone(
    visitor: httpx.AsyncClient,
    service: httpx.AsyncClient,
    query: dict[str, str],
    expected: list[int],
) -> None:
    ids = await dated(service, visitor, *DAYS)
    assert await listed(visitor, **query) == [ids[n] for n in expected]


async def test_images_of_the_same_moment_are_ordered_by_id(
    visitor: httpx.AsyncClient, service: httpx.AsyncClient
) -> None:
    ids = await dated(service, visitor, *["2026-03-14T12:00:00Z"] * 4)
    assert await listed(visitor) == sorted(ids, reverse=True)
    first = (await visitor.get("/api/v1/images?cursor=&size=3")).json()
    assert await listed(visitor, cursor=first["next_cursor"]) == [min(ids)]


@pytest.mark.parametrize(
    "path",
    ["/api/v1/images", "/api/v1/images?tag=x", "/api/v1/images?status=trash", "/api/v1/inputs"],
)
async def test_a_list_that_has_not_changed_is_not_sent_again(
    visitor: httpx.AsyncClient, path: str
) -> None:
    await uploaded(visitor)
    first = await visitor.get(path)
    headers = {"if-none-match": first.headers["etag"]}
    again = await visitor.get(path, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    weak = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    assert (await visitor.get(path, headers=weak)).status_code == 304
    for place in ("/api/v1/images", "/api/v1/inputs/upload"):
        before = (await visitor.get(path)).headers["etag"]
        await uploaded(visitor, to=place)
        changed = await visitor.get(path, headers={"if-none-match": before})
        assert changed.status_code == 200


async def test_the_etag_of_a_list_is_of_its_owner_and_its_question(
    visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await uploaded(visitor)
    await uploaded(stranger)
    paths = ["/api/v1/images", "/api/v1/images?page=2", "/api/v1/trash", "/api/v1/trash?size=2"]
    tags = [(await who.get(path)).headers["etag"] for who in (visitor, stranger) for path in paths]
    assert len(set(tags)) == len(tags)


async def test_one_image_has_an_etag_that_changes_with_it(visitor: httpx.AsyncClient) -> None:
    url = f"/api/v1/images/{(await uploaded(visitor))['id']}"
    first = await visitor.get(url)
    headers = {"if-none-match": first.headers["etag"]}
    assert (await visitor.get(url, headers=headers)).status_code == 304
    await visitor.patch(url, json={"favorite": True})
    assert (await visitor.get(url, headers=headers)).status_code == 200
