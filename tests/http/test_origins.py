"""Changes are only taken from the site's own pages."""

from __future__ import annotations

import httpx
import pytest

from tests.homes import Home
from tests.http.site import ADMIN_TOKEN, Site, refused, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.test"},
    {"origin": "http://gallery.test.evil.test"},
    {"origin": "http://gallery.test:8080"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://["},
    {"origin": "https://evil.test", "sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]
OWN: list[dict[str, str]] = [
    {},
    {"origin": "http://gallery.test"},
    {"origin": "HTTP://GALLERY.test"},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_change_that_a_foreign_page_asks_for_is_refused(
    site: Site, visitor: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    record = await uploaded(visitor)
    one = f"/api/v1/images/{record['id']}"
    before = site.kept()
    for answer in [
        await visitor.post(f"{one}/delete", headers=headers),
        await visitor.patch(one, json={"favorite": True}, headers=headers),
        await visitor.post("/api/v1/trash/empty", json={"count": 0}, headers=headers),
        await visitor.post("/api/v1/inputs/copy", json={"id": record["id"]}, headers=headers),
        await visitor.post("/api/v1/images", headers=headers),
    ]:
        refused(answer, 403, "foreign_origin")
    assert site.kept() == before


@pytest.mark.parametrize("headers", OWN, ids=str)
async def test_a_change_from_the_own_page_is_made(
    visitor: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    record = await uploaded(visitor, headers=headers)
    answer = await visitor.post(f"/api/v1/images/{record['id']}/delete", headers=headers)
    assert answer.json()["status"] == "trash"


async def test_a_foreign_page_may_be_linked_from(visitor: httpx.AsyncClient) -> None:
    headers = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    assert (await visitor.get("/", headers=headers)).status_code == 200


async def test_a_public_origin_is_the_only_one(home: Home) -> None:
    async with (
        home.site(public_origin="https://Pictures.test/").running() as site,
        site.client() as client,
    ):
        refused(
            await client.post("/api/v1/images", headers={"origin": "http://gallery.test"}),
            *(403, "foreign_origin"),
        )
        await uploaded(client, headers={"origin": "https://pictures.test"})


async def test_a_token_is_never_sent_by_a_browser_itself_so_its_origin_does_not_matter(
    site: Site,
) -> None:
    headers = {"origin": "https://dashboard.test", "authorization": f"Bearer {ADMIN_TOKEN}"}
    async with site.client() as client:
        url = "/api/v1/admin/purge-trash?dry_run=1"
        assert (await client.post(url, headers=headers)).status_code == 200


async def test_a_password_that_browsers_send_by_themselves_does_not_excuse_a_foreign_origin(
    visitor: httpx.AsyncClient,
) -> None:
    headers = {"origin": "https://evil.test", "authorization": "Basic dXNlcjpwYXNz"}
    answer = await visitor.post("/api/v1/trash/empty", json={"count": 0}, headers=headers)
    refused(answer, 403, "foreign_origin")
