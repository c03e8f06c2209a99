"""What is there after a restart, however the server stopped and whatever was lost."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.homes import Home
from tests.http.server import served
from tests.http.site import ADMIN_TOKEN, Site, listed, refused, trashed, uploaded
from tests.images import png
from tests.living import until


def fill(client: httpx.Client) -> dict[str, Any]:
    """Images of every kind and state; gives all that can be asked about them."""
    client.get("/api/v1/me")
    for number in range(3):
        meta = {"meta": f'{{"prompt": "number {number}", "tags": ["night"]}}'}
        files = {"file": ("a.png", png(seed=number))}
        record = client.post("/api/v1/images", files=files, data=meta).json()
    client.post("/api/v1/inputs/upload", files={"file": ("b.png", png(seed=7))})
    client.patch(f"/api/v1/images/{record['id']}", json={"favorite": True})
    client.post(f"/api/v1/images/{record['id']}/delete")
    return state(client)


def state(client: httpx.Client) -> dict[str, Any]:
    paths = ("images", "trash", "inputs", "controls", "me", "timeline", "images?q=number&count=1")
    found = {path: client.get(f"/api/v1/{path}").json() for path in paths}
    for item in found["images"]["items"] + found["trash"]["items"] + found["inputs"]["items"]:
        for url in (item["url"], item["thumb_url"]):
            found[url] = client.get(url).content
    return found


def same_after(home: Home, before: dict[str, Any], cookies: httpx.Cookies) -> None:
    with home.served() as server, server.client() as client:
        client.cookies = cookies
        assert state(client) == before


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_everything_is_still_there_after(home: Home, how: signal.Signals) -> None:
    with home.served() as server, server.client() as client:
        before, cookies = fill(client), client.cookies
        server.end(how)
    same_after(home, before, cookies)


@pytest.mark.of_files
def test_everything_is_still_there_after_the_manifests_were_deleted(home: Home) -> None:
    with home.served() as server, server.client() as client:
        before, cookies = fill(client), client.cookies
    shutil.rmtree(home.root / "manifests")
    same_after(home, before, cookies)


def test_an_upload_that_was_cut_off_by_a_kill_leaves_no_image(home: Home) -> None:
    with home.served() as server, server.connect() as connection:
        connection.sendall(
            b"POST /api/v1/images HTTP/1.1\r\nHost: gallery\r\nContent-Length: 99999\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
            b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + png()
        )
        with server.client() as client:
            client.get("/healthz")
        server.end(signal.SIGKILL)
    assert home.images() == 0
    assert [name for name in home.files() if name.endswith(".png")] == []
    with home.served() as server, server.client(authorization=f"Bearer {ADMIN_TOKEN}") as admin:
        assert admin.get("/api/v1/admin/images").json()["total"] == 0


def test_two_servers_may_not_share_what_is_of_two_libraries(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for root in (one, other):
        root.mkdir()
        with served(root):
            pass
    with (
        pytest.raises(AssertionError, match="marks another library"),
        served(one, outputs=other / "outputs"),
    ):
        pass


# -- what was changed while nobody watched --------------------------------------------------


@pytest.mark.anyio
async def test_a_lost_manifest_of_one_owner_is_made_again(tmp_path: Path) -> None:
    async with Site(tmp_path).running() as site, site.client() as one, site.client() as other:
        first, second = await uploaded(one, prompt="kept"), await uploaded(other)
        gone = await trashed(one)
        cookies = one.cookies["anon_id"], other.cookies["anon_id"]
    [lost] = (site.manifests / "users" / first["owner"]).glob("*.jsonl")
    lost.unlink()
    async with (
        Site(tmp_path).running() as site,
        site.client(cookie=f"anon_id={cookies[0]}") as one,
        site.client(cookie=f"anon_id={cookies[1]}") as other,
    ):
        assert await listed(other) == [second["id"]]
        await walked(site)
        assert await listed(one) == [first["id"]]
        assert await listed(one, "/api/v1/trash") == [gone["id"]]
        assert (await one.get(f"/api/v1/images/{first['id']}")).json() == first


async def walked(site: Site) -> None:
    """The walk of the tree that a server makes in the background has been made, and what
    it noted has been looked at."""
    jobs = site.jobs()
    await asyncio.to_thread(jobs.walk)
    looks = jobs._looks
    assert looks is not None
    await asyncio.to_thread(until, lambda: not (looks._due or looks._busy))


@pytest.mark.anyio
@pytest.mark.parametrize("garbage", [b"\n{]\n", b"\x00" * 64, b'{"op":"put","own'], ids=len)
async def test_a_damaged_end_of_a_manifest_hides_nothing(tmp_path: Path, garbage: bytes) -> None:
    async with Site(tmp_path).running() as site, site.client() as client:
        first, gone = await uploaded(client), await trashed(client)
        cookie = client.cookies["anon_id"]
    [shard] = site.manifests.rglob("*.jsonl")
    shard.write_bytes(shard.read_bytes() + garbage)
    async with (
        Site(tmp_path).running() as site,
        site.client(cookie=f"anon_id={cookie}") as client,
    ):
        assert await listed(client) == [first["id"]]
        assert await listed(client, "/api/v1/trash") == [gone["id"]]
        third = await uploaded(client)
        assert await listed(client) == [third["id"], first["id"]]


@pytest.mark.anyio
async def test_a_damaged_line_of_a_manifest_hides_nothing(tmp_path: Path) -> None:
    async with Site(tmp_path).running() as site, site.client() as client:
        records = [await uploaded(client) for _ in range(3)]
        cookie = client.cookies["anon_id"]
    [shard] = site.manifests.rglob("*.jsonl")
    lines = shard.read_bytes().splitlines(keepends=True)
    lines[2] = b"x" * (len(lines[2]) - 1) + b"\n"
    shard.write_bytes(b"".join(lines))
    async with (
        Site(tmp_path).running() as site,
        site.client(cookie=f"anon_id={cookie}") as client,
    ):
        assert await listed(client) == [record["id"] for record in records[::-1]]


@pytest.mark.anyio
async def test_what_was_edited_by_hand_is_found(tmp_path: Path) -> None:
    async with Site(tmp_path).running() as site, site.client() as client:
        record = await uploaded(client, tags=["before"])
        cookie = client.cookies["anon_id"]
    sidecar = site.on_disk(record["url"]).with_suffix(".json")
    sidecar.write_bytes(sidecar.read_bytes().replace(b'"before"', b'"afterwards"'))
    async with (
        Site(tmp_path).running() as site,
        site.client(cookie=f"anon_id={cookie}") as client,
    ):
        await walked(site)
        assert await listed(client, tag="afterwards") == [record["id"]]
        refused(await client.get("/api/v1/images/" + "0" * 32), 404, "unknown_image")
