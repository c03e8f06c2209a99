"""The command line on a library in a bucket and a database."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import orjson
import pytest
from psycopg.errors import UndefinedTable

from gallery.draft import DAY_US
from gallery.library import now_us
from tests import images
from tests.cli import Result, command
from tests.homes import Apart
from tests.http.server import environment
from tests.samples import NOON, OTHER, OWNER, eventually, ident, plant, put, record, upload
from tests.scrubbing import Scrubber
from tests.services.proxy import Proxy

MONTH_US = 31 * DAY_US


def fill(apart: Apart) -> None:
    """Images of two owners and two months; one in the trash for 40 days."""
    with apart.library() as library:
        for n in range(4):
            upload(library, images.png(seed=n), owner=OWNER, created_at=NOON - n % 2 * MONTH_US)
        upload(library, images.png(seed=9), owner=OTHER, kind="control")
        old = upload(library, images.png(seed=10), tags=("kept",)).entry.record
        now = now_us()
        library.clock = lambda: now - 40 * DAY_US
        library.trash(OWNER, old.id)


def discrepancies(result: Result) -> set[tuple[str, str]]:
    return {(one["what"], one["name"]) for one in orjson.loads(result.stdout)["discrepancies"]}


# -- doctor -----------------------------------------------------------------------------------


def damage(apart: Apart) -> set[tuple[str, str]]:
    """Does one damage of each kind; gives what a doctor must say."""
    store = apart.store
    with apart.library() as library:
        gone, thumbless, shorter, spoiled, edited, lost, doomed, begun, alone = (
            put(library, n) for n in range(1, 10)
        )
        plant(library.blobs, record(20))
        for key in (gone.image, thumbless.thumb, lost.image, lost.thumb):
            library.blobs.delete(key)
        for one in (lost, alone, doomed):
            library.blobs.delete(one.folder.sidecar(one.id))
    store.drop(shorter.image, b"short")
    store.drop(spoiled.folder.sidecar(spoiled.id), b"{")
    text = store.read(edited.folder.sidecar(edited.id))
    edit = text.replace(b'"favorite": false', b'"favorite": true')
    store.drop(edited.folder.sidecar(edited.id), edit)
    store.drop(doomed.folder.mark(doomed.id, "purge"), b"{}")
    store.drop(begun.folder.mark(begun.id, "put"), b"{}")
    strays = [alone.folder.thumb(ident(77)), f"{alone.folder}/notes.txt"]
    strangers = ["readme.txt", "users/nobody", "users/Not an owner/a.png", "backups/2026/a.tar"]
    for name in (*strays, *strangers, f"users/{OWNER}/inbox/b.png"):
        store.drop(name, b"RIFF")
    planted = record(20)
    return {
        ("sidecar without image", gone.image),
        ("no thumbnail", thumbless.thumb),
        (f"5 bytes instead of {shorter.bytes}", shorter.image),
        ("the catalog knows another version", spoiled.folder.sidecar(spoiled.id)),
        ("the catalog knows another version", edited.folder.sidecar(edited.id)),
        ("in the catalog, but its files are gone", lost.image),
        ("left by a purge that did not end", doomed.folder.mark(doomed.id, "purge")),
        ("image without sidecar", doomed.image),
        ("left by a put that did not end", begun.folder.mark(begun.id, "put")),
        ("image without sidecar", alone.image),
        ("thumbnail without image", strays[0]),
        ("no name of ours", strays[1]),
        ("not in the catalog", planted.folder.sidecar(planted.id)),
        ("left in the inbox", f"users/{OWNER}/inbox/b.png"),
        ("no file of an owner", "readme.txt"),
        ("no file of an owner", "users/nobody"),
        ("no file of an owner", "users/Not an owner/"),
        ("no file of an owner", "backups/"),
    }


def test_a_doctor_names_every_discrepancy_of_a_bucket_and_a_database(apart: Apart) -> None:
    expected = damage(apart)
    names, rows = apart.store.names(), apart.rows()
    result = apart.run("doctor", "--json")
    assert (result.returncode, result.stderr) == (1, "")
    found = discrepancies(result)
    assert {one for one in found if not one[0].startswith("damaged sidecar")} == expected
    [(what, _)] = found - expected
    assert what.startswith("damaged sidecar")
    assert (apart.store.names(), apart.rows()) == (names, rows)


def test_a_doctor_who_finds_nothing_there_says_so_and_one_who_cannot_tell_too(
    apart: Apart,
) -> None:
    fill(apart)
    found = apart.run("doctor")
    assert (found.returncode, found.stdout.splitlines()[-1]) == (0, "0 discrepancies")
    proxy = Proxy(apart.store.server.port)
    with proxy.cut(), apart.store.reached(proxy.port):
        away = apart.run("doctor")
    proxy.close()
    assert (away.returncode, away.stdout) == (2, "")
    assert away.stderr.startswith("gallery: ")
    assert len(away.stderr.splitlines()) == 1


def test_what_no_rule_removed_in_its_time_is_left_over(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = ".gallery/tmp/upload"
    apart.store.drop(name, b"never confirmed")
    later = now_us() / 1e6 + 8 * 86_400 + 60
    blobs = apart.store.blobs(apart.root / "incoming")
    blobs.start()
    assert list(blobs.leftovers()) == []
    monkeypatch.setattr("time.time", lambda: later)
    assert list(blobs.leftovers()) == [name]
    blobs.close()


# -- rebuild ----------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", ["1", "3"])
def test_a_lost_database_is_made_again_from_the_bucket_alone(apart: Apart, processes: str) -> None:
    fill(apart)
    before = apart.rows()
    apart.lose_database()
    result = apart.run("rebuild", "--processes", processes)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "6 images of 2 owners\n"
    assert apart.rows() == before
    checked = apart.run("doctor")
    assert checked.returncode == 0, checked.stdout
    assert apart.files() == []


def test_a_rebuild_that_did_not_end_is_harmless(apart: Apart) -> None:
    fill(apart)
    before = apart.rows()
    apart.lose_database()
    with apart.library() as library:
        library.healing.rebuild_month(OWNER, "2026-03")
    assert 0 < len(apart.rows()) < len(before)
    assert apart.run("doctor").returncode == 1
    assert apart.run("rebuild").stdout == "6 images of 2 owners\n"
    assert apart.rows() == before
    assert apart.run("rebuild").returncode == 0
    assert apart.rows() == before


def rows_so_far(apart: Apart) -> dict[str, bytes]:
    """The table may not be there yet."""
    try:
        return apart.rows()
    except UndefinedTable:
        return {}


def test_a_rebuild_that_was_killed_is_harmless(apart: Apart) -> None:
    with apart.library() as library:
        for n in range(30):
            put(library, n, owner=f"owner-{n:02}")
    before = apart.rows()
    apart.lose_database()
    with subprocess.Popen(
        command("rebuild", "--processes", "2"), env=environment(apart.root, **apart.settings),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        eventually(lambda: len(rows_so_far(apart)) > 2, 30)
        os.killpg(process.pid, signal.SIGKILL)
    assert apart.rows().items() <= before.items()
    assert apart.run("rebuild").stdout == "30 images of 30 owners\n"
    assert apart.rows() == before


# -- the others -------------------------------------------------------------------------------


def test_trash_in_a_bucket_is_purged_by_hand(apart: Apart) -> None:
    fill(apart)
    assert apart.run("purge-trash", "--dry-run").stdout.startswith(f"{OWNER}: 1\n")
    purged = apart.run("purge-trash", "--yes")
    assert (purged.returncode, purged.stdout.splitlines()[-1]) == (0, "1 purged")
    assert len(apart.rows()) == 5
    assert len([name for name in apart.store.names() if name.endswith(".png")]) == 5
    assert apart.run("doctor").returncode == 0


def test_thumbnails_of_a_bucket_are_made_again(apart: Apart) -> None:
    fill(apart)
    thumbs = [name for name in apart.store.names() if "/thumb/" in name]
    with apart.library() as library:
        library.blobs.delete(thumbs[0])
    apart.store.drop(thumbs[1], b"RIFF")
    made = apart.run("thumbnails")
    assert (made.returncode, made.stdout) == (0, "2 made\n"), made.stderr
    assert apart.store.read(thumbs[0])[8:12] == b"WEBP"
    assert apart.files() == []


def test_a_folder_is_imported_into_a_bucket_once(apart: Apart, tmp_path: Path) -> None:
    past = tmp_path / "past"
    past.mkdir()
    for n in range(5):
        (past / f"{n}.png").write_bytes(images.png(seed=n))
    with apart.library():
        pass  # a dry run needs one that is there
    wanted = apart.run("import", str(past), "--owner", OTHER, "--dry-run", "--json")
    assert orjson.loads(wanted.stdout)["imported"] == 5
    assert apart.rows() == {}
    for imported in (5, 0):
        done = apart.run("import", str(past), "--owner", OTHER, "--json")
        assert orjson.loads(done.stdout)["imported"] == imported
    assert len(apart.rows()) == 5
    assert apart.run("doctor").returncode == 0


def test_a_scrub_of_a_bucket_reads_all_and_the_doctor_repeats_it(apart: Apart) -> None:
    fill(apart)
    name = next(name for name in apart.store.names() if name.endswith(".png"))
    good = apart.store.read(name)
    apart.store.drop(name, good[::-1])
    sized = apart.run("scrub", "--sizes")
    assert (sized.returncode, sized.stdout) == (0, "6 images, 0 bytes, 0 damaged\n")
    read = apart.run("scrub", "--json")
    assert read.returncode == 1
    [found] = orjson.loads(read.stdout)["damaged"]
    assert (found["what"], found["name"]) == ("damaged", name)
    told = apart.run("doctor")
    assert told.returncode == 1
    assert f"damaged since {found['since']}: {name}" in told.stdout.splitlines()
    apart.store.drop(name, good)
    assert apart.run("scrub", "--sizes").returncode == 0
    assert apart.files() == []


def test_another_machine_goes_on_with_a_scrub(apart: Apart) -> None:
    fill(apart)
    with apart.library() as one:
        first = Scrubber(one, rate=1.0)
        assert first.stretch()
        assert (first.state.images, first.state.under_way) == (1, True)
    with apart.library() as other:
        second = Scrubber(other)
        with other.catalog.notes.lock("scrub"):
            pass  # it went with who held it
        assert second.stretch()
        assert (second.state.images, second.state.under_way) == (6, False)
