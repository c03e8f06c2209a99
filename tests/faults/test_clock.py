"""A clock that jumped, either way: nothing is purged for it, and times stay those of the clock."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gallery.draft import DAY_US
from gallery.library import now_us
from gallery.records import to_us
from tests import images
from tests.cli import close, open_library
from tests.faults.checks import check, check_healed, healed, listed
from tests.faults.ledger import NEW, Item, Ledger, client_of, picture, wait_for
from tests.http.server import served
from tests.samples import upload

YEARS = 3650 * DAY_US
HOUR, DAY = 3600, 86_400
JUMPED = "nothing is purged by age for 24 hours of uptime"


def in_trash_for(root: Path, days: int) -> str:
    """An image of kim's that was trashed so long ago; gives its id."""
    library = open_library(root)
    now = now_us()
    library.clock = lambda: now - days * DAY_US
    id = upload(library, images.png(seed=3), owner="kim").entry.record.id
    library.trash("kim", id)
    close(library)
    return id


def recorded(root: Path, ago: float) -> None:
    """The last time that a server knew, as seen from a clock that jumped since."""
    (root / "manifests" / "clock").write_text(f"{time.time() - ago:.0f} 0\n")


@pytest.mark.parametrize(
    "ago", [8 * DAY, 365 * DAY, -HOUR, -3650 * DAY], ids=["week", "year", "back", "far back"]
)
def test_a_server_whose_clock_jumped_purges_nothing(tmp_path: Path, ago: float) -> None:
    due = in_trash_for(tmp_path, 40)
    recorded(tmp_path, ago)
    with healed(tmp_path) as server, client_of(server, "kim") as client:
        assert [record["id"] for record in listed(client)] == [due]
        assert JUMPED in server.logged()
        assert client.post(f"/api/v1/images/{due}/restore").status_code == 200
    with healed(tmp_path) as server, client_of(server, "kim") as client:
        assert [record["id"] for record in listed(client)] == [due]
        assert "retention purged" not in server.logged()


def test_a_server_whose_clock_goes_on_purges_what_is_due(tmp_path: Path) -> None:
    """Without which the test above would say nothing."""
    in_trash_for(tmp_path, 40)
    recorded(tmp_path, HOUR)
    with served(tmp_path) as server, client_of(server, "kim") as client:
        wait_for("retention", lambda: "retention purged 1 images" in server.logged())
        assert listed(client) == []


@pytest.mark.parametrize("jump", [YEARS, -YEARS], ids=["forwards", "back"])
def test_what_was_stored_while_the_clock_was_wrong_is_kept_and_sorted_by_it(
    tmp_path: Path, jump: int
) -> None:
    library, ledger, now = open_library(tmp_path), Ledger(), now_us()
    times = [now, now + jump, now + 1, now + jump + 1, now + 2]
    for at in times:
        library.clock = lambda at=at: at  # type: ignore[misc]
        body = picture()
        assert upload(library, body, owner="kim").entry.record.created_at == at
        ledger.items.append(Item("kim", body, {NEW}))
    close(library)
    with healed(tmp_path) as server, client_of(server, "kim") as client:
        found = [to_us(record["created_at"]) for record in listed(client)]
        assert found == sorted(times, reverse=True)
    for path in (tmp_path / "outputs").rglob("*.webp"):
        path.unlink()  # they were no pictures
    with healed(tmp_path) as server:
        check(ledger, server, tmp_path / "outputs")
    check_healed(ledger, tmp_path)
