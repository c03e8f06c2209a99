"""What an owner's images come to: the same filters as lists, and no work for who knows it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.http.site import Site, refused, uploaded

pytestmark = pytest.mark.anyio
TIMELINE, FACETS = "/api/v1/timeline", "/api/v1/facets"


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


@pytest.fixture
async def images(visitor: httpx.AsyncClient, service: httpx.AsyncClient) -> list[Any]:
    """Of three days, two of them in the night between two in Seoul."""
    owner = (await visitor.get("/api/v1/me")).json()["owner"]
    said: list[dict[str, Any]] = [
        {"created_at": "2026-03-13T20:00:00Z", "prompt": "a fox in snow", "tags": ["fox", "snow"]},
        {"created_at": "2026-03-14T02:00:00Z", "prompt": "눈 속의 여우", "tags": ["fox"]},
        {"created_at": "2026-03-20T12:00:00Z", "prompt": "a cat", "workflow_id": "portrait"},
        {"created_at": "2026-03-20T13:00:00Z", "prompt": "snow", "aspect_ratio": "16:9"},
    ]
    records = [await uploaded(service, owner=owner, **meta) for meta in said]
    for record in (records[0], records[3]):
        await visitor.patch(f"/api/v1/images/{record['id']}", json={"favorite": True})
    return records


FILTERED: list[tuple[dict[str, str], list[tuple[str, int]]]] = [
    ({"tag": "fox"}, [("2026-03-14", 1), ("2026-03-13", 1)]),
    ({"tag": "fox", "tz": "Asia/Seoul"}, [("2026-03-14", 2)]),
    ({"q": "snow"}, [("2026-03-20", 1), ("2026-03-13", 1)]),
    ({"q": "여우"}, [("2026-03-14", 1)]),
    ({"q": "snow -fox"}, [("2026-03-20", 1)]),
    ({"workflow_id": "portrait"}, [("2026-03-20", 1)]),
    ({"aspect_ratio": "16:9"}, [("2026-03-20", 1)]),
    ({"favorite": "1"}, [("2026-03-20", 1), ("2026-03-13", 1)]),
    ({"favorite": "0"}, [("2026-03-20", 1), ("2026-03-14", 1)]),
    ({"from_date": "2026-03-14"}, [("2026-03-20", 2), ("2026-03-14", 1)]),
    ({"from_date": "2026-03-14", "to_date": "2026-03-14", "tz": "Asia/Seoul"},
     [("2026-03-14", 2)]),
    ({"from_date": "2026-03-14", "q": "a", "favorite": "0"}, [("2026-03-20", 1)]),
    ({"tag": "wolf"}, []),
    ({"status": "trash"}, []),
    ({"kind": "input"}, []),
]  # fmt: skip


@pytest.mark.usefixtures("images")
async def test_the_timeline_counts_the_days_of_what_a_list_finds(
    visitor: httpx.AsyncClient,
) -> None:
    for asked, expected in FILTERED:
        response = await visitor.get(TIMELINE, params=asked)
        assert response.status_code == 200, response.text
        days = [(day["date"], day["count"]) for day in response.json()["days"]]
        assert days == expected, asked
        page = await visitor.get("/api/v1/images", params=asked | {"count": "1"})
        assert page.json()["total"] == sum(count for _, count in expected), asked


async def test_the_timeline_knows_the_trash(visitor: httpx.AsyncClient, images: list[Any]) -> None:
    await visitor.post(f"/api/v1/images/{images[2]['id']}/delete")
    answer = (await visitor.get(TIMELINE, params={"status": "trash"})).json()
    assert answer["days"] == [{"date": "2026-03-20", "count": 1}]


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("path", [TIMELINE, f"{TIMELINE}?q=snow&tz=Asia/Seoul", FACETS])
async def test_who_knows_the_answer_is_told_so(
    visitor: httpx.AsyncClient, stranger: httpx.AsyncClient, path: str
) -> None:
    first = await visitor.get(path)
    headers = {"if-none-match": first.headers["etag"]}
    again = await visitor.get(path, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert (await visitor.get(f"{TIMELINE}?q=fox", headers=headers)).status_code == 200
    assert (await stranger.get(path, headers=headers)).status_code == 200
    await uploaded(visitor, prompt="more snow")
    later = await visitor.get(path, headers=headers)
    assert later.status_code == 200
    assert later.content != first.content


@pytest.mark.parametrize("asked", ["page=1", "cursor=", "count=1", "tz=Mars", "tag=a&tag=b"])
async def test_the_timeline_takes_filters_and_nothing_else(
    visitor: httpx.AsyncClient, asked: str
) -> None:
    refused(await visitor.get(f"{TIMELINE}?{asked}"), 400, "bad_parameter")


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(("asked", "count"), [({}, 4), ({"tag": "fox"}, 2), ({"q": "wolf"}, 0)])
async def test_a_count_comes_with_the_bytes_of_what_it_counts(
    visitor: httpx.AsyncClient, asked: dict[str, str], count: int
) -> None:
    page = (await visitor.get("/api/v1/images", params=asked | {"size": "1"})).json()
    assert "bytes" not in page
    page = (await visitor.get("/api/v1/images", params=asked | {"size": "1", "count": "1"})).json()
    every = (await visitor.get("/api/v1/images", params=asked)).json()["items"]
    assert (page["total"], page["bytes"]) == (count, sum(item["bytes"] for item in every))


@pytest.mark.usefixtures("images")
async def test_facets_say_what_can_be_filtered_by(
    visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    answer = (await visitor.get(FACETS)).json()
    ratios = answer.pop("aspect_ratios")
    assert answer == {
        "images": 4,
        "complete": True,
        "favorites": 2,
        "tags": [{"name": "fox", "count": 2}, {"name": "snow", "count": 1}],
        "workflows": [{"name": "portrait", "count": 1}],
    }
    for name, count in ((ratio["name"], ratio["count"]) for ratio in ratios):
        asked = {"aspect_ratio": name, "count": "1"}
        assert (await visitor.get("/api/v1/images", params=asked)).json()["total"] == count
    assert (await visitor.get(f"{FACETS}?kind=input")).json()["images"] == 0
    assert (await stranger.get(FACETS)).json()["tags"] == []
    refused(await visitor.get(f"{FACETS}?tag=fox"), 400, "bad_parameter")
