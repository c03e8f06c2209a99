"""The bytes of images: tags, caching, names, and what keeps a browser from running them."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from urllib.parse import quote

import httpx
import pytest

from gallery import commands
from gallery.catalog import Immediate
from tests import images
from tests.homes import Home
from tests.http.site import Site, refused, trashed, upload, uploaded

pytestmark = [pytest.mark.anyio, pytest.mark.each_store]


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


both = pytest.mark.parametrize("url", ["url", "thumb_url"])


@both
async def test_the_etag_is_the_hash_of_these_very_bytes(
    visitor: httpx.AsyncClient, url: str
) -> None:
    record = await uploaded(visitor, images.png(900, 600))
    for _ in range(2):  # from the disk, then from memory
        answer = await visitor.get(record[url])
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert answer.headers["content-length"] == str(len(answer.content))


@both
async def test_bytes_that_the_client_has_are_not_sent_again(
    visitor: httpx.AsyncClient, url: str
) -> None:
    path = (await uploaded(visitor))[url]
    etag = (await visitor.get(path)).headers["etag"]
    for match in (etag, f"W/{etag}", f'"other", {etag}', "*", f"{etag},{etag}"):
        answer = await visitor.get(path, headers={"if-none-match": match})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    for match in ('"other"', etag[:-2] + '"', etag.strip('"')):
        answer = await visitor.get(path, headers={"if-none-match": match})
        assert answer.status_code == 200


@both
async def test_a_head_says_what_a_get_would(visitor: httpx.AsyncClient, url: str) -> None:
    path = (await uploaded(visitor))[url]
    got, head = await visitor.get(path), await visitor.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers


@both
async def test_no_browser_runs_or_shares_what_is_served(
    visitor: httpx.AsyncClient, url: str
) -> None:
    answer = await visitor.get((await uploaded(visitor))[url])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "set-cookie" not in answer.headers


async def test_originals_are_cached_privately_and_for_ever(visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor)
    original, thumb = await visitor.get(record["url"]), await visitor.get(record["thumb_url"])
    assert original.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert thumb.headers["cache-control"].startswith("private, ")
    assert "immutable" not in thumb.headers["cache-control"]


@pytest.mark.parametrize(
    ("data", "mime"),
    [(images.png(), "image/png"), (images.jpeg(), "image/jpeg"), (images.webp(), "image/webp")],
    ids=["png", "jpeg", "webp"],
)
async def test_the_type_is_one_of_ours(visitor: httpx.AsyncClient, data: bytes, mime: str) -> None:
    record = await uploaded(visitor, data, name="page.html")
    assert (await visitor.get(record["url"])).headers["content-type"] == mime
    assert (await visitor.get(record["thumb_url"])).headers["content-type"] == "image/webp"


NAMES = {
    "고양이.png": "고양이.png",
    'a "quoted" name.png': 'a "quoted" name.png',
    "semi;colon=1.png": "semi;colon=1.png",
    "100%.png": "100%.png",
    "C:\\Users\\me\\x.png": "x.png",
    "../../etc/passwd": "passwd",
    "x" * 300 + ".png": "x" * 255,
    "🐈 Ünïcode.png": "🐈 Ünïcode.png",
}


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
async def test_a_download_has_the_name_of_the_upload(visitor: httpx.AsyncClient, name: str) -> None:
    record = await uploaded(visitor, name=name)
    assert "content-disposition" not in (await visitor.get(record["url"])).headers
    header = (await visitor.get(record["url"] + "?download=1")).headers["content-disposition"]
    assert header.isascii()
    assert header.startswith('attachment; filename="')
    assert header.endswith(f"filename*=UTF-8''{quote(NAMES[name], safe='')}")
    plain = header.split('"')
    assert len(plain) == 3
    assert not set("\\/%") & set(plain[1])


async def test_control_characters_never_reach_a_header(visitor: httpx.AsyncClient) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a\tb\x07%0d%0aX: y.png"'
        b"\r\n\r\n" + images.png() + b"\r\n--b--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    record = (await visitor.post("/api/v1/images", content=body, headers=headers)).json()
    assert record["original_filename"].isprintable()
    answer = await visitor.get(record["url"] + "?download=1")
    assert answer.headers["content-disposition"].isprintable()
    assert "x" not in answer.headers


@pytest.mark.parametrize("name", [None, ""])
async def test_a_download_without_a_name_has_the_id(
    visitor: httpx.AsyncClient, name: str | None
) -> None:
    answer = await visitor.post("/api/v1/images", files={"file": (name, images.jpeg())})
    record = answer.json()
    if answer.status_code == 201:
        header = (await visitor.get(record["url"] + "?download=1")).headers["content-disposition"]
        assert f'filename="{record["id"]}.jpg"' in header


async def test_a_thumbnail_is_downloaded_as_one(visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor, name="cat.png")
    answer = await visitor.get(record["thumb_url"] + "?download=1")
    assert f'filename="{record["id"]}.webp"' in answer.headers["content-disposition"]


@pytest.mark.parametrize("query", ["?download=0", "?download", "?x=download=1", "?v=2"])
async def test_other_queries_change_nothing(visitor: httpx.AsyncClient, query: str) -> None:
    answer = await visitor.get((await uploaded(visitor))["url"] + query)
    assert answer.status_code == 200
    assert "content-disposition" not in answer.headers


async def test_an_image_in_the_trash_keeps_its_bytes(visitor: httpx.AsyncClient) -> None:
    record = await trashed(visitor)
    assert (await visitor.get(record["url"])).content == images.png()


async def test_a_large_original_is_served_whole(visitor: httpx.AsyncClient) -> None:
    data = images.png() + bytes(3 << 20)
    response = await upload(visitor, data)
    assert (await visitor.get(response.json()["url"])).content == data


@pytest.mark.of_files
async def test_a_web_server_in_front_is_told_where_the_original_lies(home: Home) -> None:
    async with (
        home.site(accel_prefix="/protected").running() as site,
        site.client() as client,
        site.client() as stranger,
    ):
        record = await uploaded(client)
        answer = await client.get(record["url"])
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["x-accel-redirect"] == f"/protected{record['url'][8:]}"
        assert answer.headers["etag"] == f'"{record["sha256"]}"'
        assert answer.headers["content-type"] == "image/png"
        assert "content-length" not in answer.headers
        thumb = await client.get(record["thumb_url"])
        assert thumb.content[8:12] == b"WEBP"
        refused(await stranger.get(record["url"]), 404, "unknown_image")


class LearnsWhenAsked:
    """A catalog that another thread brings up to date just when it is asked whether it is."""

    def __init__(self, site: Site, owner: str) -> None:
        self.catalog, self.owner = site.app.library.catalog, owner

    def fresh(self) -> bool:
        learning = threading.Thread(target=self.catalog.totals, args=(self.owner,))
        learning.start()
        while learning.is_alive():
            pass  # waiting in any other way is forbidden on the event loop
        assert isinstance(self.catalog, Immediate)
        return self.catalog.fresh()


@pytest.mark.of_files
async def test_a_thumbnail_purged_elsewhere_is_not_sent_though_it_was_found_in_memory(
    site: Site, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await trashed(visitor)
    assert (await visitor.get(record["thumb_url"])).status_code == 200

    def purge() -> None:
        with commands.opened(site.settings) as other:
            other.purge(record["owner"], record["id"])

    await asyncio.to_thread(purge)
    monkeypatch.setattr(site.app.bytes, "_immediate", LearnsWhenAsked(site, record["owner"]))
    refused(await visitor.get(record["thumb_url"]), 404, "unknown_image")
