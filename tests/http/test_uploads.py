"""Taking images in: what is kept of them, and what is said of them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

import httpx
import orjson
import pytest

from gallery.keys import parse
from tests import images
from tests.homes import Home
from tests.http.site import SERVICE_TOKEN, Site, listed, refused, upload, uploaded

pytestmark = [pytest.mark.anyio, pytest.mark.each_store]


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


FORMATS = {
    "image/png": (images.png(), "png"),
    "image/jpeg": (images.jpeg(), "jpg"),
    "image/webp": (images.webp(), "webp"),
}


@pytest.mark.parametrize("mime", FORMATS)
async def test_an_image_is_kept_byte_for_byte_under_the_name_its_record_gives(
    site: Site, visitor: httpx.AsyncClient, mime: str
) -> None:
    data, ext = FORMATS[mime]
    response = await upload(visitor, data)
    record = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/api/v1/images/{record['id']}"
    assert record["url"].endswith(f"/{record['id']}.{ext}")
    assert site.read(record["url"]) == data
    assert record["sha256"] == hashlib.sha256(data).hexdigest()
    assert (record["mime"], record["bytes"], record["width"], record["height"]) == (
        *(mime, len(data), 64, 48),
    )
    key = parse(record["thumb"])
    assert key is not None
    assert site.read(record["thumb_url"])[8:12] == b"WEBP"
    sidecar = orjson.loads(site.read(record["url"], suffix=".json"))
    assert sidecar.items() <= record.items()


@pytest.mark.parametrize("name", ["x.webp", "x.exe", "", "x", "../../x.png", "a\\b\\c.gif"])
async def test_the_content_says_what_an_image_is_and_not_its_name(
    visitor: httpx.AsyncClient, name: str
) -> None:
    files = {"file": (name or None, images.jpeg(), "application/x-php")}
    record = (await visitor.post("/api/v1/images", files=files)).json()
    assert record["mime"] == "image/jpeg"
    assert record["original_filename"] in (name or None, "x.png", "c.gif")


async def test_all_that_is_said_of_an_image_is_kept(visitor: httpx.AsyncClient) -> None:
    said: dict[str, Any] = {
        "prompt": "창가의 고양이 🐈",
        "negative_prompt": "blurry",
        "seed": 2**64 - 1,
        "model": "a model",
        "source": "comfyui",
        "workflow_id": "portrait",
        "aspect_ratio": "16:9",
        "tags": ["a", "b"],
        "favorite": True,
        "job_id": "job 7",
        "parents": ["a" * 32],
    }
    record = await uploaded(visitor, **said)
    assert said.items() <= record.items()
    assert (record["status"], record["rev"], record["deleted_at"]) == ("active", 1, None)


async def test_what_the_file_says_fills_in_what_the_uploader_left_out(
    visitor: httpx.AsyncClient,
) -> None:
    data = images.png(text={"parameters": images.A1111})
    record = await uploaded(visitor, data)
    assert record["prompt"].startswith("a red bridge")
    assert record["negative_prompt"] == "blurry, text"
    assert (record["seed"], record["source"]) == (1234567890, "a1111")


async def test_what_the_file_says_overrides_nothing(visitor: httpx.AsyncClient) -> None:
    data = images.png(text={"parameters": images.A1111})
    record = await uploaded(visitor, data, prompt="", seed=0, model="mine")
    assert (record["prompt"], record["seed"], record["model"]) == ("", 0, "mine")
    assert record["negative_prompt"] is None if "negative_prompt" in record else True
    assert record["source"] == "a1111"


async def test_the_same_image_twice_is_two_images(visitor: httpx.AsyncClient) -> None:
    first, second = await uploaded(visitor), await uploaded(visitor)
    assert first["id"] != second["id"]
    assert len(await listed(visitor)) == 2


async def test_many_uploads_at_once_are_all_kept(visitor: httpx.AsyncClient) -> None:
    records = await asyncio.gather(*(uploaded(visitor, seed=n) for n in range(12)))
    page = (await visitor.get("/api/v1/images")).json()
    assert {item["id"] for item in page["items"]} == {record["id"] for record in records}
    assert page["total"] == 12


async def test_no_spool_is_left_behind(site: Site, visitor: httpx.AsyncClient) -> None:
    await uploaded(visitor)
    assert list((site.outputs / ".gallery" / "incoming").iterdir()) == []


async def test_fewer_uploads_than_come_are_taken_at_the_same_time(home: Home) -> None:
    async with home.site(uploads=1).running() as site, site.client() as client:
        await client.get("/api/v1/me")
        await asyncio.gather(*(uploaded(client) for _ in range(4)))
        assert len(await listed(client)) == 4


# -- the service role -----------------------------------------------------------------------


@pytest.mark.parametrize("owner", ["member-1", "m", "anon-" + "a" * 32, "a" * 64, "0_-"])
async def test_a_service_uploads_for_the_owner_it_names(
    service: httpx.AsyncClient, owner: str
) -> None:
    response = await upload(service, owner=owner)
    assert response.json()["owner"] == owner
    assert "set-cookie" not in response.headers


async def test_an_administrator_may_upload_like_a_service(admin: httpx.AsyncClient) -> None:
    assert (await uploaded(admin, owner="member-1"))["owner"] == "member-1"


@pytest.mark.parametrize("owner", ["", "anon-x", "A", "../x", "-x", "a" * 65, "고양이", "\0"])
async def test_a_service_cannot_name_what_is_no_owner(
    site: Site, service: httpx.AsyncClient, owner: str
) -> None:
    before = site.kept()
    refused(await upload(service, owner=owner), 400, "bad_owner")
    assert site.kept() == before


async def test_a_service_must_name_an_owner(service: httpx.AsyncClient) -> None:
    refused(await upload(service), 400, "bad_owner")


async def test_a_visitor_names_no_owner_and_no_time(site: Site, visitor: httpx.AsyncClient) -> None:
    before = site.kept()
    refused(await upload(visitor, owner="member-1"), 403, "wrong_role")
    refused(await upload(visitor, created_at="2026-01-01T00:00:00Z"), 403, "wrong_role")
    assert site.kept() == before


@pytest.mark.parametrize("token", ["wrong", SERVICE_TOKEN + "x", SERVICE_TOKEN[:-1], ""])
async def test_an_upload_with_a_wrong_token_is_refused(site: Site, token: str) -> None:
    async with site.client(authorization=f"Bearer {token}") as client:
        answer = await upload(client, owner="member-1")
    refused(answer, 401, "bad_token")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_role_without_a_token_is_off(home: Home) -> None:
    async with home.site(service_token=None, admin_token=None).running() as site:
        for token in (SERVICE_TOKEN, "", "None"):
            async with site.client(authorization=f"Bearer {token}") as client:
                refused(await upload(client, owner="member-1"), 401, "bad_token")
                refused(await client.get("/api/v1/admin/users"), 401, "bad_token")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-03-14T12:00:00Z", "2026-03-14T12:00:00.000000Z"),
        ("2026-03-14T12:00:00.5", "2026-03-14T12:00:00.500000Z"),
        ("2026-03-14T00:30:00+09:00", "2026-03-13T15:30:00.000000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
    ],
)
async def test_a_service_may_say_when_an_image_was_made(
    service: httpx.AsyncClient, said: str, kept: str
) -> None:
    record = await uploaded(service, owner="member-1", created_at=said)
    assert record["created_at"] == kept
    assert kept[:10].replace("-", "/") in record["url"]


@pytest.mark.parametrize(
    "said", ["0900-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
             "9999-12-31T23:59:59-14:00", "yesterday", "1700000000", "2026-01-01", ""]
)  # fmt: skip
async def test_a_time_that_cannot_be_is_refused(service: httpx.AsyncClient, said: str) -> None:
    refused(await upload(service, owner="member-1", created_at=said), 400, "bad_meta")


async def test_a_time_more_than_a_day_ahead_becomes_now(service: httpx.AsyncClient) -> None:
    def written(seconds: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))

    soon, late = written(23 * 3600), written(25 * 3600)
    first = await uploaded(service, owner="member-1", created_at=soon)
    second = await uploaded(service, owner="member-1", created_at=late)
    assert first["created_at"][:19] == soon[:19]
    assert written(-60) <= second["created_at"] <= written(60)
