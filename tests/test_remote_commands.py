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
from tests.remote import Remote
from tests.samples import NOON, OTHER, OWNER, eventually, ident, plant, put, record, upload
from tests.scrubbing import Scrubber
from tests.services.proxy import Proxy

MONTH_US = 31 * DAY_US


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path)


def fill(remote: Remote) -> None:
    """Images of two owners and two months; one in the trash for 40 days."""
    with remote.library() as library:
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


def damage(remote: Remote) -> set[tuple[str, str]]:
    """Does one damage of each kind; gives what a doctor must say."""
    store = remote.store
    with remote.library() as library:
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


def test_a_doctor_names_every_discrepancy_of_a_bucket_and_a_database(remote: Remote) -> None:
    expected = damage(remote)
    names, rows = remote.store.names(), remote.rows()
    result = remote.run("doctor", "--json")
    assert (result.returncode, result.stderr) == (1, "")
    found = discrepancies(result)
    assert {one for one in found if not one[0].startswith("damaged sidecar")} == expected
    [(what, _)] = found - expected
    assert what.startswith("damaged sidecar")
    assert (remote.store.names(), remote.rows()) == (names, rows)


def test_a_doctor_who_finds_nothing_there_says_so_and_one_who_cannot_tell_too(
    remote: Remote,
) -> None:
    fill(remote)
    found = remote.run("doctor")
    assert (found.returncode, found.stdout.splitlines()[-1]) == (0, "0 discrepancies")
    proxy = Proxy(remote.store.server.port)
    with proxy.cut():
        away = remote.run("doctor", port=proxy.port)
    proxy.close()
    assert (away.returncode, away.stdout) == (2, "")
    assert away.stderr.startswith("gallery: ")
    assert len(away.stderr.splitlines()) == 1


def test_what_no_rule_removed_in_its_time_is_left_over(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = ".gallery/tmp/upload"
    remote.store.drop(name, b"never confirmed")
    later = now_us() / 1e6 + 8 * 86_400 + 60
    blobs = remote.store.blobs(remote.folder / "incoming")
    blobs.start()
    assert list(blobs.leftovers()) == []
    monkeypatch.setattr("time.time", lambda: later)
    assert list(blobs.leftovers()) == [name]
    blobs.close()


# -- rebuild ----------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", ["1", "3"])
def test_a_lost_database_is_made_again_from_the_bucket_alone(
    remote: Remote, processes: str
) -> None:
    fill(remote)
    before = remote.rows()
    remote.lose_database()
    result = remote.run("rebuild", "--processes", processes)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "6 images of 2 owners\n"
    assert remote.rows() == before
    checked = remote.run("doctor")
    assert checked.returncode == 0, checked.stdout
    assert remote.files() == []


def test_a_rebuild_that_did_not_end_is_harmless(remote: Remote) -> None:
    fill(remote)
    before = remote.rows()
    remote.lose_database()
    with remote.library() as library, library.catalog.lock(OWNER):
        library.rebuild_month(OWNER, "2026-03")
    assert 0 < len(remote.rows()) < len(before)
    assert remote.run("doctor").returncode == 1
    assert remote.run("rebuild").stdout == "6 images of 2 owners\n"
    assert remote.rows() == before
    assert remote.run("rebuild").returncode == 0
    assert remote.rows() == before


def rows_so_far(remote: Remote) -> dict[str, bytes]:
    """The table may not be there yet."""
    try:
        return remote.rows()
    except UndefinedTable:
        return {}


def test_a_rebuild_that_was_killed_is_harmless(remote: Remote) -> None:
    with remote.library() as library:
        for n in range(30):
            put(library, n, owner=f"owner-{n:02}")
    before = remote.rows()
    remote.lose_database()
    with subprocess.Popen(
        command("rebuild", "--processes", "2"), cwd=remote.folder, env=remote.variables(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        eventually(lambda: len(rows_so_far(remote)) > 2, 30)
        os.killpg(process.pid, signal.SIGKILL)
    assert remote.rows().items() <= before.items()
    assert remote.run("rebuild").stdout == "30 images of 30 owners\n"
    assert remote.rows() == before


# -- the others -------------------------------------------------------------------------------


def test_trash_in_a_bucket_is_purged_by_hand(remote: Remote) -> None:
    fill(remote)
    assert remote.run("purge-trash", "--dry-run").stdout.startswith(f"{OWNER}: 1\n")
    purged = remote.run("purge-trash", "--yes")
    assert (purged.returncode, purged.stdout.splitlines()[-1]) == (0, "1 purged")
    assert len(remote.rows()) == 5
    assert len([name for name in remote.store.names() if name.endswith(".png")]) == 5
    assert remote.run("doctor").returncode == 0


def test_thumbnails_of_a_bucket_are_made_again(remote: Remote) -> None:
    fill(remote)
    thumbs = [name for name in remote.store.names() if "/thumb/" in name]
    with remote.library() as library:
        library.blobs.delete(thumbs[0])
    remote.store.drop(thumbs[1], b"RIFF")
    made = remote.run("thumbnails")
    assert (made.returncode, made.stdout) == (0, "2 made\n"), made.stderr
    assert remote.store.read(thumbs[0])[8:12] == b"WEBP"
    assert remote.files() == []


def test_a_folder_is_imported_into_a_bucket_once(remote: Remote, tmp_path: Path) -> None:
    past = tmp_path / "past"
    past.mkdir()
    for n in range(5):
        (past / f"{n}.png").write_bytes(images.png(seed=n))
    with remote.library():
        pass  # a dry run needs one that is there
    wanted = remote.run("import", str(past), "--owner", OTHER, "--dry-run", "--json")
    assert orjson.loads(wanted.stdout)["imported"] == 5
    assert remote.rows() == {}
    for imported in (5, 0):
        done = remote.run("import", str(past), "--owner", OTHER, "--json")
        assert orjson.loads(done.stdout)["imported"] == imported
    assert len(remote.rows()) == 5
    assert remote.run("doctor").returncode == 0


def test_a_scrub_of_a_bucket_reads_all_and_the_doctor_repeats_it(remote: Remote) -> None:
    fill(remote)
    name = next(name for name in remote.store.names() if name.endswith(".png"))
    good = remote.store.read(name)
    remote.store.drop(name, good[::-1])
    sized = remote.run("scrub", "--sizes")
    assert (sized.returncode, sized.stdout) == (0, "6 images, 0 bytes, 0 damaged\n")
    read = remote.run("scrub", "--json")
    assert read.returncode == 1
    [found] = orjson.loads(read.stdout)["damaged"]
    assert (found["what"], found["name"]) == ("damaged", name)
    told = remote.run("doctor")
    assert told.returncode == 1
    assert f"damaged since {found['since']}: {name}" in told.stdout.splitlines()
    remote.store.drop(name, good)
    assert remote.run("scrub", "--sizes").returncode == 0
    assert remote.files() == []


def test_another_machine_goes_on_with_a_scrub(remote: Remote) -> None:
    fill(remote)
    with remote.library() as one:
        first = Scrubber(one, rate=1.0)
        assert first.stretch()
        assert (first.state.images, first.state.under_way) == (1, True)
    with remote.library() as other:
        second = Scrubber(other)
        with other.catalog.notes.lock("scrub"):
            pass  # it went with who held it
        assert second.stretch()
        assert (second.state.images, second.state.under_way) == (6, False)
