"""A full disk: nothing more is taken in, and everything else goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gallery.blobs.files import FileBlobs, volume
from tests.http.site import Site, listed, refused, trashed, upload, uploaded

pytestmark = [pytest.mark.anyio, pytest.mark.of_files]


class Disk:
    """The low-water mark, which no real disk has reached while tests run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def fill(self) -> None:
        """From now on, so little is free that no upload is taken."""
        self._monkeypatch.setattr(volume, "LOW_WATER_BYTES", 1 << 62)
        self._monkeypatch.setattr(volume, "LOW_WATER_SHARE", 1)

    def free(self) -> None:
        self._monkeypatch.undo()


@pytest.fixture
async def disk(site: Site) -> AsyncIterator[Disk]:
    monkeypatch = pytest.MonkeyPatch()
    yield Disk(monkeypatch)
    monkeypatch.undo()


@pytest.mark.parametrize("path", ["/api/v1/images", "/api/v1/inputs/upload"])
async def test_uploads_stop_with_507_and_nothing_is_kept(
    site: Site, visitor: httpx.AsyncClient, service: httpx.AsyncClient, disk: Disk, path: str
) -> None:
    record = await uploaded(visitor)
    disk.fill()
    before = site.files()
    refused(await upload(visitor, to=path), 507, "storage_full")
    refused(await upload(service, to=path, owner="member-1"), 507, "storage_full")
    copy = await visitor.post("/api/v1/inputs/copy", json={"id": record["id"]})
    refused(copy, 507, "storage_full")
    assert site.files() == before


async def test_everything_else_goes_on(
    site: Site, visitor: httpx.AsyncClient, admin: httpx.AsyncClient, disk: Disk
) -> None:
    records = [await uploaded(visitor) for _ in range(3)]
    kept, edited, gone = (f"/api/v1/images/{record['id']}" for record in records)
    disk.fill()
    assert len(await listed(visitor)) == 3
    assert (await visitor.get(records[0]["url"])).status_code == 200
    assert (await visitor.get(records[0]["thumb_url"])).status_code == 200
    assert (await visitor.patch(edited, json={"favorite": True})).json()["favorite"] is True
    assert (await visitor.post(f"{kept}/delete")).json()["status"] == "trash"
    assert (await visitor.post(f"{kept}/restore")).json()["status"] == "active"
    assert (await visitor.post(f"{gone}/delete")).status_code == 200
    assert (await visitor.post(f"{gone}/purge")).status_code == 204
    assert not site.on_disk(records[2]["url"]).exists()
    await visitor.post(f"{kept}/delete")
    assert (await visitor.post("/api/v1/trash/empty", json={"count": 1})).json() == {"purged": 1}
    assert (await admin.get("/api/v1/admin/users")).json()["items"][0]["active"] == 1
    assert (await visitor.get("/readyz")).status_code == 200


async def test_a_lost_thumbnail_is_still_shown(
    site: Site, visitor: httpx.AsyncClient, disk: Disk
) -> None:
    record = await uploaded(visitor)
    site.on_disk(record["thumb_url"]).unlink()
    disk.fill()
    assert (await visitor.get(record["thumb_url"])).content[8:12] == b"WEBP"


async def test_uploads_resume_without_a_restart(visitor: httpx.AsyncClient, disk: Disk) -> None:
    gone = await trashed(visitor)
    disk.fill()
    refused(await upload(visitor), 507, "storage_full")
    await visitor.post(f"/api/v1/images/{gone['id']}/purge")
    disk.free()
    record = await uploaded(visitor)
    assert await listed(visitor) == [record["id"]]


def test_a_reserve_is_kept_for_changes(tmp_path: Path) -> None:
    blobs = FileBlobs(str(tmp_path))
    blobs.start()
    ballast = tmp_path / ".gallery" / "ballast"
    assert ballast.stat().st_blocks > 0
    assert blobs.make_room()
    assert not ballast.exists()
    assert not blobs.make_room()
    blobs.keep_room()
    assert ballast.stat().st_blocks > 0
