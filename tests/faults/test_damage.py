"""Damaged sidecars, thumbnails and folders: contained, said so, and nothing is hidden."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.checks import check_answers, check_healed, healed, listed
from tests.faults.damages import SIDECARS, THUMBNAILS, Damage, Site
from tests.faults.ledger import Ledger, visiting
from tests.http.server import served


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
