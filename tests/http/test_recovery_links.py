"""A link signs another browser in as the same owner, until it is revoked."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from gallery import recovery
from tests.homes import Home
from tests.http.site import Site, listed, refused, uploaded

pytestmark = pytest.mark.anyio
LINKS, RECOVER = "/api/v1/me/links", "/api/v1/me/recover"


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


async def made(client: httpx.AsyncClient, **said: Any) -> Any:
    """A link of somebody who has an image."""
    response = await client.post(LINKS, json=said)
    assert response.status_code == 201, response.text
    return response.json()


def token_of(link: Any) -> str:
    return str(link["url"].partition("#recover=")[2])


async def recovered(client: httpx.AsyncClient, link: Any, *, confirm: bool = True) -> Any:
    response = await client.post(RECOVER, json={"token": token_of(link), "confirm": confirm})
    assert response.status_code == 200, response.text
    return response.json()


async def owner_of(client: httpx.AsyncClient) -> Any:
    return (await client.get("/api/v1/me")).json()["owner"]


async def test_a_link_makes_another_browser_the_same_owner(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    link = await made(visitor)
    async with site.client() as other:
        answer = await recovered(other, link)
        assert answer == {
            "owner": record["owner"],
            "count": 1,
            "bytes": record["bytes"],
            "present": None,
            "signed_in": True,
        }
        assert await listed(other) == [record["id"]]
        assert await owner_of(other) == record["owner"]


async def test_a_link_says_its_token_in_the_fragment_and_once(visitor: httpx.AsyncClient) -> None:
    await uploaded(visitor)
    response = await visitor.post(LINKS, json={"name": " my phone "})
    assert response.headers["cache-control"] == "no-store"
    link = response.json()
    page, _, fragment = link.pop("url").partition("#")
    assert page == "http://gallery.test/"
    assert fragment.startswith(f"recover={await owner_of(visitor)}.")
    assert len(fragment.rpartition(".")[2]) == 32
    assert (link["name"], link["used_at"]) == ("my phone", None)
    assert (await visitor.get(LINKS)).json() == {"links": [link], "most": recovery.MOST}


async def test_no_token_is_kept_anywhere(site: Site, visitor: httpx.AsyncClient) -> None:
    await uploaded(visitor)
    secret = token_of(await made(visitor)).rpartition(".")[2]
    key = f".gallery/links/{await owner_of(visitor)}.json"
    kept = await asyncio.to_thread(site.app.library.blobs.read, key)
    assert b"sha256" in kept
    assert secret.encode() not in kept


async def test_a_browser_is_asked_before_it_loses_its_own_gallery(
    site: Site, visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    first, own = await uploaded(visitor), await uploaded(stranger)
    link = await made(visitor)
    answer = await recovered(stranger, link, confirm=False)
    present = {"owner": own["owner"], "count": 1, "bytes": own["bytes"], "links": 0}
    assert answer["present"] == present
    assert (answer["owner"], answer["signed_in"]) == (first["owner"], False)
    assert await listed(stranger) == [own["id"]]
    [known] = (await visitor.get(LINKS)).json()["links"]
    assert known["used_at"] is None

    back = await made(stranger)
    assert (await recovered(stranger, link))["present"] == present | {"links": 1}
    assert await listed(stranger) == [first["id"]]
    assert (await recovered(stranger, back))["owner"] == own["owner"]
    assert await listed(stranger) == [own["id"]]


async def test_its_owner_sees_when_a_link_was_used(site: Site, visitor: httpx.AsyncClient) -> None:
    await uploaded(visitor)
    link, unused = await made(visitor), await made(visitor)
    async with site.client() as other:
        await recovered(other, link)
    known = {found["id"]: found for found in (await visitor.get(LINKS)).json()["links"]}
    assert known[link["id"]]["used_at"] > link["made_at"]
    assert known[unused["id"]]["used_at"] is None


async def test_a_revoked_link_is_worth_nothing_and_ends_no_session(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    link, other_link = await made(visitor), await made(visitor)
    async with site.client() as other, site.client() as late:
        await recovered(other, link)
        assert (await visitor.delete(f"{LINKS}/{link['id']}")).status_code == 204
        for confirm in (False, True):
            body = {"token": token_of(link), "confirm": confirm}
            refused(await late.post(RECOVER, json=body), 404, "unknown_link")
        assert not late.cookies
        assert await listed(other) == [record["id"]]
        await recovered(late, other_link)
    [left] = (await visitor.get(LINKS)).json()["links"]
    assert left["id"] == other_link["id"]
    refused(await visitor.delete(f"{LINKS}/{link['id']}"), 404, "unknown_link")


async def test_links_are_their_owners_alone(
    visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await uploaded(visitor)
    link = await made(visitor)
    assert (await stranger.get(LINKS)).json()["links"] == []
    refused(await stranger.delete(f"{LINKS}/{link['id']}"), 404, "unknown_link")
    refused(await stranger.delete(f"{LINKS}/{'f' * 32}"), 404, "unknown_link")
    refused(await stranger.delete(f"{LINKS}/nothing"), 404, "unknown_link")
    assert len((await visitor.get(LINKS)).json()["links"]) == 1


WRONG = {
    "empty": "",
    "nobody's": "nobody",
    "a path": "../../etc/passwd.{secret}",
    "cut": "{owner}.{secret:.31}",
    "longer": "{owner}.{secret}A",
    "without a secret": "{owner}.",
    "not ASCII": "{owner}.\xe4",
    "of another owner": f"anon-{'b' * 32}.{{secret}}",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_token_signs_nobody_in(
    site: Site, visitor: httpx.AsyncClient, wrong: str
) -> None:
    await uploaded(visitor)
    owner, _, secret = token_of(await made(visitor)).partition(".")
    token = wrong.format(owner=owner, secret=secret)
    before = site.kept()
    async with site.client() as other:
        response = await other.post(RECOVER, json={"token": token, "confirm": True})
    refused(response, 404, "unknown_link")
    assert "set-cookie" not in response.headers
    assert site.kept() == before


async def test_who_has_no_image_gets_no_link(site: Site, visitor: httpx.AsyncClient) -> None:
    before = site.kept()
    refused(await visitor.post(LINKS), 409, "nothing_to_recover")
    async with site.client() as nobody:
        refused(await nobody.post(LINKS), 409, "nothing_to_recover")
        assert (await nobody.get(LINKS)).json()["links"] == []
        assert not nobody.cookies
    assert site.kept() == before


async def test_there_are_only_so_many_links(visitor: httpx.AsyncClient) -> None:
    await uploaded(visitor)
    links = [await made(visitor) for _ in range(recovery.MOST)]
    refused(await visitor.post(LINKS), 409, "too_many_links")
    assert (await visitor.delete(f"{LINKS}/{links[3]['id']}")).status_code == 204
    last = await made(visitor)
    ids = [link["id"] for link in (await visitor.get(LINKS)).json()["links"]]
    assert ids == [link["id"] for link in [*links[:3], *links[4:], last]]


async def test_no_foreign_page_signs_anybody_in(site: Site, visitor: httpx.AsyncClient) -> None:
    await uploaded(visitor)
    link = await made(visitor)
    async with site.client(origin="https://elsewhere.test") as other:
        body = {"token": token_of(link), "confirm": True}
        refused(await other.post(RECOVER, json=body), 403, "foreign_origin")
        refused(await other.delete(f"{LINKS}/{link['id']}"), 403, "foreign_origin")
        assert not other.cookies


async def test_links_outlive_the_catalog(home: Home) -> None:
    async with home.site().running() as site, site.client() as visitor:
        record = await uploaded(visitor)
        link = await made(visitor)
        await asyncio.to_thread(site.app.library.healing.rebuild, record["owner"])
    async with home.site().running() as site, site.client() as other:
        await recovered(other, link)
        assert await listed(other) == [record["id"]]


async def test_links_are_of_the_site_as_it_is_known(home: Home) -> None:
    async with (
        home.site(public_origin="https://pictures.test").running() as site,
        site.client() as visitor,
    ):
        visitor.base_url = httpx.URL("https://gallery.test")
        await uploaded(visitor)
        assert (await made(visitor))["url"].startswith("https://pictures.test/#recover=anon-")


async def test_a_file_of_links_that_cannot_be_understood_is_left_alone(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    await uploaded(visitor)
    await made(visitor)
    key = f".gallery/links/{await owner_of(visitor)}.json"
    blobs = site.app.library.blobs
    await asyncio.to_thread(recovery.put, blobs, key, b"[{")
    refused(await visitor.get(LINKS), 503, "unavailable")
    refused(await visitor.post(LINKS), 503, "unavailable")
    assert await asyncio.to_thread(blobs.read, key) == b"[{"
