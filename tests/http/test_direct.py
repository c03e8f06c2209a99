"""Uploads in three steps: announced, put without a cookie, confirmed."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

import httpx
import pytest

from tests import images
from tests.http.direct import (
    CONFIRM,
    PNG,
    PRESIGN,
    announced,
    announcement,
    confirm,
    confirmed,
    owner_of,
    put,
    sent,
    waiting,
)
from tests.http.site import Site, listed, refused, signed

pytestmark = pytest.mark.anyio
SALT = "gallery.upload"
OTHER = images.png(seed=1)
SAME_SIZE = PNG[:-1] + bytes([PNG[-1] ^ 1])


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


def is_by_the_server(to: dict[str, str]) -> bool:
    return to["url"].startswith("http://gallery.test/")


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


# -- confirming -------------------------------------------------------------------------------


async def test_what_was_not_put_cannot_be_confirmed(visitor: httpx.AsyncClient) -> None:
    to = await announced(visitor)
    refused(await confirm(visitor, to), 409, "not_uploaded")


@pytest.mark.parametrize(
    "arrived", [SAME_SIZE, PNG + b"\0", PNG[:-1], b""], ids=["other", "longer", "shorter", "none"]
)
async def test_what_arrived_otherwise_than_announced_is_found_out_and_removed(
    site: Site, visitor: httpx.AsyncClient, arrived: bytes
) -> None:
    owner = await owner_of(visitor)
    to = await sent(site, visitor)
    (name,) = waiting(site, owner)
    site.write(name, arrived)
    refused(await confirm(visitor, to), 422, "upload_mismatch")
    assert waiting(site, owner) == []
    assert await listed(visitor) == []
    refused(await confirm(visitor, to), 409, "not_uploaded")
    assert (await put(site, to)).status_code in (200, 204)
    assert (await confirmed(visitor, to))["sha256"] == hashlib.sha256(PNG).hexdigest()


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"not an image at all" * 9, 415, "unsupported_image"),
        (images.truncated(images.png(300, 300)), 422, "damaged_image"),
        (images.png_bomb(1_001, 1_000), 422, "too_many_pixels"),
        (images.jpeg(), 422, "upload_mismatch"),
    ],
    ids=["text", "truncated", "too many pixels", "another format than announced"],
)
async def test_what_is_not_the_image_that_was_announced_is_refused_and_removed(
    site: Site, visitor: httpx.AsyncClient, data: bytes, status: int, code: str
) -> None:
    to = await sent(site, visitor, data)
    refused(await confirm(visitor, to), status, code)
    assert waiting(site, await owner_of(visitor)) == []
    refused(await confirm(visitor, to), 409, "not_uploaded")
    assert await listed(visitor) == []


async def test_confirming_again_finds_the_image(site: Site, visitor: httpx.AsyncClient) -> None:
    to = await sent(site, visitor)
    record = await confirmed(visitor, to, tags=["one"])
    again = await confirm(visitor, to, tags=["another"])
    assert (again.status_code, again.json()) == (201, record)
    assert again.headers["idempotency-replayed"] == "true"
    await visitor.post(f"/api/v1/images/{record['id']}/delete")
    assert (await confirmed(visitor, to))["status"] == "trash"


async def test_confirming_many_times_at_once_makes_one_image(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    to = await sent(site, visitor)
    answers = await asyncio.gather(*(confirm(visitor, to) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    (id,) = {answer.json()["id"] for answer in answers}
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 5
    assert await listed(visitor) == [id]
    assert waiting(site, await owner_of(visitor)) == []


async def test_what_a_crash_left_of_a_confirmed_upload_goes_with_the_repeat(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    owner = await owner_of(visitor)
    to = await sent(site, visitor)
    (name,) = waiting(site, owner)
    record = await confirmed(visitor, to)
    site.write(name, PNG)
    assert await confirmed(visitor, to) == record
    assert waiting(site, owner) == []


async def test_a_purged_image_does_not_come_back(site: Site, visitor: httpx.AsyncClient) -> None:
    to = await sent(site, visitor)
    one = f"/api/v1/images/{(await confirmed(visitor, to))['id']}"
    await visitor.post(f"{one}/delete")
    await visitor.post(f"{one}/purge")
    refused(await confirm(visitor, to), 409, "not_uploaded")


async def test_other_peoples_uploads_do_not_exist(
    site: Site, visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    to = await sent(site, visitor)
    refused(await confirm(stranger, to), 404, "unknown_upload")
    async with site.client() as nobody:
        refused(await confirm(nobody, to), 404, "unknown_upload")
    await confirmed(visitor, to)
    refused(await confirm(stranger, to), 404, "unknown_upload")
    assert await listed(stranger) == []


async def test_what_was_not_signed_here_or_too_long_ago_is_no_announcement(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    to = await sent(site, visitor)
    said, now = to["upload"].rsplit(".", 2)[0], time.time()
    forged = [
        "", "x", "x.y.z", "고양이", said, to["upload"] + "x", to["upload"][1:], "\0",
        signed(said, at=now - 86_405, salt=SALT),
        signed(said, at=now, salt=SALT, secret="another key than the server's"),
        signed(said, at=now),
        *(signed(wrong, at=now, salt=SALT) for wrong in ("", "e30", "W10", "bnVsbA", "x")),
    ]  # fmt: skip
    route = "http://gallery.test/api/v1/storage/uploads"
    for token in forged:
        refused(await confirm(visitor, {"upload": token}), 404, "unknown_upload")
        if token.isascii() and token.isprintable() and token:
            answer = await put(site, to | {"url": f"{route}/{token}"})
            refused(answer, 404, "unknown_upload")
    await confirmed(visitor, to)


# -- roles, and requests that are none ---------------------------------------------------------


async def test_a_service_uploads_for_the_owner_it_names(
    site: Site, service: httpx.AsyncClient
) -> None:
    to = await sent(site, service, owner="member-1")
    record = await confirmed(service, to, created_at="2026-03-14T12:00:00Z")
    assert (record["owner"], record["created_at"][:10]) == ("member-1", "2026-03-14")
    again = await confirm(service, to, created_at="2026-03-14T12:00:00Z")
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_service_must_name_an_owner_and_a_visitor_must_not(
    visitor: httpx.AsyncClient, service: httpx.AsyncClient
) -> None:
    refused(await service.post(PRESIGN, json=announcement()), 400, "bad_owner")
    named = announcement(owner="member-1")
    refused(await visitor.post(PRESIGN, json=named), 403, "wrong_role")


async def test_a_visitor_says_no_time(site: Site, visitor: httpx.AsyncClient) -> None:
    to = await sent(site, visitor)
    refused(await confirm(visitor, to, created_at="2026-03-14T12:00:00Z"), 403, "wrong_role")
    await confirmed(visitor, to)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "image/gif"}, {"type": None}, {"size": 0}, {"size": -1}, {"size": "7"},
        {"sha256": "A" * 64}, {"sha256": "a" * 63}, {"sha256": ""}, {"kind": "drawer"},
        {"owner": "../x"}, {"name": 7}, {"name": "x" * 1_001}, {"key": "users/kim/x.png"},
    ],
    ids=str,
)  # fmt: skip
async def test_a_malformed_announcement_is_refused(
    visitor: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    refused(await visitor.post(PRESIGN, json=announcement(**wrong)), 400, "bad_body")


async def test_malformed_meta_is_refused_and_the_upload_still_waits(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    to = await sent(site, visitor)
    refused(await confirm(visitor, to, seed=-1), 400, "bad_body")
    refused(await visitor.post(CONFIRM, json={}), 400, "bad_body")
    await confirmed(visitor, to)


async def test_a_foreign_page_can_neither_announce_nor_put_nor_confirm(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    evil = {"origin": "https://evil.test"}
    to = await announced(visitor)
    answers = [
        await visitor.post(PRESIGN, json=announcement(), headers=evil),
        await visitor.post(CONFIRM, json={"upload": to["upload"]}, headers=evil),
    ]
    if is_by_the_server(to):
        answers.append(await put(site, to, **evil))
    for answer in answers:
        refused(answer, 403, "foreign_origin")
