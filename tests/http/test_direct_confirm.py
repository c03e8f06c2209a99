"""Confirming what was announced and put: what arrived is compared, and is one image."""

from __future__ import annotations

import asyncio
import hashlib

import httpx
import pytest

from tests import images
from tests.http.direct import (
    PNG,
    SAME_SIZE,
    announced,
    confirm,
    confirmed,
    owner_of,
    put,
    sent,
    waiting,
)
from tests.http.site import Site, listed, refused

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


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
