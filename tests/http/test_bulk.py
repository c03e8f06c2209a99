"""Changes of many images in one request, how far they are, and their undo."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.http.site import Site, listed, refused, trashed, uploaded

pytestmark = pytest.mark.anyio

OP = "0" * 31 + "7"
BULK = "/api/v1/images/bulk"


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


async def several(client: httpx.AsyncClient, count: int, **said: Any) -> list[str]:
    return [(await uploaded(client, **said))["id"] for _ in range(count)]


async def changed(client: httpx.AsyncClient, **wanted: Any) -> Any:
    response = await client.post(BULK, json=wanted)
    assert response.status_code == 200, response.text
    return response.json()


async def test_images_of_every_kind_are_changed_by_their_ids(visitor: httpx.AsyncClient) -> None:
    output = (await uploaded(visitor))["id"]
    control = (await uploaded(visitor, to="/api/v1/controls/upload"))["id"]
    gone = (await trashed(visitor))["id"]
    ids = [control, gone, "f" * 32, output]
    assert await changed(visitor, ids=ids, action="delete", op=OP) == {
        "op": OP,
        "action": "delete",
        "total": 4,
        "done": 2,
        "unchanged": 1,
        "not_found": 1,
        "failed": 0,
        "finished": True,
        "outcomes": [
            {"id": control, "outcome": "done", "rev": 2},
            {"id": gone, "outcome": "unchanged", "rev": 2},
            {"id": "f" * 32, "outcome": "not_found", "rev": None},
            {"id": output, "outcome": "done", "rev": 2},
        ],
    }
    assert await listed(visitor) == []
    assert len(await listed(visitor, "/api/v1/trash")) == 3


async def test_an_undo_says_of_each_item_what_became_of_it(visitor: httpx.AsyncClient) -> None:
    ids = await several(visitor, 3)
    assert (await visitor.post(f"/api/v1/images/{ids[2]}/delete")).status_code == 200
    await changed(visitor, ids=ids, action="delete", op=OP)
    await visitor.patch(f"/api/v1/images/{ids[1]}", json={"favorite": True})
    response = await visitor.post(f"/api/v1/ops/{OP}/undo")
    assert response.status_code == 200
    assert response.json() == {
        "op": OP,
        "action": "delete",
        "total": 3,
        "undone": 1,
        "changed": 1,
        "gone": 0,
        "unchanged": 1,
        "failed": 0,
        "finished": True,
        "outcomes": [
            {"id": ids[0], "outcome": "undone", "rev": 3},
            {"id": ids[1], "outcome": "changed", "rev": 3},
            {"id": ids[2], "outcome": "unchanged", "rev": 2},
        ],
    }
    assert await listed(visitor) == [ids[0]]
    again = await visitor.post(f"/api/v1/ops/{OP}/undo")
    assert again.json() == response.json()


async def test_what_another_undo_gave_back_can_be_undone_further(
    visitor: httpx.AsyncClient,
) -> None:
    ids = await several(visitor, 2)
    await changed(visitor, ids=ids, action="tag", tags=["fox"], op=OP)
    deleted = await changed(visitor, ids=ids, action="delete")
    for op in (deleted["op"], OP):
        response = await visitor.post(f"/api/v1/ops/{op}/undo", json={"as_left": True})
        assert (response.json()["undone"], response.json()["changed"]) == (2, 0)
    for id_ in ids:
        image = (await visitor.get(f"/api/v1/images/{id_}")).json()
        assert (image["status"], image["tags"], image["rev"]) == ("active", [], 5)


async def test_the_server_makes_an_id_where_the_client_has_none(visitor: httpx.AsyncClient) -> None:
    ids = await several(visitor, 2)
    first = await changed(visitor, ids=ids, action="favorite")
    second = await changed(visitor, ids=ids, action="favorite")
    assert first["op"] != second["op"]
    assert (first["done"], second["unchanged"]) == (2, 2)
    assert (await visitor.get(f"/api/v1/ops/{first['op']}")).json() == first


async def test_the_same_request_again_gets_the_same_answer(visitor: httpx.AsyncClient) -> None:
    ids = await several(visitor, 2)
    first = await changed(visitor, ids=ids, action="tag", tags=["x"], op=OP)
    await visitor.patch(f"/api/v1/images/{ids[0]}", json={"tags": []})
    assert await changed(visitor, ids=ids, action="tag", tags=["x"], op=OP) == first
    assert (await visitor.get(f"/api/v1/images/{ids[0]}")).json()["tags"] == []
    other = await visitor.post(BULK, json={"ids": ids, "action": "tag", "tags": ["y"], "op": OP})
    refused(other, 422, "key_reused")


async def test_a_filter_is_that_of_a_list(visitor: httpx.AsyncClient) -> None:
    red = await several(visitor, 2, prompt="a red fox")
    await several(visitor, 2, prompt="a red cat", tags=["keep"])
    control = (await uploaded(visitor, to="/api/v1/controls/upload"))["id"]
    wanted = {"q": "red -cat", "from_date": "2020-01-01", "tz": "Asia/Seoul"}
    report = await changed(visitor, filter=wanted, action="delete")
    assert {item["id"] for item in report["outcomes"]} == set(red)
    assert report["done"] == 2
    back = await changed(visitor, filter={"status": "trash"}, action="restore")
    assert {item["id"] for item in back["outcomes"]} == set(red)
    loved = await changed(visitor, filter={"kind": "control"}, action="favorite", value=True)
    assert [item["id"] for item in loved["outcomes"]] == [control]
    assert (await changed(visitor, filter={}, action="untag", tags=["keep"]))["done"] == 2
    assert (await changed(visitor, filter={"tag": "keep"}, action="delete"))["total"] == 0


async def test_others_neither_see_nor_change_what_is_mine(
    visitor: httpx.AsyncClient, stranger: httpx.AsyncClient, site: Site
) -> None:
    ids = await several(visitor, 1)
    await changed(visitor, ids=ids, action="favorite", op=OP)
    await uploaded(stranger)
    async with site.client() as nobody:
        for other in (stranger, nobody):
            report = await changed(other, ids=ids, action="delete")
            assert report["outcomes"] == [{"id": ids[0], "outcome": "not_found", "rev": None}]
            refused(await other.get(f"/api/v1/ops/{OP}"), 404, "unknown_operation")
            refused(await other.post(f"/api/v1/ops/{OP}/undo"), 404, "unknown_operation")
        assert (await changed(nobody, filter={}, action="delete"))["total"] == 0
    refused(await visitor.get("/api/v1/ops/manifest"), 404, "unknown_operation")
    assert await listed(visitor) == ids


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"action": "delete"},
        {"ids": [OP]},
        {"ids": [], "action": "delete"},
        {"ids": [OP], "filter": {}, "action": "delete"},
        {"ids": [OP] * 10_001, "action": "delete"},
        {"ids": ["../../etc"], "action": "delete"},
        {"ids": [OP], "action": "purge"},
        {"ids": [OP], "action": "tag"},
        {"ids": [OP], "action": "tag", "tags": []},
        {"ids": [OP], "action": "delete", "tags": ["x"]},
        {"ids": [OP], "action": "delete", "value": True},
        {"ids": [OP], "action": "favorite", "value": 1},
        {"ids": [OP], "action": "favorite", "tags": ["x"]},
        {"ids": [OP], "action": "delete", "op": "mine"},
        {"ids": [OP], "action": "delete", "more": 1},
        {"filter": {"page": 2}, "action": "delete"},
        {"filter": {"favorite": "1"}, "action": "delete"},
        {"filter": {"from_date": "yesterday"}, "action": "delete"},
        {"filter": {"from_date": 0}, "action": "delete"},
    ],
)
async def test_what_does_not_fit_together_is_refused(
    visitor: httpx.AsyncClient, wanted: dict[str, Any]
) -> None:
    ids = await several(visitor, 1)
    refused(await visitor.post(BULK, json=wanted), 400, "bad_body")
    assert await listed(visitor) == ids


@pytest.mark.parametrize(
    "wanted",
    [{"tz": "Middle/Earth"}, {"from_date": "2026-03-02", "to_date": "2026-03-01"}],
)
async def test_a_filter_that_means_nothing_is_refused(
    visitor: httpx.AsyncClient, wanted: dict[str, Any]
) -> None:
    response = await visitor.post(BULK, json={"filter": wanted, "action": "delete"})
    refused(response, 400, "bad_parameter")


async def test_a_page_of_another_site_can_neither_change_nor_undo(
    visitor: httpx.AsyncClient,
) -> None:
    ids = await several(visitor, 1)
    await changed(visitor, ids=ids, action="favorite", op=OP)
    foreign = {"origin": "https://elsewhere.test"}
    wanted = {"ids": ids, "action": "delete"}
    refused(await visitor.post(BULK, json=wanted, headers=foreign), 403, "foreign_origin")
    undo = await visitor.post(f"/api/v1/ops/{OP}/undo", headers=foreign)
    refused(undo, 403, "foreign_origin")


async def test_many_bulk_changes_at_once_keep_nobody_else_waiting(
    site: Site, visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    """Five operations wait for an owner's lock; somebody else's edit and upload go through."""
    owner = (await visitor.get("/api/v1/me")).json()["owner"]
    ids = await several(visitor, 2)
    theirs = (await several(stranger, 1))[0]
    lock = site.app.library.catalog.lock(owner)
    await asyncio.to_thread(lock.__enter__)
    try:
        waiting = [
            asyncio.create_task(changed(visitor, ids=ids, action="tag", tags=[str(n)]))
            for n in range(5)
        ]
        edit = await stranger.patch(f"/api/v1/images/{theirs}", json={"favorite": True})
        assert edit.status_code == 200
        await several(stranger, 1)
        assert not any(task.done() for task in waiting)
    finally:
        await asyncio.to_thread(lock.__exit__, None, None, None)
    assert [report["done"] for report in await asyncio.gather(*waiting)] == [2] * 5
    assert len((await visitor.get(f"/api/v1/images/{ids[0]}")).json()["tags"]) == 5
