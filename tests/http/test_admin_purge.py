"""Purging the trash in two phases: only just what was shown goes."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from gallery.draft import DAY_US
from gallery.purge import DIGEST_SECONDS
from tests.homes import Home
from tests.http.site import Site, listed, refused, signed, trashed, uploaded

pytestmark = pytest.mark.anyio
URL = "/api/v1/admin/purge-trash"


async def dry_run(admin: httpx.AsyncClient, **wanted: Any) -> Any:
    answer = await admin.post(URL, params={"dry_run": "1"}, json=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_dry_run_says_what_would_go_and_purges_nothing(
    site: Site, admin: httpx.AsyncClient, visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    records = [await trashed(visitor), await trashed(visitor), await trashed(stranger)]
    await uploaded(stranger)
    before = site.kept()
    found = await dry_run(admin)
    assert (found["count"], found["purged"]) == (3, 0)
    assert found["bytes"] == sum(record["bytes"] for record in records)
    assert found["users"] == {records[0]["owner"]: 2, records[2]["owner"]: 1}
    assert found["digest"]
    assert site.kept() == before


async def test_the_digest_of_a_dry_run_purges_just_that(
    site: Site, admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    kept, gone = await uploaded(visitor), await trashed(visitor)
    digest = (await dry_run(admin))["digest"]
    answer = await admin.post(URL, json={"digest": digest})
    assert (answer.json()["purged"], answer.json()["count"], answer.json()["digest"]) == (
        1,
        1,
        None,
    )
    assert [name for name in site.kept() if gone["id"] in name] == []
    assert await listed(visitor) == [kept["id"]]
    assert await listed(visitor, "/api/v1/trash") == []
    refused(await admin.post(URL, json={"digest": digest}), 409, "plan_changed")


async def test_one_owners_trash_can_be_purged_alone(
    admin: httpx.AsyncClient, visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    gone, kept = await trashed(visitor), await trashed(stranger)
    one = {"user_id": gone["owner"]}
    found = await dry_run(admin, **one)
    assert found["users"] == {gone["owner"]: 1}
    refused(await admin.post(URL, json={"digest": found["digest"]}), 409, "plan_changed")
    answer = await admin.post(URL, json=one | {"digest": found["digest"]})
    assert answer.json()["purged"] == 1
    assert await listed(stranger, "/api/v1/trash") == [kept["id"]]


async def test_only_what_was_deleted_long_enough_ago_is_purged(
    site: Site, admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    await trashed(visitor)
    assert (await dry_run(admin, older_than_days=1))["count"] == 0
    clock = site.app.library.clock
    site.app.library.clock = lambda: clock() + 2 * DAY_US
    assert (await dry_run(admin, older_than_days=1))["count"] == 1
    assert (await dry_run(admin, older_than_days=3))["count"] == 0


async def test_a_purge_without_a_digest_is_refused(
    site: Site, admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    await trashed(visitor)
    before = site.kept()
    refused(await admin.post(URL), 409, "digest_missing")
    refused(await admin.post(URL, json={}), 409, "digest_missing")
    refused(await admin.post(URL, json={"digest": None}), 409, "digest_missing")
    assert site.kept() == before


async def test_a_digest_is_refused_once_the_trash_has_changed(
    site: Site, admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    first = await trashed(visitor)
    one = f"/api/v1/images/{first['id']}"
    digest = (await dry_run(admin))["digest"]
    second = await trashed(visitor)
    refused(await admin.post(URL, json={"digest": digest}), 409, "plan_changed")
    digest = (await dry_run(admin))["digest"]
    await visitor.post(f"{one}/restore")
    await visitor.post(f"{one}/delete")
    refused(await admin.post(URL, json={"digest": digest}), 409, "plan_changed")
    assert await listed(visitor, "/api/v1/trash") == [first["id"], second["id"]]
    assert site.read(first["url"])


async def test_a_forged_or_expired_digest_is_refused(
    site: Site, admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    await trashed(visitor)
    good = (await dry_run(admin))["digest"]
    plain, before = good.split(".")[0], site.kept()
    now, salt = time.time(), "gallery.purge"
    bad = {
        "unsigned": plain,
        "empty": "",
        "cut": good[:-1],
        "forged": good[:-4] + "AAAA",
        "of another plan": signed("0" * 64, at=now, salt=salt),
        "of another key": signed(plain, at=now, salt=salt, secret="somebody else's key"),
        "expired": signed(plain, at=now - DIGEST_SECONDS - 60, salt=salt),
        "a visitor's cookie": visitor.cookies["anon_id"],
    }
    for name, digest in bad.items():
        answer = await admin.post(URL, json={"digest": digest})
        code = "plan_changed" if name == "of another plan" else "bad_digest"
        refused(answer, 409, code)
    assert site.kept() == before
    fresh = signed(plain, at=now - DIGEST_SECONDS + 60, salt=salt)
    assert (await admin.post(URL, json={"digest": fresh})).json()["purged"] == 1


async def test_a_digest_is_nobodys_cookie(
    site: Site, admin: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    await trashed(visitor)
    digest = (await dry_run(admin))["digest"]
    async with site.client(cookie=f"anon_id={digest}") as client:
        owner = (await client.get("/api/v1/me")).json()["owner"]
    assert owner.startswith("anon-")


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{", b'{"older_than_days": -1}', b'{"older_than_days": "x"}', b'{"user_id": "A"}',
     b'{"digest": 7}', b'{"all": true}', b'{"older_than_days": 36501}'],
)  # fmt: skip
async def test_a_body_that_is_not_understood_is_refused(
    admin: httpx.AsyncClient, body: bytes
) -> None:
    refused(await admin.post(URL, content=body), 400, "bad_body")


async def test_a_digest_is_good_in_another_process_with_the_same_keys(home: Home) -> None:
    async with home.site().running() as site, site.client() as client, site.admin() as admin:
        await trashed(client)
        digest = (await dry_run(admin))["digest"]
    async with home.site().running() as site, site.admin() as admin:
        assert (await admin.post(URL, json={"digest": digest})).json()["purged"] == 1
