"""What lies in the tree and is not ours, or not whole: never served, never in the way."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import images
from tests.http.site import Site, listed, refused, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
def site(shared: Site) -> Site:
    return shared


@pytest.fixture
async def record(visitor: httpx.AsyncClient) -> Any:
    return await uploaded(visitor)


async def gone(client: httpx.AsyncClient, url: str) -> None:
    """The catalog knows the image, but no file that may be served is there."""
    refused(await client.get(url), 404, "not_found")
    assert (await client.head(url)).status_code == 404


def linked(path: Path) -> None:
    """The path becomes a symbolic link to what it was, elsewhere."""
    elsewhere = path.with_name(f"elsewhere-{path.name}")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.of_files
@pytest.mark.parametrize("url", ["url", "thumb_url"])
async def test_a_symbolic_link_in_place_of_a_file_is_not_followed(
    site: Site, visitor: httpx.AsyncClient, record: Any, url: str
) -> None:
    linked(site.on_disk(record[url]))
    if url == "url":
        await gone(visitor, record[url])
    else:  # a thumbnail is made again
        assert (await visitor.get(record[url])).status_code == 200
        assert not site.on_disk(record[url]).is_symlink()


@pytest.mark.of_files
@pytest.mark.parametrize("levels", [1, 2, 3, 4])
async def test_a_symbolic_link_in_place_of_a_folder_is_not_followed(
    site: Site, visitor: httpx.AsyncClient, record: Any, levels: int
) -> None:
    folder = site.on_disk(record["url"])
    for _ in range(levels):
        folder = folder.parent
    linked(folder)
    await gone(visitor, record["url"])
    assert await listed(visitor) == [record["id"]]


@pytest.mark.of_files
async def test_a_link_out_of_the_tree_leads_nowhere(
    site: Site, visitor: httpx.AsyncClient, record: Any, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(images.png())
    image = site.on_disk(record["url"])
    image.unlink()
    image.symlink_to(secret)
    await gone(visitor, record["url"])


@pytest.mark.of_files
async def test_a_pipe_in_place_of_an_image_is_not_opened(
    site: Site, visitor: httpx.AsyncClient, record: Any
) -> None:
    image = site.on_disk(record["url"])
    image.unlink()
    os.mkfifo(image)
    await gone(visitor, record["url"])


@pytest.mark.of_files
async def test_a_folder_in_place_of_an_image_is_not_served(
    site: Site, visitor: httpx.AsyncClient, record: Any
) -> None:
    image = site.on_disk(record["url"])
    image.unlink()
    image.mkdir()
    await gone(visitor, record["url"])


async def test_only_what_the_catalog_knows_is_served(
    site: Site, visitor: httpx.AsyncClient, admin: httpx.AsyncClient, record: Any
) -> None:
    folder, stray = record["url"].rpartition("/")[0], "b" * 32
    site.write(f"{folder}/{stray}.png", b"no image, which would be taken in")
    site.write(f"{folder}/thumb/{stray}.webp", images.webp())
    site.write(f"{folder}/notes.txt", b"mine")
    site.write(record["url"], images.jpeg(), suffix=".jpg")
    for name in (
        f"{stray}.png", f"thumb/{stray}.webp", "notes.txt", f"{record['id']}.jpg",
        f"{record['id']}.json", "", "thumb", "thumb/", f"{record['id']}.PNG", f"{record['id']}",
        f"{record['id']}.png/", f"%2e/{record['id']}.png", f"thumb/%2e%2e/{record['id']}.png",
        f"%2e%2e/{record['id']}.png", f"{record['id']}.png%00", f"thumb//{record['id']}.webp",
    ):  # fmt: skip
        for who in (visitor, admin):
            refused(await who.get(f"{folder}/{name}"), 404, "unknown_image")


@pytest.mark.parametrize(
    "key", ["", ".gallery/secret", ".gallery/library.json", "%2egallery/secret", "users", "%2e%2e",
            "%2e%2e/manifests/library.json", "/etc/passwd", "users/%2e%2e/.gallery/secret", "%00",
            "고", "users/anon-x/2026/01/01/a.png", "a" * 5_000]
)  # fmt: skip
async def test_nothing_of_the_librarys_own_is_served(admin: httpx.AsyncClient, key: str) -> None:
    refused(await admin.get(f"/outputs/{key}"), 404, "unknown_image")


async def test_a_thumbnail_that_was_deleted_is_made_again(
    site: Site, visitor: httpx.AsyncClient, record: Any
) -> None:
    site.remove(record["thumb_url"])
    answer = await visitor.get(record["thumb_url"])
    assert answer.content == site.read(record["thumb_url"])
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'


@pytest.mark.parametrize("left", [0, 10, 50])
async def test_a_thumbnail_that_was_cut_short_is_made_again(
    site: Site, visitor: httpx.AsyncClient, record: Any, left: int
) -> None:
    url = record["thumb_url"]
    whole = site.read(url)
    site.write(url, whole[:left])
    assert (await visitor.get(url)).content == whole == site.read(url)


@pytest.mark.parametrize("body", [b"", b"damaged", images.truncated(images.png())])
async def test_a_damaged_original_hides_nothing(
    site: Site, visitor: httpx.AsyncClient, record: Any, body: bytes
) -> None:
    other = await uploaded(visitor)
    site.write(record["url"], body)
    assert await listed(visitor) == [other["id"], record["id"]]
    assert (await visitor.get(record["thumb_url"])).status_code == 200
    damaged = await visitor.get(record["url"])
    assert (damaged.status_code, damaged.content) == (200, body)
    assert damaged.headers["etag"] != f'"{record["sha256"]}"'
    assert (await visitor.get(other["url"])).status_code == 200
    site.remove(record["thumb_url"])
    site.app.bytes.forget("", "")
    refused(await visitor.get(record["thumb_url"]), 404, "damaged_image")


async def test_an_original_that_is_gone_hides_nothing(
    site: Site, visitor: httpx.AsyncClient, record: Any
) -> None:
    site.remove(record["url"])
    await gone(visitor, record["url"])
    assert await listed(visitor) == [record["id"]]
    assert (await visitor.get(record["thumb_url"])).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 7}', b"\xff"])
async def test_a_damaged_sidecar_hides_nothing_and_its_image_can_still_be_trashed(
    site: Site, visitor: httpx.AsyncClient, record: Any, body: bytes
) -> None:
    other = await uploaded(visitor)
    site.write(record["url"], body, suffix=".json")
    assert await listed(visitor) == [other["id"], record["id"]]
    assert (await visitor.get(record["url"])).status_code == 200
    answer = await visitor.post(f"/api/v1/images/{record['id']}/delete")
    assert answer.json()["status"] == "trash"
    assert (await visitor.post(f"/api/v1/images/{record['id']}/purge")).status_code == 204
