"""Uploads in three steps: announced, put without a cookie, confirmed."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import httpx
import pytest

from tests import images
from tests.http.direct import (
    PNG,
    SALT,
    SAME_SIZE,
    announced,
    confirm,
    confirmed,
    is_by_the_server,
    owner_of,
    put,
    sent,
    waiting,
)
from tests.http.site import Site, listed, refused, signed

pytestmark = pytest.mark.anyio
OTHER = images.png(seed=1)


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


def is_compared(to: Any) -> bool:
    """Whether what takes the body has a look at its sha256."""
    return is_by_the_server(to) or "x-amz-checksum-sha256" in to["headers"]


async def test_what_was_announced_put_and_confirmed_is_an_image(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    to = await announced(visitor, OTHER, name="C:\\pictures\\fox.png")
    assert to["method"] == "PUT"
    assert to["headers"]["content-type"] == "image/png"
    assert (await put(site, to, OTHER)).status_code in (200, 204)
    response = await confirm(visitor, to, prompt="a fox", seed=7, tags=["fox"], parents=["a" * 32])
    record = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/api/v1/images/{record['id']}"
    assert "idempotency-replayed" not in response.headers
    assert (record["prompt"], record["seed"], record["tags"]) == ("a fox", 7, ["fox"])
    assert (record["original_filename"], record["parents"]) == ("fox.png", ["a" * 32])
    assert record["sha256"] == hashlib.sha256(OTHER).hexdigest()
    assert (record["bytes"], record["mime"], record["kind"]) == (len(OTHER), "image/png", "output")
    assert site.read(record["url"]) == OTHER
    assert (await visitor.get(record["url"])).content == OTHER
    assert (await visitor.get(record["thumb_url"])).status_code == 200
    assert await listed(visitor) == [record["id"]]
    assert waiting(site, record["owner"]) == []
    assert list((site.outputs / ".gallery" / "incoming").iterdir()) == []


@pytest.mark.parametrize("kind", ["input", "control"])
async def test_an_upload_goes_into_the_drawer_that_was_announced(
    site: Site, visitor: httpx.AsyncClient, kind: str
) -> None:
    record = await confirmed(visitor, await sent(site, visitor, kind=kind))
    assert await listed(visitor, f"/api/v1/{kind}s") == [record["id"]]
    assert await listed(visitor) == []


@pytest.mark.parametrize(
    ("mime", "data"), [("image/jpeg", images.jpeg()), ("image/webp", images.webp())]
)
async def test_every_format_can_be_sent(
    site: Site, visitor: httpx.AsyncClient, mime: str, data: bytes
) -> None:
    record = await confirmed(visitor, await sent(site, visitor, data, type=mime))
    assert (record["mime"], site.read(record["url"])) == (mime, data)


async def test_announcing_makes_somebody_of_a_newcomer(site: Site) -> None:
    async with site.client() as client:
        to = await sent(site, client)
        assert (await confirmed(client, to))["owner"] == await owner_of(client)


async def test_what_is_not_confirmed_is_nowhere(
    site: Site, visitor: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    owner = await owner_of(visitor)
    await sent(site, visitor)
    (name,) = waiting(site, owner)
    assert await listed(visitor) == []
    me = (await visitor.get("/api/v1/me")).json()
    assert (me["count"], me["bytes"]) == (0, 0)
    for client in (visitor, admin):
        refused(await client.get(f"/outputs/{name}"), 404, "unknown_image")


async def test_an_image_has_the_time_at_which_it_was_announced(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    first, second = await sent(site, visitor), await sent(site, visitor)
    later = await confirmed(visitor, second)
    earlier = await confirmed(visitor, first)
    assert earlier["created_at"] < later["created_at"]
    assert await listed(visitor) == [later["id"], earlier["id"]]


# -- what is put ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [SAME_SIZE, PNG + b"\0", PNG[:-1], b""], ids=["other", "longer", "shorter", "none"]
)
async def test_another_body_than_was_announced_is_refused_and_a_retry_may_bring_the_right_one(
    site: Site, visitor: httpx.AsyncClient, data: bytes
) -> None:
    owner = await owner_of(visitor)
    to = await announced(visitor)
    answer = await put(site, to, data)
    if data == SAME_SIZE and not is_compared(to):
        refused(await confirm(visitor, to), 422, "upload_mismatch")
    else:
        assert 400 <= answer.status_code < 500
    if is_by_the_server(to):
        longer = len(data) > len(PNG)
        refused(answer, *((413, "body_too_large") if longer else (422, "upload_mismatch")))
    assert waiting(site, owner) == []
    refused(await confirm(visitor, to), 409, "not_uploaded")
    assert (await put(site, to)).status_code in (200, 204)
    await confirmed(visitor, to)


async def test_another_content_type_is_refused(site: Site, visitor: httpx.AsyncClient) -> None:
    owner, to = await owner_of(visitor), await announced(visitor)
    answer = await put(site, to, **{"content-type": "image/jpeg"})
    assert 400 <= answer.status_code < 500
    if is_by_the_server(to):
        refused(answer, 422, "upload_mismatch")
    assert waiting(site, owner) == []


async def test_what_is_put_twice_is_one_image(site: Site, visitor: httpx.AsyncClient) -> None:
    to = await sent(site, visitor)
    again = await put(site, to)
    if is_by_the_server(to):
        refused(again, 409, "already_uploaded")
    record = await confirmed(visitor, to)
    late = await put(site, to)
    if is_by_the_server(to):
        refused(late, 409, "already_uploaded")
        assert waiting(site, record["owner"]) == []
    assert await confirmed(visitor, to) == record
    assert await listed(visitor) == [record["id"]]


async def test_an_announcement_can_be_used_for_a_quarter_of_an_hour(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    to = await announced(visitor)
    end = time.gmtime(time.time() + 900)
    assert to["expires_at"] <= time.strftime("%Y-%m-%dT%H:%M:%SZ", end)
    if not is_by_the_server(to):
        assert "X-Amz-Expires=900&" in to["url"]
        return
    route, _, token = to["url"].rpartition("/")
    said = token.rsplit(".", 2)[0]
    for age, status in ((905, 404), (890, 204)):
        aged = signed(said, at=time.time() - age, salt=SALT)
        answer = await put(site, to | {"url": f"{route}/{aged}"})
        assert answer.status_code == status
