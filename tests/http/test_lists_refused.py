"""What lists and edits don't understand is refused, by name."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import httpx
import pytest

from gallery.api import operation
from tests.http.site import Site, refused, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


BAD_PARAMETERS = [
    "page=0", "page=-1", "page=x", "page=", "page=10000001", "page=1&page=2", "page=1.5",
    "size=0", "size=201", "size=ten", "status=gone", "kind=outputs", "kind=", "count=maybe",
    "favorite=perhaps", "favorite=", "aspect_ratio=wide", "aspect_ratio=4", "workflow_id=",
    "from_date=yesterday", "from_date=2026-13-01", "from_date=2026-02-30", "from_date=20260101",
    "from_date=0", "from_date=1700000000", "from_date=2026-01-01T00:00:00", "to_date=",
    "from_date=2026-02-01&to_date=2026-01-01", "tz=Mars/Olympus", "tz=..%2F..%2Fetc%2Fpasswd",
    "tz=", "tz=%00", "tz=UTC&tz=UTC", "unknown=1", "tags=x", "tag=%ff", "q=%ed%a0%80", "q=%00%FF",
]  # fmt: skip
BAD_CURSORS = ["x", "%00", "Y3Jvb2tlZA", "a" * 150, "고양이", "====", "Y2Zm"]


@pytest.mark.parametrize("query", BAD_PARAMETERS)
async def test_a_parameter_that_is_not_understood_is_refused(
    visitor: httpx.AsyncClient, query: str
) -> None:
    refused(await visitor.get(f"/api/v1/images?{query}"), 400, "bad_parameter")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/trash?page=0", "/api/v1/trash?favorite=1", "/api/v1/inputs?kind=input",
     "/api/v1/controls?size=0", "/api/v1/timeline?tz=Mars", "/api/v1/timeline?page=1"],
)  # fmt: skip
async def test_other_lists_refuse_what_is_not_theirs(visitor: httpx.AsyncClient, path: str) -> None:
    refused(await visitor.get(path), 400, "bad_parameter")


@pytest.mark.parametrize("cursor", BAD_CURSORS)
@pytest.mark.parametrize("path", ["/api/v1/images", "/api/v1/trash", "/api/v1/inputs"])
async def test_a_cursor_from_elsewhere_is_refused(
    visitor: httpx.AsyncClient, path: str, cursor: str
) -> None:
    refused(await visitor.get(f"{path}?cursor={cursor}"), 400, "bad_cursor")


@pytest.mark.parametrize("at", ["f" * 20, "8000000000000000", "7fffffffffffffff", "-1"])
@pytest.mark.parametrize(("path", "order"), [("/api/v1/images", "c"), ("/api/v1/trash", "d")])
async def test_a_cursor_of_a_time_that_no_image_has_is_refused(
    visitor: httpx.AsyncClient, path: str, order: str, at: str
) -> None:
    await uploaded(visitor)
    made_up = base64.urlsafe_b64encode(f"{order}{at}.{'0' * 32}".encode()).decode().rstrip("=")
    refused(await visitor.get(f"{path}?cursor={made_up}"), 400, "bad_cursor")


async def test_a_cursor_of_another_order_is_refused(visitor: httpx.AsyncClient) -> None:
    for _ in range(2):
        await uploaded(visitor)
    cursor = (await visitor.get("/api/v1/images?size=1")).json()["next_cursor"]
    refused(await visitor.get(f"/api/v1/trash?cursor={cursor}"), 400, "bad_cursor")


async def test_who_has_no_cookie_is_told_of_bad_parameters_too(site: Site) -> None:
    async with site.client() as client:
        refused(await client.get("/api/v1/images?page=0"), 400, "bad_parameter")
        refused(await client.get("/api/v1/trash?cursor=x"), 400, "bad_cursor")


@pytest.mark.parametrize("id", ["0" * 32, "f" * 31, "F" * 32, "..%2Fx", "%00", "g" * 32, "고"])
async def test_an_unknown_id_is_404_on_every_route(visitor: httpx.AsyncClient, id: str) -> None:
    one = f"/api/v1/images/{id}"
    for answer in [
        await visitor.get(one),
        await visitor.patch(one, json={"favorite": True}),
        *[await visitor.post(f"{one}/{verb}") for verb in ("delete", "restore", "purge")],
        *[await visitor.post(f"/api/v1/inputs/{id}/{verb}") for verb in ("delete", "restore")],
    ]:
        assert answer.status_code == 404
        assert answer.json()["code"] in ("unknown_image", "unknown_path")


BAD_EDITS = [
    b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"tags": "x"}', b'{"tags": [""]}',
    b'{"tags": [1]}', b'{"favorite": "maybe"}', b'{"prompt": "x"}', b'{"status": "trash"}',
    b'{"tags": ["' + b"x" * 101 + b'"]}', b'{"tags": [' + b'"x",' * 100 + b'"y"]}',
    b'{"tags": ["\\ud800"]}', b"NaN", b"[" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_EDITS, ids=lambda body: body[:20].decode("latin-1"))
async def test_an_edit_that_is_not_understood_changes_nothing(
    site: Site, visitor: httpx.AsyncClient, body: bytes
) -> None:
    record = await uploaded(visitor, tags=["kept"])
    before = site.kept()
    refused(await visitor.patch(f"/api/v1/images/{record['id']}", content=body), 400, "bad_body")
    assert site.kept() == before


async def test_a_body_beyond_a_mebibyte_is_refused(visitor: httpx.AsyncClient) -> None:
    url = f"/api/v1/images/{(await uploaded(visitor))['id']}"
    refused(await visitor.patch(url, content=b" " * (1 << 20) + b"{}"), 413, "too_large")


@pytest.mark.parametrize("match", ['"2-00000000"', "x", '""', '"1-', "W/x"])
async def test_an_edit_of_another_version_is_refused(
    site: Site, visitor: httpx.AsyncClient, match: str
) -> None:
    url = f"/api/v1/images/{(await uploaded(visitor))['id']}"
    before = site.kept()
    answer = await visitor.patch(url, json={"favorite": True}, headers={"if-match": match})
    refused(answer, 412, "precondition_failed")
    assert site.kept() == before


async def test_an_edit_of_the_version_that_was_seen_is_made(visitor: httpx.AsyncClient) -> None:
    url = f"/api/v1/images/{(await uploaded(visitor))['id']}"
    seen = (await visitor.get(url)).headers["etag"]
    headers = {"if-match": seen}
    edited = await visitor.patch(url, json={"tags": ["a", "a", "b"]}, headers=headers)
    assert (edited.json()["tags"], edited.json()["rev"]) == (["a", "b"], 2)
    assert edited.headers["etag"] == (await visitor.get(url)).headers["etag"] != seen
    refused(
        await visitor.patch(url, json={"tags": []}, headers=headers), 412, "precondition_failed"
    )
    assert (await visitor.patch(url, json={}, headers={"if-match": "*"})).json()["rev"] == 2


async def test_a_json_body_that_stops_coming_is_given_up(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    monkeypatch.setattr(operation, "JSON_SECONDS", 0.05)
    answer = await visitor.post("/api/v1/trash/empty", content=stalling())
    refused(answer, 408, "body_timeout")
    assert answer.headers["connection"] == "close"
