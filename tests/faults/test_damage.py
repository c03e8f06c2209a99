"""Damaged sidecars, images and thumbnails: contained, said so, and nothing is hidden."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli import run
from tests.faults.ledger import (
    Item,
    Ledger,
    check_answers,
    check_healed,
    client_of,
    healed,
    listed,
    visiting,
)
from tests.faults.test_strangers import listening
from tests.http.server import Server, served

FIFTY_MB = 50 << 20
Damage = Callable[[Path], object]


def rewritten(change: Callable[[bytes], bytes]) -> Damage:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def replaced_by(make: Callable[[Path], object]) -> Damage:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def folder_with_a_file(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("somebody's")


def flipped(raw: bytes) -> bytes:
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


SIDECARS: dict[str, Damage] = {
    "missing": lambda path: path.unlink(),
    "empty": rewritten(lambda _: b""),
    "cut short": rewritten(lambda raw: raw[: len(raw) // 2]),
    "NULs": rewritten(lambda raw: bytes(len(raw))),
    "not UTF-8": rewritten(lambda raw: b"\xff\xfe" + raw),
    "not an object": rewritten(lambda _: b"[1, 2]"),
    "nested deeply": rewritten(lambda _: b"[" * 100_000),
    "another image's": rewritten(lambda raw: raw.replace(b'"id": "', b'"id": "f', 1)),
    "absurd numbers": rewritten(lambda raw: raw.replace(b'"bytes": ', b'"bytes": 9' + b"9" * 30)),
    "50 MB of spaces": rewritten(lambda raw: raw + b" " * FIFTY_MB),
    "50 MB of NULs": lambda path: os.truncate(path, FIFTY_MB),
    "a folder": replaced_by(lambda path: path.mkdir()),
    "a folder with something in it": replaced_by(folder_with_a_file),
    "a pipe": replaced_by(os.mkfifo),
    "a socket": replaced_by(lambda path: listening(os.fsencode(path))),
    "a link to nowhere": replaced_by(lambda path: path.symlink_to("nowhere")),
    "a link to itself": replaced_by(lambda path: path.symlink_to(path.name)),
}
THUMBNAILS: dict[str, Damage] = SIDECARS
IMAGES: dict[str, Damage] = {
    "missing": SIDECARS["missing"],
    "empty": SIDECARS["empty"],
    "cut short": SIDECARS["cut short"],
    "longer": rewritten(lambda raw: raw + b"more"),
    "a flipped bit": rewritten(flipped),
    "another image": rewritten(lambda raw: b"\xff\xd8\xff" + raw[3:]),
    "a folder": SIDECARS["a folder with something in it"],
    "a pipe": SIDECARS["a pipe"],
    "a link to nowhere": SIDECARS["a link to nowhere"],
}


class Site:
    """A running server, and what each test stored there."""

    def __init__(self, root: Path, server: Server) -> None:
        self.root, self.server = root, server
        self._ledgers: list[Ledger] = []

    def filled(self, owner: str) -> Ledger:
        ledger = Ledger()
        with visiting(self.server, ledger, owner) as [visitor]:
            visitor.uploaded(3)
        self._ledgers.append(ledger)
        return ledger

    @property
    def whole(self) -> Ledger:
        return Ledger([item for ledger in self._ledgers for item in ledger.items])

    def files(self, item: Item) -> tuple[Path, Path, Path]:
        """Image, thumbnail and sidecar."""
        with client_of(self.server, item.owner) as client:
            record = client.get(f"/api/v1/images/{item.id}").json()
        image, thumb = (self.root / record[url].removeprefix("/") for url in ("url", "thumb_url"))
        return image, thumb, image.with_suffix(".json")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Sidecars and thumbnails are damaged here; in the end, all is as if they never were."""
    root = tmp_path_factory.mktemp("site")
    with served(root) as server:
        site = Site(root, server)
        yield site
    check_answers_and_doctor(site)


def check_answers_and_doctor(site: Site) -> None:
    with healed(site.root) as server:
        check_answers(site.whole, server)
    assert "Traceback" not in (site.root / "log").read_text(errors="replace")


@pytest.mark.parametrize("name", SIDECARS)
def test_an_image_whose_sidecar_is_damaged_goes_on_as_it_was(site: Site, name: str) -> None:
    owner = f"sidecar-{list(SIDECARS).index(name)}"
    ledger = site.filled(owner)
    item, other, _ = ledger.items
    _, _, sidecar = site.files(item)
    SIDECARS[name](sidecar)
    check_answers(ledger, site.server)
    with visiting(site.server, ledger, owner) as [visitor]:
        assert visitor.change(other, "edit") == 200
        assert visitor.change(item, "edit") == 200
        assert visitor.change(item, "delete") == 200
        assert visitor.change(item, "restore") == 200
    check_answers(ledger, site.server)
    assert sidecar.is_file()


@pytest.mark.parametrize("name", SIDECARS)
def test_a_damaged_sidecar_hides_nothing_after_a_restart(tmp_path: Path, name: str) -> None:
    with served(tmp_path) as server:
        site = Site(tmp_path, server)
        ledger = site.filled("kim")
        item = ledger.items[0]
        _, _, sidecar = site.files(item)
    SIDECARS[name](sidecar)
    with healed(tmp_path) as server:
        check_answers(ledger, server)
        with visiting(server, ledger, "kim") as [visitor]:
            assert visitor.change(item, "edit") == 200
            assert visitor.change(item, "delete") == 200
            assert visitor.change(item, "purge") == 204
        check_answers(ledger, server)
    with healed(tmp_path) as server:
        check_answers(ledger, server)


@pytest.mark.parametrize("name", THUMBNAILS)
def test_a_damaged_thumbnail_is_made_again(site: Site, name: str) -> None:
    ledger = site.filled(f"thumbnail-{list(THUMBNAILS).index(name)}")
    _, thumb, _ = site.files(ledger.items[0])
    THUMBNAILS[name](thumb)
    check_answers(ledger, site.server)
    assert thumb.is_file()


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


@pytest.mark.parametrize(
    "damage",
    [SIDECARS["a link to nowhere"], lambda path: path.write_bytes(b""), SIDECARS["a pipe"]],
    ids=["a link", "a file", "a pipe"],
)
def test_what_lies_in_the_place_of_a_folder_is_its_owners_trouble_alone(
    site: Site, damage: Damage, request: pytest.FixtureRequest
) -> None:
    owner = f"folder-{len(site.whole.items)}"
    ledger = site.filled(owner)
    day = site.files(ledger.items[0])[0].parent
    elsewhere = day.rename(day.with_name("elsewhere"))
    day.touch()
    damage(day)
    with visiting(site.server, ledger, owner, "somebody") as [visitor, other]:
        assert visitor.upload() is None
        assert ledger.statuses[503] == 1
        assert len(listed(visitor.client)) == 3
        other.uploaded(1)
        day.unlink()
        elsewhere.rename(day)
        visitor.uploaded(1)
    check_answers(Ledger(ledger.of(owner)), site.server)


def test_sidecars_and_manifests_lost_together_leave_images_that_are_taken_in(
    tmp_path: Path,
) -> None:
    """What only the sidecars said is lost with them; the images are not."""
    ledger = Ledger()
    with served(tmp_path) as server, visiting(server, ledger, "kim") as [visitor]:
        visitor.uploaded(3)
    for path in [*(tmp_path / "outputs").rglob("*.json"), *(tmp_path / "manifests").rglob("*.j*")]:
        if "users" in path.parts:
            path.unlink()
    for path in (tmp_path / "outputs" / "users").rglob("*.png"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 60))
    check_healed(ledger, tmp_path)
