"""What administrators see of the server itself, whichever process they ask."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from gallery import checkpoint, usage
from gallery.blobs import QUARANTINE
from gallery.checkpoint import Checkpoint, Damage
from tests.homes import Home
from tests.http.site import ADMIN_TOKEN, Site, refused, trashed, uploaded

pytestmark = pytest.mark.anyio
HEALTH, JOBS, USAGE = (f"/api/v1/admin/{name}" for name in ("health", "jobs", "usage"))
PATIENCE = 20.0


async def told(admin: httpx.AsyncClient, path: str) -> Any:
    answer = await admin.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def worked(admin: httpx.AsyncClient) -> Any:
    """What the jobs say when each was done: the sample of the usage is the last of an hour's."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = await told(admin, JOBS)
        if {"usage", "walk"} <= {job["name"] for job in answer["jobs"]}:
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError("the jobs are not done")


async def test_health_says_what_there_is_and_that_it_is_there(
    site: Site, admin: httpx.AsyncClient
) -> None:
    health = await told(admin, HEALTH)
    assert health["version"]
    assert health["uptime_seconds"] >= 0
    for name in ("storage", "catalog"):
        assert (health[name]["reachable"], health[name]["why"]) == (True, None)
    assert health["storage"]["name"] == site.settings.blobs
    assert (health["free_bytes"] is None) is (site.settings.blobs != "file:")
    assert health["damaged"] == {"damaged": 0, "missing": 0, "unreadable": 0}
    assert health["quarantined"] == 0
    assert health["moved"] == {"turns": 0, "fallback_reads": 0}


async def test_health_counts_damage_and_what_is_in_quarantine(
    site: Site, admin: httpx.AsyncClient
) -> None:
    library = site.app.library
    state = Checkpoint(library.blobs.library, damaged={"a": Damage("missing", 1)})
    state.damaged["b"] = Damage("damaged", 1)

    def spoil() -> None:
        checkpoint.write(library.catalog.notes, state)
        for name in ("one.png", "two.json"):
            library.blobs.put(f"{QUARANTINE}users/{name}", b"?")

    await asyncio.to_thread(spoil)
    health = await told(admin, HEALTH)
    assert health["damaged"] == {"damaged": 1, "missing": 1, "unreadable": 0}
    assert health["quarantined"] == 2


@pytest.mark.of_files
async def test_health_is_told_while_a_store_is_away(site: Site, admin: httpx.AsyncClient) -> None:
    marker = site.outputs / ".gallery" / "library.json"
    marker.rename(marker.with_suffix(".away"))
    health = await told(admin, HEALTH)
    assert health["storage"]["reachable"] is False
    assert "library.json" in health["storage"]["why"]
    assert health["quarantined"] is None
    assert health["catalog"]["reachable"] is True


def test_health_names_the_processes_that_are_alive_and_no_password(home: Home) -> None:
    headers = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    with home.fleet({}, {}, admin_token=ADMIN_TOKEN) as servers:
        until = time.monotonic() + PATIENCE
        seen: list[Any] = []
        while len(seen) < 2 and time.monotonic() < until:
            with servers[0].client() as client:
                health = client.get(HEALTH, headers=headers).json()
            seen = health["processes"]
            time.sleep(0.05)
        assert len({process["pid"] for process in seen}) == 2
        assert health["pid"] in {process["pid"] for process in seen}
        assert "@" not in health["catalog"]["name"]


@pytest.mark.of_files
def test_a_process_that_could_not_say_at_its_start_that_it_is_there_does_so_later(
    home: Home,
) -> None:
    headers = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    in_the_way = home.folder() / "outputs" / ".gallery" / "processes"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    with home.served(admin_token=ADMIN_TOKEN) as server, server.client() as client:

        def seen() -> Any:
            return client.get(HEALTH, headers=headers).json()["processes"]

        assert seen() == []
        in_the_way.unlink()
        until = time.monotonic() + PATIENCE
        while not seen():
            assert time.monotonic() < until, "it never said so"
            time.sleep(0.05)


async def test_jobs_say_what_they_did_last_and_when_they_are_due(admin: httpx.AsyncClient) -> None:
    answer = await worked(admin)
    assert answer["leader"]["pid"] > 0
    jobs = {job["name"]: job for job in answer["jobs"]}
    for name in ("retention", "tidying", "upkeep", "usage", "walk"):
        assert jobs[name]["error"] is None
        assert jobs[name]["seconds"] >= 0
        assert jobs[name]["due_at"] > jobs[name]["began_at"]
    assert jobs["walk"]["figures"].keys() == {"images", "mended", "noted", "damaged"}
    assert jobs["retention"]["figures"] == {"purged": 0, "bytes": 0}


async def test_jobs_tell_of_the_scrub_from_its_checkpoint(
    site: Site, admin: httpx.AsyncClient
) -> None:
    state = Checkpoint(site.app.library.blobs.library, images=7, bytes=70)
    state.begin(1_795_231_000_000_000)
    notes = site.app.library.catalog.notes

    async def scrub() -> Any:
        await asyncio.to_thread(checkpoint.write, notes, state)
        jobs = (await told(admin, JOBS))["jobs"]
        return next(job for job in jobs if job["name"] == "scrub")

    running = await scrub()
    assert (running["seconds"], running["due_at"]) == (None, None)
    state.end(1_795_231_060_000_000)
    done = await scrub()
    assert done["seconds"] == 60.0
    assert done["due_at"].startswith("2026-11-28")


async def test_usage_of_today_is_what_there_is_now_whatever_was_noted(
    admin: httpx.AsyncClient, visitor: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    sizes = [
        (await uploaded(visitor))["bytes"],
        (await trashed(visitor))["bytes"],
        (await uploaded(stranger, to="/api/v1/inputs/upload"))["bytes"],
    ]
    day = usage.today()
    last = (await told(admin, USAGE))["days"][-1]
    assert last.pop("date") in (day, usage.today())
    assert last == {"owners": 2, "images": 2, "trash": 1, "bytes": sum(sizes)}


async def test_usage_gives_the_newest_days_and_makes_none_up(
    site: Site, admin: httpx.AsyncClient
) -> None:
    before = {
        f"2026-0{month}-0{day}": {"owners": 1, "images": month, "trash": 0, "bytes": day}
        for month in (3, 1)
        for day in (5, 2)
    }
    await worked(admin)
    notes = site.app.library.catalog.notes
    await asyncio.to_thread(notes.write, usage.NAME, str(before).replace("'", '"').encode())
    days = [day["date"] for day in (await told(admin, f"{USAGE}?days=4"))["days"]]
    assert days == ["2026-01-05", "2026-03-02", "2026-03-05", usage.today()]
    refused(await admin.get(f"{USAGE}?days=0"), 400, "bad_parameter")
    refused(await admin.get(f"{USAGE}?days=801"), 400, "bad_parameter")
