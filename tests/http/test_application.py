"""The pages, and what they load, as a browser is sent them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from gallery.api import application
from tests.http.direct import PRESIGN, announcement
from tests.http.site import Site, policy_of, refused

pytestmark = pytest.mark.anyio
PLACES = [re.sub(r"{\w+}", "a" * 32, path) for path in application.PATHS]
IMMUTABLE = "public, max-age=31536000, immutable"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
ID = "a" * 32


@pytest.fixture
def site(pages: Path, shared: Site) -> Site:
    return shared


def loaded_by(page: httpx.Response) -> list[str]:
    found = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert found
    return found


@pytest.mark.parametrize("path", ["/", "/admin"])
async def test_a_page_is_guarded_and_asked_for_each_time(
    visitor: httpx.AsyncClient, path: str
) -> None:
    page = await visitor.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    policy = policy_of(page)
    for name in ("default-src", "worker-src", "form-action"):
        assert policy[name] == ["'self'"]
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == ["'none'"]
    assert "unsafe" not in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/admin"])
async def test_what_a_page_loads_is_of_this_site_and_kept_for_good(
    visitor: httpx.AsyncClient, path: str
) -> None:
    for name in loaded_by(await visitor.get(path)):
        assert name.startswith("/assets/")
        answer = await visitor.get(name)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, IMMUTABLE)
        assert answer.headers["x-content-type-options"] == "nosniff"
        expected = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind == expected[name.rpartition(".")[2]]


async def test_a_place_within_the_application_is_its_page_with_an_identity(site: Site) -> None:
    async with site.client() as first:
        page = (await first.get("/")).content
    for path in PLACES:
        async with site.client() as client:
            answer = await client.get(path)
            assert (answer.status_code, answer.content) == (200, page)
            assert "anon_id" in client.cookies


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nonsense",
            "/trash//",
            "/trash/xyz",
            "/trash/xyz/",
            f"/you/{ID}",
            "/image/",
            "/admin/x",
            "/apis",
        ),
        *(f"/image/{ID.upper()}", f"/compare/{ID}", f"/compare/{ID}/xyz", f"/trash/{ID}/{ID}"),
    ],
)
async def test_a_browser_at_an_unknown_place_gets_the_application_which_says_so(
    site: Site, path: str
) -> None:
    async with site.client(accept=BROWSER) as client:
        page = await client.get("/")
    async with site.client(accept=BROWSER) as client:
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (404, page.content)
        assert policy_of(answer) == policy_of(page)
        assert "anon_id" in client.cookies
        head = await client.head(path)
        assert head.status_code == 404
        assert head.headers["content-type"] == answer.headers["content-type"]


@pytest.mark.parametrize("path", [*PLACES, "/admin"])
async def test_a_slash_behind_a_place_leads_to_the_place(
    visitor: httpx.AsyncClient, path: str
) -> None:
    for query in ("", "?q=fox+%ED%95%9C&from=2026-03-01"):
        answer = await visitor.get(f"{path}/{query}")
        assert (answer.status_code, answer.headers["location"]) == (308, path + query)
        assert (await visitor.get(answer.headers["location"])).status_code == 200
    assert (await visitor.head(f"{path}/")).status_code == 308
    refused(await visitor.post(f"{path}/"), 404, "unknown_path")


@pytest.mark.parametrize(
    "accept",
    [
        *("*/*", "", "application/json", "text/*", "text/html;q=0", "text/html;q=much"),
        *("application/json, text/html;q=0.9", "text/html, application/problem+json"),
    ],
)
async def test_a_program_at_an_unknown_place_gets_a_problem(site: Site, accept: str) -> None:
    async with site.client(accept=accept) as client:
        for path in ("/nonsense", "/trash/xyz"):
            refused(await client.get(path), 404, "unknown_path")
            assert not client.cookies


@pytest.mark.parametrize("path", ["/api", "/api/v2/me", "/outputs", "/assets/", "/assets/a/b.js"])
async def test_what_only_programs_ask_for_is_a_problem_in_a_browser_as_well(
    site: Site, path: str
) -> None:
    async with site.client(accept=BROWSER) as client:
        refused(await client.get(path), 404, "unknown_path")


async def test_a_change_at_an_unknown_place_is_a_problem(site: Site) -> None:
    async with site.client(accept=BROWSER) as client:
        refused(await client.post("/nonsense"), 404, "unknown_path")
        refused(await client.post("/trash"), 405, "method_not_allowed")


async def test_an_unknown_place_waits_for_the_keys_as_any_page_does(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.app.identity, "_keys", [])
    monkeypatch.setattr(site.app.identity, "_secrets", list)
    async with site.client(accept=BROWSER, cookie="anon_id=any") as client:
        for path in ("/", "/nonsense"):
            refused(await client.get(path), 503, "unavailable")


async def test_the_administrators_page_is_another_and_gives_nobody_an_identity(site: Site) -> None:
    async with site.client() as client:
        answer = await client.get("/admin")
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.content != (await client.get("/")).content


async def test_what_is_loaded_is_compressed_for_who_takes_it(visitor: httpx.AsyncClient) -> None:
    name = next(
        name for name in loaded_by(await visitor.get("/")) if name.endswith(".js")
    )  # fmt: skip
    bodies = set()
    for accepted, compressed in (
        *(("gzip", True), ("deflate, gzip;q=0.5, br", True), ("GZIP;q=1, *;q=0", True)),
        *(("identity", False), ("", False), ("gzip;q=0", False), ("br, gzip; q=0.0", False)),
    ):
        answer = await visitor.get(name, headers={"accept-encoding": accepted})
        assert ("content-encoding" in answer.headers) is compressed, accepted
        assert answer.headers["vary"] == "accept-encoding"
        bodies.add(answer.content)
    assert len(bodies) == 1


@pytest.mark.parametrize(
    "name",
    [
        "index.js",
        "manifest.json",
        "../index.html",
        "%2e%2e%2findex.html",
        "../../settings.py",
        "%00",
    ],
)
async def test_nothing_but_what_was_built_is_sent(visitor: httpx.AsyncClient, name: str) -> None:
    assert (await visitor.get(f"/assets/{name}")).status_code == 404


async def test_the_page_may_send_uploads_to_where_they_are_announced(
    visitor: httpx.AsyncClient,
) -> None:
    to = (await visitor.post(PRESIGN, json=announcement())).json()["url"]
    host = "{0.scheme}://{0.netloc}".format(urlsplit(to))
    allowed = policy_of(await visitor.get("/"))["connect-src"]
    assert allowed == (["'self'"] if host == "http://gallery.test" else ["'self'", host])


async def test_an_installation_without_pages_says_so(
    site: Site, visitor: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "files", lambda _: tmp_path)
    async with Site(tmp_path).running() as bare, bare.client() as client:
        for path in ("/", "/trash", "/admin"):
            answer = await client.get(path)
            assert answer.status_code == 503
            assert answer.headers["content-type"].startswith("text/plain")
            assert "without its pages" in answer.text
        assert (await client.get("/api/v1/me")).status_code == 200
        refused(await client.get("/assets/index.js"), 404, "not_found")
        refused(await client.get("/nonsense", headers={"accept": BROWSER}), 404, "unknown_path")


def test_the_same_content_is_compressed_to_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_bytes(b"1" * 1000)
    first, second = (application.read(tmp_path).assets["a.js"] for _ in range(2))
    assert first.zipped == second.zipped
    assert gzip.decompress(first.zipped) == first.body
