"""Damaged images stay in the list, are named, and harm no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli import run
from tests.faults.checks import healed, listed
from tests.faults.damages import IMAGES, Site
from tests.faults.ledger import Item, client_of
from tests.http.server import served


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, Item]]]:
    """A server that was started on a tree with every damage that an image can have."""
    root = tmp_path_factory.mktemp("spoiled")
    items = {}
    with served(root) as server:
        site = Site(root, server)
        for number, name in enumerate(IMAGES):
            items[name] = site.filled(f"image-{number}").items[0]
        paths = {name: site.files(item)[0] for name, item in items.items()}
    for name, damage in IMAGES.items():
        damage(paths[name])
    with healed(root) as server:
        site.server = server
        yield site, items


@pytest.mark.parametrize("name", IMAGES)
def test_a_damaged_image_stays_in_the_list_and_harms_no_other(
    spoiled: tuple[Site, dict[str, Item]], name: str
) -> None:
    site, items = spoiled
    item = items[name]
    with client_of(site.server, item.owner) as client:
        records = {record["id"]: record for record in listed(client)}
        assert records.keys() == {one.id for one in site.whole.of(item.owner)}
        assert client.get(records[item.id]["thumb_url"]).status_code == 200
        answer = client.get(records[item.id]["url"])
        assert answer.status_code in (200, 404)
        for other in site.whole.of(item.owner)[1:]:
            assert client.get(records[other.id]["url"]).content == other.body
        edited = client.patch(f"/api/v1/images/{item.id}", json={"favorite": True})
        assert edited.status_code == 200


def test_the_doctor_and_the_log_name_the_damaged_images(
    spoiled: tuple[Site, dict[str, Item]],
) -> None:
    site, items = spoiled
    said = run(site.root, "doctor").stdout
    log = site.server.logged()
    for name in ("missing", "empty", "cut short", "longer", "a folder", "a pipe"):
        assert items[name].id in said, name
    for name in ("missing", "a folder", "a pipe", "a link to nowhere"):
        assert f"{items[name].id}.json: its image is gone" in log, name


def test_a_damaged_image_can_be_put_back_or_purged(spoiled: tuple[Site, dict[str, Item]]) -> None:
    site, items = spoiled
    mended, given_up = items["cut short"], items["missing"]
    site.files(mended)[0].write_bytes(mended.body)
    with client_of(site.server, given_up.owner) as client:
        for action, status in (("delete", 200), ("purge", 204)):
            assert client.post(f"/api/v1/images/{given_up.id}/{action}").status_code == status
    with client_of(site.server, mended.owner) as client:
        url: Any = {record["id"]: record for record in listed(client)}[mended.id]["url"]
        assert client.get(url).content == mended.body
