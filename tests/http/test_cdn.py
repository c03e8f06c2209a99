"""Who sends the bytes: a visitor who may see them is sent on to a CDN."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests import images
from tests.http.delivery import images_from, led
from tests.http.site import Site, refused, uploaded
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio
DATA = images.png() + bytes(range(256)) * 8


@pytest.fixture(scope="module")
def store(shared_store: Store) -> Store:
    return shared_store


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
