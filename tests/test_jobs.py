"""The periodic jobs: what retention takes, what the clock holds back, and who runs them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gallery import purge, rounds
from gallery.blobs.abilities import LocalFiles
from gallery.blobs.files import FileBlobs
from gallery.catalog import Entry
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.notes import MemoryNotes
from gallery.clock import HOLD_SECONDS, ClockGuard
from gallery.draft import DAY_US
from gallery.encoding import encode_sidecar
from gallery.errors import NotFound, Unavailable
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.library import Library, now_us
from gallery.looks import Looks
from gallery.reconcile import Reconciler, Walked
from gallery.watcher import Watcher
from tests.clocks import Clocks
from tests.samples import NOON, OTHER, OWNER, plant, record, upload

YEAR_US = 365 * DAY_US


@pytest.fixture
def clocks() -> Clocks:
    return Clocks(MemoryNotes())


def trash(library: Library, age_us: int, *, owner: str = OWNER) -> str:
    """The id of an image that has been in the trash for so long."""
    now = now_us()
    library.clock = lambda: now - age_us - 3600 * 1_000_000
    id = upload(library, owner=owner).entry.record.id
    library.clock = lambda: now - age_us
    library.trash(owner, id)
    library.clock = lambda: now
    return id


def is_there(library: Library, id: str, owner: str = OWNER) -> bool:
    try:
        library.get(owner, id)
    except NotFound:
        return False
    return True


def test_what_has_been_in_the_trash_for_long_enough_is_purged(library: Library) -> None:
    due = trash(library, 30 * DAY_US + 1_000_000)
    due_too = trash(library, 90 * DAY_US, owner=OTHER)
    kept = trash(library, 30 * DAY_US - 60_000_000)
    active = upload(library).entry.record.id
    assert purge.retention(library).carry_out(library) == 2
    assert not is_there(library, due)
    assert not is_there(library, due_too, OTHER)
    assert is_there(library, kept)
    assert is_there(library, active)


def test_an_old_image_that_was_just_deleted_stays(library: Library) -> None:
    old = upload(library, created_at=now_us() - 3 * YEAR_US).entry.record.id
    library.trash(OWNER, old)
    assert purge.retention(library).items == []


def test_a_restored_image_is_not_purged_by_a_plan_made_before(library: Library) -> None:
    id = trash(library, 31 * DAY_US)
    plan = purge.retention(library)
    library.restore(OWNER, id)
    assert plan.carry_out(library) == 0
    library.trash(OWNER, id)
    assert plan.carry_out(library) == 0
    assert is_there(library, id)


def restore(library: Library, id: str) -> None:
    library.restore(OWNER, id)


def restore_and_trash(library: Library, id: str) -> None:
    library.restore(OWNER, id)
    library.trash(OWNER, id)


@pytest.mark.parametrize("act", [restore, restore_and_trash])
@pytest.mark.parametrize(
    "planned",
    [purge.retention, lambda library: purge.plan(library, before=library.clock() - 30 * DAY_US)],
    ids=["retention", "plan"],
)
def test_an_image_that_its_owner_wants_back_while_many_are_looked_up_stays(
    library: Library, monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Library, str], None], planned: Callable[[Library], purge.Plan],
) -> None:  # fmt: skip
    ids = {trash(library, 31 * DAY_US) for _ in range(2)}
    real, acted = library.catalog.get, list[str]()

    def get(owner: str, id: str, month: str | None = None) -> Entry | None:
        if not acted:
            acted.extend(ids - {id})
            act(library, *acted)
        return real(owner, id, month)

    monkeypatch.setattr(library.catalog, "get", get)
    plan = planned(library)
    assert {item.id for item in plan.items} == ids - set(acted)
    assert plan.carry_out(library) == 1
    assert is_there(library, *acted)


@pytest.mark.parametrize(
    ("created_at", "deleted_at"),
    [
        (NOON, now_us() + DAY_US),
        (NOON, now_us() + 300 * YEAR_US),
        (NOON - 40 * YEAR_US, NOON - 30 * YEAR_US),
        (NOON, NOON - DAY_US),
    ],
    ids=["a negative age", "centuries ahead", "decades", "deleted before it was made"],
)
def test_an_age_that_cannot_be_is_left_alone_and_logged(
    library: Library, caplog: pytest.LogCaptureFixture, created_at: int, deleted_at: int
) -> None:
    image = record(1, at=created_at, status="trash", deleted_at=deleted_at)
    plant(library.blobs, image)
    library.healing.rebuild(OWNER)
    due = trash(library, 31 * DAY_US)
    with caplog.at_level(logging.WARNING):
        plan = purge.retention(library, thorough=True)
    assert [item.id for item in plan.items] == [due]
    assert image.image in caplog.text
    assert plan.carry_out(library) == 1
    assert is_there(library, image.id)


def test_what_was_given_another_deletion_by_hand_is_not_purged_by_a_plan_made_before(
    library: Library, walker: Reconciler, outputs: Path
) -> None:
    """Whoever writes into a sidecar that its image is to stay seldom counts its rev up."""
    id = trash(library, 31 * DAY_US)
    plan = purge.retention(library)
    record = replace(library.get(OWNER, id).record, deleted_at=library.clock())
    (outputs / record.folder.sidecar(id)).write_bytes(encode_sidecar(record))
    assert plan.carry_out(library) == 0
    walker.run()
    assert plan.carry_out(library) == 0
    assert library.get(OWNER, id).record == record


def test_an_owner_whose_folder_is_away_keeps_nobody_elses_trash(
    library: Library, outputs: Path
) -> None:
    away, due = trash(library, 31 * DAY_US), trash(library, 31 * DAY_US, owner=OTHER)
    folder = outputs / "users" / OWNER
    folder.rename(outputs / "elsewhere")
    plan = purge.retention(library)
    assert [item.owner for item in plan.items] == [OWNER, OTHER]
    with pytest.raises(Unavailable):
        plan.carry_out(library)
    assert not is_there(library, due, OTHER)
    assert is_there(library, away)
    (outputs / "elsewhere").rename(folder)
    assert purge.retention(library).carry_out(library) == 1
    assert not is_there(library, away)


def test_an_owner_whose_manifest_cannot_be_read_keeps_nobody_elses_trash(
    library: Library, manifests: Path
) -> None:
    trash(library, 31 * DAY_US)
    due = trash(library, 31 * DAY_US, owner=OTHER)
    [manifest] = (manifests / "users" / OWNER).glob("*.jsonl")
    manifest.rename(manifests / "elsewhere")
    manifest.symlink_to(manifests / "elsewhere")
    library.close()
    library.start()
    assert [item.id for item in purge.retention(library).items] == [due]


# -- the job --------------------------------------------------------------------------------


def jobs(library: Library, guard: ClockGuard, imaging: Imaging) -> Jobs:
    return Jobs(library, Reconciler(library, imaging), guard, walk_seconds=3600)


def test_a_tick_purges_what_is_due(library: Library, clocks: Clocks, imaging: Imaging) -> None:
    due = trash(library, 31 * DAY_US)
    jobs(library, clocks.guard, imaging).tick()
    assert not is_there(library, due)


def test_a_job_that_fails_keeps_no_other_from_being_done(
    library: Library, clocks: Clocks, imaging: Imaging, outputs: Path
) -> None:
    trash(library, 31 * DAY_US)
    (outputs / "users" / OWNER).rename(outputs / "elsewhere")
    jobs(library, clocks.guard, imaging).tick()
    done = rounds.read(library.catalog.notes)
    assert done is not None
    errors = {name: job.error is not None for name, job in done.jobs.items()}
    assert errors == {
        "upkeep": False, "walk": False, "retention": True, "tidying": False, "usage": False
    }  # fmt: skip


def test_a_tick_purges_nothing_while_the_clock_is_not_trusted(
    library: Library, clocks: Clocks, imaging: Imaging
) -> None:
    due = trash(library, 31 * DAY_US)
    clocks.guard.tick()
    clocks.wall += 1e6
    jobs(library, clocks.guard, imaging).tick()
    assert is_there(library, due)


def test_a_clock_that_jumps_during_the_walk_makes_nothing_old(
    library: Library, clocks: Clocks, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.clock = lambda: int(clocks.wall * 1e6)
    id = upload(library).entry.record.id
    library.trash(OWNER, id)
    real = Reconciler.run

    def run(*args: Any) -> Walked:
        clocks.wall += 31 * 86_400
        return real(*args)

    monkeypatch.setattr(Reconciler, "run", run)
    assert clocks.guard.tick()
    running = jobs(library, clocks.guard, imaging)
    running.tick()
    assert is_there(library, id)
    assert not clocks.pass_(HOLD_SECONDS - 60)
    assert clocks.pass_(60)
    monkeypatch.undo()
    running._due.clear()  # the hours have passed
    running.tick()
    assert not is_there(library, id)


def test_what_was_held_back_is_purged_when_the_hold_ends(
    library: Library, clocks: Clocks, imaging: Imaging
) -> None:
    due = trash(library, 31 * DAY_US)
    clocks.guard.tick()
    clocks.wall += 1e6
    running = jobs(library, clocks.guard, imaging)
    running.tick()
    clocks.monotonic += HOLD_SECONDS + 60
    clocks.wall += HOLD_SECONDS + 60
    running._due.clear()  # the hours have passed
    running.tick()
    assert not is_there(library, due)


def test_one_process_runs_the_jobs_and_another_takes_over(tmp_path: Path) -> None:
    blobs = FileBlobs(str(tmp_path / "outputs"))
    blobs.start()
    one, other = (
        ManifestCatalog(str(tmp_path / "manifests"), memory_bytes=1 << 20) for _ in range(2)
    )
    for catalog in (one, other):
        catalog.start(blobs.library)
    assert one.leads()
    assert one.leads()
    assert not other.leads()
    one.close()
    assert other.leads()
    other.close()


def test_jobs_stop_though_nothing_was_due(
    library: Library, clocks: Clocks, imaging: Imaging
) -> None:
    running = jobs(library, clocks.guard, imaging)
    running.start()
    running.stop()
    assert not running._thread.is_alive()


def test_jobs_that_are_told_to_stop_while_they_ask_for_a_walk_stop_at_once(
    library: Library, walker: Reconciler, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked(Watcher):
        def wants_walk(self) -> bool:
            working._stop.set()
            self.must_walk.set()
            return super().wants_walk()

    monkeypatch.setattr("gallery.jobs.BEAT_SECONDS", 60.0)
    assert isinstance(library.blobs, LocalFiles)
    looks = Looks(walker.look, threads=1)
    watcher = Asked(library.blobs, looks)
    working = Jobs(library, walker, clocks.guard, walk_seconds=3600, looks=looks, watcher=watcher)
    working.start()
    working._thread.join(10)
    assert not working._thread.is_alive()
    working.stop()
