"""A volume that is away: said so, nothing changed, and back by itself."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from gallery.errors import Unavailable
from tests.http.site import SECRET, Site, listed, refused, signed, trashed, upload, uploaded

pytestmark = [pytest.mark.anyio, pytest.mark.of_files]
OWNER = "member-1"


def away(answer: httpx.Response) -> None:
    refused(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "/outputs" not in answer.json()["detail"]


def unmount(site: Site, *, mount_point: bool) -> Path:
    """Takes the volume away; an empty folder may be left where it was mounted."""
    elsewhere = site.outputs.with_name("elsewhere")
    site.outputs.rename(elsewhere)
    if mount_point:
        site.outputs.mkdir()
    return elsewhere


def kept(site: Site) -> dict[str, str]:
    """What must outlive a restart: all but the feed, in which a server begins a new part."""
    return {name: content for name, content in site.files().items() if "/feed/" not in name}


def mount(site: Site, volume: Path) -> None:
    if site.outputs.exists():
        site.outputs.rmdir()  # which it can only be if nothing was written there
    volume.rename(site.outputs)


@pytest.mark.parametrize("mount_point", [False, True])
async def test_what_needs_the_volume_is_unavailable_and_nothing_changes(
    site: Site, visitor: httpx.AsyncClient, mount_point: bool
) -> None:
    record, gone = await uploaded(visitor), await trashed(visitor)
    before = site.files()
    volume = unmount(site, mount_point=mount_point)
    one, trash = f"/api/v1/images/{record['id']}", f"/api/v1/images/{gone['id']}"
    for answer in [
        await visitor.get(record["url"]),
        await visitor.get(record["thumb_url"]),
        await visitor.patch(one, json={"favorite": True}),
        await visitor.post(f"{one}/delete"),
        await visitor.post(f"{trash}/restore"),
        await visitor.post(f"{trash}/purge"),
        await visitor.post("/api/v1/trash/empty", json={"count": 1}),
        await visitor.post("/api/v1/inputs/copy", json={"id": record["id"]}),
        await upload(visitor),
        await visitor.get("/readyz"),
    ]:
        away(answer)
    assert (await visitor.get("/healthz")).status_code == 200
    mount(site, volume)
    assert site.files() == before
    assert await listed(visitor) == [record["id"]]
    assert await listed(visitor, "/api/v1/trash") == [gone["id"]]


async def test_it_comes_back_by_itself(site: Site, visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor)
    volume = unmount(site, mount_point=True)
    away(await visitor.post(f"/api/v1/images/{record['id']}/delete"))
    mount(site, volume)
    assert (await visitor.get(record["url"])).status_code == 200
    assert (await visitor.get("/readyz")).status_code == 200
    assert (await visitor.post(f"/api/v1/images/{record['id']}/delete")).status_code == 200
    await uploaded(visitor)


async def test_a_walk_takes_nothing_away_while_the_volume_is(
    site: Site, visitor: httpx.AsyncClient
) -> None:
    record = await uploaded(visitor)
    volume = unmount(site, mount_point=True)
    with pytest.raises(Unavailable):
        await asyncio.to_thread(site.jobs().walk)
    mount(site, volume)
    assert await listed(visitor) == [record["id"]]


async def test_the_volume_of_another_library_is_not_written_to(
    site: Site, visitor: httpx.AsyncClient, tmp_path: Path
) -> None:
    record = await uploaded(visitor)
    volume = unmount(site, mount_point=False)
    async with Site(tmp_path / "other").running() as other:
        pass
    other.outputs.rename(site.outputs)
    before = site.files()
    away(await upload(visitor))
    away(await visitor.get(record["url"]))
    assert site.files() == before
    site.outputs.rename(other.outputs)
    mount(site, volume)
    await uploaded(visitor)


@pytest.mark.parametrize("secret", [(SECRET,), ()], ids=["own keys", "keys of the volume"])
async def test_a_server_that_starts_without_its_volume_waits_for_it(
    tmp_path: Path, secret: tuple[str, ...]
) -> None:
    async with Site(tmp_path, secret=secret).running() as site, site.client() as client:
        record = await uploaded(client)
        cookie = client.cookies["anon_id"]
        before = kept(site)
    volume = unmount(site, mount_point=True)
    async with (
        Site(tmp_path, secret=secret).running() as site,
        site.client(cookie=f"anon_id={cookie}") as client,
    ):
        away(await client.get("/readyz"))
        away(await upload(client))
        away(await client.get(record["url"]))
        assert (await client.get("/healthz")).status_code == 200
        assert list(site.outputs.iterdir()) == []
        mount(site, volume)
        assert (await client.get("/readyz")).status_code == 200
        assert await listed(client) == [record["id"]]
        assert (await client.get(record["url"])).status_code == 200
        assert kept(site) == before
        await uploaded(client)


async def test_a_lost_secret_is_not_made_anew(tmp_path: Path) -> None:
    """Else everybody would be logged out, for ever."""
    async with Site(tmp_path, secret=()).running() as site, site.client() as client:
        await uploaded(client)
        cookie = client.cookies["anon_id"]
    secret = site.outputs / ".gallery" / "secret"
    before = secret.read_bytes()
    secret.unlink()
    async with (
        Site(tmp_path, secret=()).running() as site,
        site.client(cookie=f"anon_id={cookie}") as client,
    ):
        away(await client.get("/api/v1/images"))
        away(await client.get("/"))
        assert not secret.exists()
        secret.write_bytes(before)
        assert len(await listed(client)) == 1


async def test_manifests_that_are_away_are_said_so(site: Site, visitor: httpx.AsyncClient) -> None:
    record = await uploaded(visitor)
    elsewhere = site.manifests.with_name("elsewhere")
    site.manifests.rename(elsewhere)
    away(await upload(visitor))
    away(await visitor.post(f"/api/v1/images/{record['id']}/delete"))
    away(await visitor.get("/readyz"))
    assert not site.manifests.exists()
    elsewhere.rename(site.manifests)
    assert (await visitor.get("/readyz")).status_code == 200
    await uploaded(visitor)
    assert len(await listed(visitor)) == 2


async def test_an_owners_folder_that_cannot_be_read_is_not_an_empty_one(
    site: Site, service: httpx.AsyncClient
) -> None:
    record = await uploaded(service, owner=OWNER)
    folder = site.outputs / "users" / OWNER
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("no folder")
    cookie = signed(OWNER, at=time.time())
    async with site.client(cookie=f"anon_id={cookie}") as client:
        assert await listed(client) == [record["id"]]
        assert (await client.get(record["url"])).status_code in (404, 503)
        folder.unlink()
        folder.with_name("elsewhere").rename(folder)
        assert (await client.get(record["url"])).status_code == 200
