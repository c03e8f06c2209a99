"""Who sends the bytes: a visitor who may see them is sent on to the bucket, or to a CDN."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from gallery import commands
from gallery.blobs.s3 import S3Blobs
from tests import images, services
from tests.cli import run
from tests.homes import Apart
from tests.http.server import served
from tests.http.site import Site, policy_of, refused, trashed, uploaded
from tests.samples import eventually
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio

DATA = images.png() + bytes(range(256)) * 8
BOTH = pytest.mark.parametrize("url", ["url", "thumb_url"])
LIVES = {"": 3600, "?download=1": 86_400, "?embed=1": 604_800}


@pytest.fixture(scope="module")
def store() -> Store:
    return services.s3()


@pytest.fixture(scope="module")
async def signed(store: Store, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A site that sends visitors to its bucket."""
    folder = tmp_path_factory.mktemp("signed")
    with store.reached():
        async with Site(folder, store=store, delivery="presigned").running() as site:
            yield site


@pytest.fixture
def site(signed: Site) -> Site:
    return signed


@pytest.fixture
async def plain() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody whom neither the gallery nor the store knows."""
    async with httpx.AsyncClient() as client:
        yield client


def led(answer: httpx.Response) -> str:
    """Where a redirect leads to."""
    assert (answer.status_code, answer.content) == (302, b""), answer.text
    return answer.headers["location"]


def bucket(site: Site) -> S3Blobs:
    assert isinstance(site.app.library.blobs, S3Blobs)
    return site.app.library.blobs


# -- to the bucket ----------------------------------------------------------------------------


@BOTH
async def test_whoever_may_see_an_image_is_sent_to_the_bucket_for_it(
    visitor: httpx.AsyncClient, plain: httpx.AsyncClient, site: Site, url: str
) -> None:
    record = await uploaded(visitor)
    answer = await plain.get(led(await visitor.get(record[url])))
    assert answer.status_code == 200
    assert answer.content == site.read(record[url])
    assert answer.headers["content-type"] == ("image/png" if url == "url" else "image/webp")
    assert "content-disposition" not in answer.headers


@BOTH
async def test_nobody_else_is(
    site: Site,
    visitor: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    plain: httpx.AsyncClient,
    url: str,
) -> None:
    record = await uploaded(visitor)
    link = led(await visitor.get(record[url]))
    async with site.client() as nobody:
        for client in (stranger, nobody):
            answer = await client.get(record[url])
            refused(answer, 404, "unknown_image")
            assert "location" not in answer.headers
    assert led(await admin.get(record[url])) == link
    assert 400 <= (await plain.get(link.partition("?")[0])).status_code < 500


@pytest.mark.parametrize("suffix", [".json", ".jpg", "/x", ""])
async def test_what_the_catalog_does_not_know_has_no_link(
    visitor: httpx.AsyncClient, suffix: str
) -> None:
    path = (await uploaded(visitor))["url"].removesuffix(".png") + suffix
    refused(await visitor.get(path), 404, "unknown_image")


@pytest.mark.parametrize("query", LIVES)
async def test_a_link_lives_as_long_as_it_is_wanted_for(
    visitor: httpx.AsyncClient, query: str
) -> None:
    answer = await visitor.get((await uploaded(visitor))["url"] + query)
    said = parse_qs(urlsplit(led(answer)).query)
    assert said["X-Amz-Expires"] == [str(LIVES[query])]
    kept = re.fullmatch(r"private, max-age=(\d+)", answer.headers["cache-control"])
    assert kept is not None
    assert 0 < int(kept[1]) <= LIVES[query] / 2
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "cookie, authorization"


async def test_the_same_link_is_given_again(visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor)
    link = led(await visitor.get(record["url"]))
    await visitor.patch(f"/api/v1/images/{record['id']}", json={"favorite": True})
    assert led(await visitor.get(record["url"])) == link
    assert led(await visitor.get(record["url"] + "?v=2")) == link
    assert led(await visitor.get(record["url"] + "?embed=1")) != link


@pytest.mark.parametrize("name", ["고양이.png", 'a "quoted" name; x=1.png', "100%.png"])
async def test_a_download_has_the_name_of_the_upload_from_the_bucket_too(
    visitor: httpx.AsyncClient, plain: httpx.AsyncClient, name: str
) -> None:
    path = (await uploaded(visitor, DATA, name=name))["url"] + "?download=1"
    answer = await plain.get(led(await visitor.get(path)))
    said = answer.headers["content-disposition"]
    assert said.startswith('attachment; filename="')
    assert said.endswith(f"filename*=UTF-8''{quote(name, safe='')}")
    assert said == (await visitor.head(path)).headers["content-disposition"]
    assert answer.content == DATA


async def test_a_part_is_had_from_the_bucket(
    visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    part = {"range": "bytes=100-199"}
    link = led(await visitor.get((await uploaded(visitor, DATA))["url"], headers=part))
    answer = await plain.get(link, headers=part)
    assert (answer.status_code, answer.content) == (206, DATA[100:200])
    assert answer.headers["content-range"] == f"bytes 100-199/{len(DATA)}"


@BOTH
async def test_what_needs_no_bytes_is_answered_by_the_server(
    site: Site, visitor: httpx.AsyncClient, url: str
) -> None:
    path = (await uploaded(visitor))[url]
    head = await visitor.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(site.read(path)))
    same = {"if-none-match": head.headers["etag"]}
    assert (await visitor.get(path, headers=same)).status_code == 304
    other = await visitor.get(path, headers={"if-none-match": '"other"'})
    assert (other.status_code, other.content) == (200, site.read(path))


async def test_the_type_of_a_dropped_image_is_one_of_ours(
    store: Store, visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    key = record["url"].removeprefix("/outputs/")
    store.client.put_object(
        Bucket=store.bucket, Key=store.prefix + key, Body=images.png(), ContentType="text/html"
    )
    answer = await plain.get(led(await visitor.get(record["url"])))
    assert answer.headers["content-type"] == "image/png"


async def test_a_lost_thumbnail_is_made_again_before_anybody_is_sent_to_it(
    store: Store, site: Site, visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    before = site.read(record["thumb_url"])
    await asyncio.to_thread(bucket(site).delete, record["thumb"])
    assert (await plain.get(led(await visitor.get(record["thumb_url"])))).content == before


async def test_a_thumbnail_lost_after_its_link_was_given_is_made_again_when_its_image_changes(
    site: Site, visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    before = site.read(record["thumb_url"])
    link = led(await visitor.get(record["thumb_url"]))
    await asyncio.to_thread(bucket(site).delete, record["thumb"])
    assert (await plain.get(link)).status_code == 404
    await visitor.patch(f"/api/v1/images/{record['id']}", json={"favorite": True})
    assert led(await visitor.get(record["thumb_url"])) == link
    assert (await plain.get(link)).content == before


async def test_a_thumbnail_that_cannot_be_made_again_has_no_link(
    store: Store, site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    await asyncio.to_thread(bucket(site).delete, record["thumb"])
    store.drop(record["url"].removeprefix("/outputs/"), b"no image")
    refused(await visitor.get(record["thumb_url"]), 404, "damaged_image")


async def test_what_is_in_the_trash_has_a_link_until_it_is_purged(
    visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record = await trashed(visitor)
    link = led(await visitor.get(record["url"]))
    assert (await plain.get(link)).content == images.png()
    assert (await visitor.post(f"/api/v1/images/{record['id']}/purge")).status_code == 204
    refused(await visitor.get(record["url"]), 404, "unknown_image")
    assert (await plain.get(link)).status_code == 404


async def test_what_was_purged_elsewhere_has_no_link_either(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await trashed(visitor)
    for _ in range(2):  # signed, then from memory
        led(await visitor.get(record["thumb_url"]))

    def purge() -> None:
        with commands.opened(site.settings) as other:
            other.purge(record["owner"], record["id"])

    await asyncio.to_thread(purge)
    refused(await visitor.get(record["thumb_url"]), 404, "unknown_image")


async def test_a_catalog_that_must_be_asked_is_asked_each_time(
    apart: Apart, plain: httpx.AsyncClient
) -> None:
    site = apart.site(delivery="presigned")
    async with site.running(), site.client() as client, site.client() as stranger:
        record = await trashed(client)
        for name in ("url", "thumb_url"):
            link = led(await client.get(record[name]))
            assert link == led(await client.get(record[name]))
            assert (await plain.get(link)).content == site.read(record[name])
            refused(await stranger.get(record[name]), 404, "unknown_image")
        await client.post(f"/api/v1/images/{record['id']}/purge")
        refused(await client.get(record["url"]), 404, "unknown_image")


async def test_a_store_that_cannot_name_a_download_leaves_it_to_the_server(
    site: Site, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, store = await uploaded(visitor, DATA, name="고양이.png"), bucket(site)
    monkeypatch.setattr(store, "abilities", replace(store.abilities, disposition=False))
    answer = await visitor.get(record["url"] + "?download=1")
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-disposition"].endswith(f"{quote('고양이.png')}")
    led(await visitor.get(record["url"]))
    monkeypatch.setattr(store, "abilities", replace(store.abilities, presigned=False))
    answer = await visitor.get(record["url"] + "?embed=1")
    assert (answer.status_code, answer.content) == (200, DATA)


async def test_a_link_that_is_too_old_is_refused(
    site: Site,
    visitor: httpx.AsyncClient,
    plain: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bucket(site), "lives", {"view": 2})
    record = await uploaded(visitor)
    link = led(await visitor.get(record["url"]))
    eventually(lambda: httpx.get(link).status_code == 403)
    assert (await plain.get(led(await visitor.get(record["url"])))).status_code == 200


async def test_the_page_may_show_images_of_the_bucket_and_of_nobody_else(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    link = urlsplit(led(await visitor.get((await uploaded(visitor))["url"])))
    for path in ("/", "/trash"):
        assert images_from(await visitor.get(path)) == [f"{link.scheme}://{link.netloc}"]


def images_from(page: httpx.Response) -> list[str]:
    """The places beside the site itself that a page may show images of."""
    policy = policy_of(page)
    assert policy["img-src"][:3] == ["'self'", "blob:", "data:"]
    for name, allowed in policy.items():
        assert name in ("img-src", "connect-src") or "http" not in " ".join(allowed)
    return policy["img-src"][3:]


# -- to a CDN ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cdn(store: Store) -> Iterator[str]:
    """The URL below which a server that knows nobody gives out what is in the bucket."""

    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = store.read(self.path.removeprefix("/at/"))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/at"
        server.shutdown()


@pytest.fixture
async def behind_cdn(store: Store, cdn: str, tmp_path: Path) -> AsyncIterator[Site]:
    with store.reached():
        async with Site(tmp_path, store=store, delivery=f"{cdn}/").running() as site:
            yield site


async def test_a_cdn_is_given_the_key_and_nothing_else(
    behind_cdn: Site, cdn: str, plain: httpx.AsyncClient
) -> None:
    async with behind_cdn.client() as client, behind_cdn.client() as stranger:
        record = await uploaded(client, DATA)
        for name in ("url", "thumb_url"):
            link = led(await client.get(record[name] + "?embed=1"))
            assert link == cdn + record[name].removeprefix("/outputs")
            assert (await plain.get(link)).content == behind_cdn.read(record[name])
            refused(await stranger.get(record[name]), 404, "unknown_image")
        assert images_from(await client.get("/")) == [cdn.removesuffix("/at")]


async def test_a_download_comes_from_the_server_since_a_cdn_cannot_name_it(
    behind_cdn: Site,
) -> None:
    async with behind_cdn.client() as client:
        record = await uploaded(client, DATA, name="고양이.png")
        answer = await client.get(record["url"] + "?download=1")
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-disposition"].endswith(f"{quote('고양이.png')}")


async def test_a_cdn_may_stand_before_files_whose_downloads_nginx_sends(tmp_path: Path) -> None:
    site = Site(tmp_path, delivery="https://cdn.test/x", accel_prefix="/protected")
    async with site.running(), site.client() as client:
        record = await uploaded(client)
        key = record["url"].removeprefix("/outputs/")
        assert led(await client.get(record["url"])) == f"https://cdn.test/x/{key}"
        answer = await client.get(record["url"] + "?download=1")
        assert answer.headers["x-accel-redirect"] == f"/protected/{key}"


# -- a server of its own ----------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
def test_files_cannot_be_signed_for(tmp_path: Path, workers: str) -> None:
    result = run(tmp_path, "serve", "--delivery", "presigned", "--workers", workers)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("gallery: GALLERY_DELIVERY: ")
    assert "Traceback" not in result.stderr


def test_a_signature_is_never_logged(store: Store, tmp_path: Path) -> None:
    with (
        store.reached(),
        served(tmp_path, blobs=store.url, delivery="presigned") as server,
        server.client() as client,
    ):
        files = {"file": ("a.png", images.png())}
        record = client.post("/api/v1/images", files=files).json()
        link = client.get(record["url"]).headers["location"]
        assert httpx.get(link).content == images.png()
    assert "conditional_put" in server.logged()
    assert "X-Amz" not in server.logged()
