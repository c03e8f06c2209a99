"""Who sends the bytes: a visitor who may see them is sent on to the bucket."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from tests import images
from tests.cli import run
from tests.http.delivery import bucket, images_from, led
from tests.http.server import served
from tests.http.site import Site, refused, uploaded
from tests.samples import eventually
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio

DATA = images.png() + bytes(range(256)) * 8
BOTH = pytest.mark.parametrize("url", ["url", "thumb_url"])
LIVES = {"": 3600, "?download=1": 86_400, "?embed=1": 604_800}


@pytest.fixture
def site(signed: Site) -> Site:
    return signed


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
    shared_store: Store, visitor: httpx.AsyncClient, plain: httpx.AsyncClient
) -> None:
    record, store = await uploaded(visitor), shared_store
    key = record["url"].removeprefix("/outputs/")
    store.client.put_object(
        Bucket=store.bucket, Key=store.prefix + key, Body=images.png(), ContentType="text/html"
    )
    answer = await plain.get(led(await visitor.get(record["url"])))
    assert answer.headers["content-type"] == "image/png"


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
