"""Who may announce, put and confirm, and what is no announcement."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.http.direct import (
    CONFIRM,
    PRESIGN,
    SALT,
    announced,
    announcement,
    confirm,
    confirmed,
    is_by_the_server,
    put,
    sent,
)
from tests.http.site import Site, listed, refused, signed

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


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
