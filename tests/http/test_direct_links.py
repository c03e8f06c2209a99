"""Items of a list that carry links past the server, for whoever asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http.site import Site, refused, trashed, uploaded
from tests.services.proxy import Proxy
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio

LISTS = ["/api/v1/images", "/api/v1/trash", "/api/v1/inputs", "/api/v1/controls"]


@pytest.fixture
async def site(tmp_path: Path, store: Store, proxy: Proxy) -> AsyncIterator[Site]:
    with store.reached(proxy.port):
        async with Site(tmp_path, store=store, delivery="presigned").running() as site:
            yield site


async def one_in(client: httpx.AsyncClient, path: str) -> Any:
    """The record of an image that this list shows."""
    if path.endswith("trash"):
        return await trashed(client)
    return await uploaded(client, to=path if path.endswith("images") else f"{path}/upload")


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_gives_links_that_work_to_who_asks_for_them(
    site: Site, visitor: httpx.AsyncClient, path: str
) -> None:
    record = await one_in(visitor, path)
    [item] = (await visitor.get(f"{path}?links=direct")).json()["items"]
    async with httpx.AsyncClient() as plain:
        for name in ("url", "thumb_url"):
            answer = await plain.get(item.pop(f"direct_{name}"))
            assert answer.content == site.read(record[name])
    assert item == record == (await visitor.get(path)).json()["items"][0]


async def test_an_image_alone_has_them_too_and_the_same(visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor)
    [item] = (await visitor.get("/api/v1/images?links=direct")).json()["items"]
    answer = await visitor.get(f"/api/v1/images/{record['id']}?links=direct")
    assert answer.json() == item
    assert (await visitor.get(record["url"])).headers["location"] == item["direct_url"]
    plain = await visitor.get(f"/api/v1/images/{record['id']}")
    assert plain.headers["etag"] == answer.headers["etag"]


async def test_links_go_bad_though_no_image_changes_so_nobody_keeps_them(
    visitor: httpx.AsyncClient,
) -> None:
    record = await uploaded(visitor)
    for path in (*LISTS, f"/api/v1/images/{record['id']}"):
        answer = await visitor.get(f"{path}?links=direct", headers={"if-none-match": "*"})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        ordinary = await visitor.get(path)
        assert ordinary.headers["cache-control"] == "private, no-cache"
        same = {"if-none-match": ordinary.headers["etag"]}
        assert (await visitor.get(path, headers=same)).status_code == 304
        assert (await visitor.get(f"{path}?links=direct", headers=same)).status_code == 200
    assert "etag" not in (await visitor.get("/api/v1/images?links=direct")).headers


async def test_pages_with_links_go_on_as_others_do(visitor: httpx.AsyncClient) -> None:
    ids = [(await uploaded(visitor))["id"] for _ in range(3)][::-1]
    query = {"links": "direct", "size": "2", "cursor": ""}
    first = (await visitor.get("/api/v1/images", params=query)).json()
    query["cursor"] = first["next_cursor"]
    second = (await visitor.get("/api/v1/images", params=query)).json()
    found = [*first["items"], *second["items"]]
    assert [item["id"] for item in found] == ids
    assert len({item["direct_url"] for item in found}) == 3
    assert second["next_cursor"] is None


async def test_a_word_to_look_for_is_no_wish_for_links(visitor: httpx.AsyncClient) -> None:
    await uploaded(visitor, prompt="links=direct")
    [item] = (await visitor.get("/api/v1/images?q=links=direct")).json()["items"]
    assert "direct_url" not in item


@pytest.mark.parametrize("path", [*LISTS, f"/api/v1/images/{'a' * 32}"])
async def test_other_links_are_refused(visitor: httpx.AsyncClient, path: str) -> None:
    refused(await visitor.get(f"{path}?links=1"), 400, "bad_parameter")


async def test_somebody_unknown_gets_an_empty_page(site: Site) -> None:
    async with site.client() as nobody:
        assert (await nobody.get("/api/v1/images?links=direct")).json()["items"] == []


async def test_a_list_goes_on_without_links_when_the_bucket_is_away(
    visitor: httpx.AsyncClient, proxy: Proxy
) -> None:
    record = await uploaded(visitor)
    with proxy.cut():
        asking = {"if-none-match": "*"}
        refused(await visitor.get(record["url"], headers=asking), 503, "unavailable")
        [item] = (await visitor.get("/api/v1/images?links=direct")).json()["items"]
        assert item == record


async def test_a_server_that_sends_all_itself_has_none(tmp_path: Path) -> None:
    async with Site(tmp_path / "files").running() as site, site.client() as client:
        record = await uploaded(client)
        for path in ("/api/v1/images", f"/api/v1/images/{record['id']}"):
            ordinary = await client.get(path)
            answer = await client.get(f"{path}?links=direct")
            assert answer.json() == ordinary.json()
            assert answer.headers["cache-control"] == "private, no-cache"
            assert "etag" in answer.headers
