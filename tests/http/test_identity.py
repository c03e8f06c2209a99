"""Who gets a cookie, what it is worth, and that nobody is taken for somebody else."""

from __future__ import annotations

import time
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from gallery.identity import MAX_AGE, RENEW_AFTER
from tests.homes import Home
from tests.http.site import SECRET, Site, listed, signed, uploaded

pytestmark = pytest.mark.anyio
READS = ["/api/v1/images", "/api/v1/trash", "/api/v1/inputs", "/api/v1/controls"]


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


def morsel(response: httpx.Response) -> Morsel[str]:
    """The one cookie that a response sets."""
    [header] = response.headers.get_list("set-cookie")
    return SimpleCookie(header)["anon_id"]


async def owner_of(site: Site, cookie: str) -> str:
    """Whom the server takes somebody with this cookie for."""
    async with site.client(cookie=f"anon_id={cookie}") as client:
        return str((await client.get("/api/v1/me")).json()["owner"])


@pytest.mark.parametrize("path", ["/", "/api/v1/me"])
async def test_the_page_and_me_issue_a_cookie(site: Site, path: str) -> None:
    async with site.client() as client:
        response = await client.get(path)
    assert morsel(response).value.startswith("anon-")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/api/v1/images", "/api/v1/inputs/upload", "/api/v1/controls/upload"]
)
async def test_an_upload_issues_a_cookie(site: Site, path: str) -> None:
    async with site.client() as client:
        record = await uploaded(client, to=path)
        assert (await client.get(f"/api/v1/images/{record['id']}")).json()["id"] == record["id"]
        me = (await client.get("/api/v1/me")).json()
    assert me["owner"] == record["owner"]


@pytest.mark.parametrize("path", [*READS, "/api/v1/timeline", "/openapi.json", "/healthz"])
async def test_other_reads_issue_no_cookie(site: Site, path: str) -> None:
    async with site.client() as client:
        response = await client.get(path)
    assert response.status_code == 200
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("path", READS)
async def test_somebody_without_a_cookie_sees_an_empty_list(site: Site, path: str) -> None:
    async with site.client() as client, site.client() as other:
        await uploaded(other)
        page = (await client.get(path)).json()
    assert page == {"items": [], "page": 1, "size": 50, "total": 0, "next_cursor": None}


async def test_the_cookie_is_for_this_site_alone_and_for_400_days(site: Site) -> None:
    async with site.client() as client:
        cookie = morsel(await client.get("/"))
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == str(MAX_AGE) == str(400 * 86_400)
    assert not cookie["secure"]
    assert not cookie["domain"]


async def test_the_cookie_is_secure_where_the_site_is(home: Home) -> None:
    async with (
        home.site(public_origin="https://pictures.test").running() as site,
        site.client() as client,
    ):
        assert morsel(await client.get("/"))["secure"] is True
    async with home.site().running() as site, site.client() as client:
        assert morsel(await client.get("https://gallery.test/"))["secure"] is True


async def test_everybody_gets_an_identity_of_their_own(site: Site) -> None:
    async with site.client() as one, site.client() as other:
        first, second = await one.get("/api/v1/me"), await other.get("/api/v1/me")
    assert first.json()["owner"] != second.json()["owner"]


async def test_a_cookie_that_is_still_good_is_not_issued_again(visitor: httpx.AsyncClient) -> None:
    assert "set-cookie" not in (await visitor.get("/api/v1/me")).headers
    assert "set-cookie" not in (await visitor.get("/")).headers


OWNER = "anon-" + "a" * 32
GOOD = signed(OWNER, at=time.time())
BAD = {
    "unsigned": OWNER,
    "forged": GOOD[:-4] + "AAAA",
    "truncated": GOOD[:-1],
    "renamed": GOOD.replace(OWNER, "anon-" + "b" * 32),
    "stale": signed(OWNER, at=time.time() - MAX_AGE - 60),
    "from the future": signed(OWNER, at=time.time() + 86_400),
    "signed with another key": signed(OWNER, at=time.time(), secret="somebody else's key"),
    "signed for another purpose": signed(OWNER, at=time.time(), salt="gallery.other"),
    "no owner": signed("../../etc", at=time.time()),
    "empty": "",
    "not ASCII": "\xfc" * 40,
}


async def test_a_signed_cookie_names_its_owner(site: Site) -> None:
    assert await owner_of(site, GOOD) == OWNER


@pytest.mark.parametrize("cookie", BAD.values(), ids=BAD.keys())
async def test_a_bad_cookie_is_nobody_and_gets_a_fresh_identity(site: Site, cookie: str) -> None:
    async with site.client() as somebody:
        somebody.headers["cookie"] = f"anon_id={GOOD}"
        await uploaded(somebody)
    header = f"anon_id={cookie}".encode("latin-1")
    async with site.client() as client:
        assert (await client.get("/api/v1/images", headers={b"cookie": header})).json()[
            "items"
        ] == []
        response = await client.get("/api/v1/me", headers={b"cookie": header})
    owner = response.json()["owner"]
    assert owner not in (OWNER, "anon-" + "b" * 32)
    assert morsel(response).value.startswith(owner)


async def test_other_cookies_do_not_disturb(site: Site) -> None:
    assert await owner_of(site, f'"{BAD["forged"]}"; theme=dark; anon_id={GOOD}') == OWNER


async def test_a_cookie_grows_old_while_the_server_runs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await owner_of(site, GOOD) == OWNER
    monkeypatch.setattr(site.app.identity, "_clock", lambda: time.time() + MAX_AGE + 60)
    assert await owner_of(site, GOOD) != OWNER


async def test_new_keys_log_nobody_out(home: Home) -> None:
    async with (
        home.site(secret=("the oldest key of all",)).running() as site,
        site.client() as client,
    ):
        record = await uploaded(client)
        cookie = client.cookies["anon_id"]
    keys = ("the newest key of all", SECRET, "the oldest key of all")
    async with home.site(secret=keys).running() as site:
        assert await owner_of(site, cookie) == record["owner"]
        async with site.client() as client:
            fresh = morsel(await client.get("/")).value
    async with home.site(secret=("the newest key of all",)).running() as site:
        assert fresh.startswith(await owner_of(site, fresh))
        assert await owner_of(site, cookie) != record["owner"]


async def test_without_a_setting_the_keys_of_the_library_sign(home: Home) -> None:
    async with home.site(secret=()).running() as site, site.client() as client:
        record = await uploaded(client)
        cookie = client.cookies["anon_id"]
    async with home.site(secret=()).running() as site:
        assert await owner_of(site, cookie) == record["owner"]


@pytest.mark.of_files
async def test_the_keys_of_the_library_are_for_its_server_alone(home: Home) -> None:
    async with home.site(secret=()).running() as site:
        assert (site.outputs / ".gallery" / "secret").stat().st_mode & 0o777 == 0o600


async def test_a_cookie_in_use_is_renewed_once_a_day(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.client() as client:
        await client.get("/api/v1/me")
        record = await uploaded(client)
        monkeypatch.setattr(site.app.identity, "_clock", lambda: time.time() + RENEW_AFTER - 60)
        assert "set-cookie" not in (await client.get("/")).headers
        monkeypatch.setattr(site.app.identity, "_clock", lambda: time.time() + RENEW_AFTER + 60)
        assert "set-cookie" not in (await client.get("/api/v1/images")).headers
        assert morsel(await client.get("/")).value.startswith(record["owner"])
        assert await listed(client) == [record["id"]]
