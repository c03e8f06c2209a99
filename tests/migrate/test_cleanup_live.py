"""A whole move to its end: the side that was left is empty, and the library is all there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from migrate.folder import Folder
from tests import databases
from tests.http.fleet import Person
from tests.migrate.after import Living, purged, reached
from tests.samples import eventually

CLEANUP = ("cleanup", "--after-days", "0")
SECONDS = 30.0


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Living]:
    with reached(tmp_path) as moved:
        yield moved


def _files(moved: Living, top: str) -> list[Path]:
    return [path for path in (moved.outputs / top).rglob("*") if path.is_file()]


def _turned_days_ago(moved: Living, days: float) -> None:
    """The journal says so."""
    folder = Folder(str(moved.root / "migration"))
    *_, turn = (entry for entry in folder.entries() if entry["did"] == "turn")
    with folder.journal() as journal:
        journal.append(**turn | {"at": round(time.time() - days * 86_400)})


def _refusals(moved: Living, person: Person) -> None:
    """One after the other, what stands in the way is cleared."""
    assert "the grace period lasts for 7.0 days more" in moved.refused("cleanup")
    _turned_days_ago(moved, 7.1)
    assert "verify first" in moved.refused("cleanup")
    moved.ok("verify", "--sample", "50")
    assert "was not of all" in moved.refused("cleanup")
    moved.ok("verify")
    record = next(iter(person.told.values()))
    key = record["url"].removeprefix("/outputs/")
    body = moved.store.read(key)
    moved.store.remove(key)
    person.sees(0, record["id"])
    assert "1 lost originals were read" in moved.refused("cleanup")
    moved.store.drop(key, body)


def test_a_move_comes_to_its_end(moved: Living) -> None:
    with moved.served() as server, Person([server]) as person:
        for _ in range(4):
            person.upload(0)
        moved.move()
        person.upload(0)
        moved.ok("follow")
        _refusals(moved, person)
        person.upload(0)
        moved.ok("follow")
        person.edit(0, next(iter(person.told)))
        inbox = moved.outputs / "users" / "member-1" / "inbox" / "note.txt"
        inbox.parent.mkdir(parents=True)
        inbox.write_text("theirs")
        before = {path: path.read_bytes() for path in _files(moved, "")}
        dry = moved.ok("cleanup", "--known-reads", "1")
        assert (dry["images"], dry["done"]) == (6, False)
        assert {path: path.read_bytes() for path in before} == before
        refused = moved.refused("cleanup", "--known-reads", "1", "--plan", "no")
        assert "what there is to do is" in refused
        done = moved.ok("cleanup", "--known-reads", "1", "--plan", dry["digest"])
        assert (done["images"], done["left"]) == (6, {})
        assert _files(moved, "users") == [inbox]
        assert len(_files(moved, ".gallery/aside")) == 18
        for command in ("rollback", "follow"):
            assert "a cleanup has begun" in moved.refused(command)
        gone = purged(person)
        eventually(lambda: moved.files(gone, ".gallery/aside") == [], SECONDS)
        _remove(moved)
        kept = {path.name for path in _files(moved, ".gallery")}
        assert {"library.json", "secret", "generation.json"} <= kept
        for id in {**person.told, **person.gone}:
            person.sees(0, id)
        person.sees_all(0)
    _lives_on_alone(moved, person)


def _remove(moved: Living) -> None:
    dry = moved.ok("cleanup", "--known-reads", "1", "--delete")
    assert len(_files(moved, ".gallery/aside")) == 15
    removed = moved.ok("cleanup", "--known-reads", "1", "--delete", "--plan", dry["digest"])
    assert removed["images"] == dry["images"] == 5
    assert _files(moved, ".gallery/aside") == []


def _lives_on_alone(moved: Living, person: Person) -> None:
    """With the old folders gone and another database, from nothing but the bucket."""
    shutil.rmtree(moved.root / "manifests")
    shutil.rmtree(moved.outputs)
    moved.outputs.mkdir()
    stores = {"blobs": moved.store.url, "catalog": databases.database().create()}
    moved.settings = stores
    done = moved.run("rebuild", module="gallery")
    assert b"5 images of 1 owners" in done.stdout, done.stderr.decode()
    with (
        moved.served() as server,
        Person([server], person.owner) as later,
    ):
        later.told, later.gone = person.told, person.gone
        for id in {**person.told, **person.gone}:
            later.sees(0, id)
        later.sees_all(0)


def test_a_bucket_that_was_left_waits_for_its_links(moved: Living) -> None:
    with moved.served() as server, Person([server]) as person:
        for _ in range(3):
            person.upload(0)
        moved.move()
        moved.turn("rollback")
        moved.ok("verify")
        assert "lasts for 7.0 days more" in moved.refused(*CLEANUP)
        _turned_days_ago(moved, 7.1)
        dry = moved.ok(*CLEANUP)
        assert moved.ok(*CLEANUP, "--plan", dry["digest"])["images"] == 3
        aside = [name for name in moved.store.names() if name.startswith(".gallery/aside/users/")]
        assert len(aside) == 9
        assert not [name for name in moved.store.names() if name.startswith("users/")]
        assert moved.rows("SELECT count(*) FROM images") == [(0,)]
        dry = moved.ok(*CLEANUP, "--delete")
        moved.ok(*CLEANUP, "--delete", "--plan", dry["digest"])
        assert not [name for name in moved.store.names() if "users/" in name]
        for id in person.told:
            person.sees(0, id)
        person.sees_all(0)
    journal = (moved.root / "migration" / "journal.jsonl").read_bytes().splitlines()
    did = [orjson.loads(line)["did"] for line in journal if line]
    assert did[-3:] == ["cleanup", "aside", "removed"]
