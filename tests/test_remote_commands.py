"""Commands that change a library in a bucket and a database, or read all of it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import orjson
import pytest
from psycopg.errors import UndefinedTable

from tests import images
from tests.cli import command
from tests.homes import Apart, fill
from tests.http.server import environment
from tests.samples import OTHER, OWNER, eventually, put
from tests.scrubbing import Scrubber

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
