"""A library that moves: all of it arrives, and what changes meanwhile arrives, too."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gallery.encoding import encode_sidecar
from gallery.errors import StartRefused
from gallery.generation import without_credentials
from migrate.folder import Folder
from migrate.walk import Only
from tests.migrate.moves import Move, fill, stored
from tests.samples import NOON, OTHER, OWNER, THUMBNAIL, ident, plant, put, record

WAYS = [("files", "services"), ("services", "files"), ("files", "memory"), ("memory", "files")]


@pytest.mark.parametrize("ways", WAYS, ids=" to ".join)
def test_what_is_there_arrives_byte_for_byte_under_the_same_keys(move: Move) -> None:
    fill(move.source)
    survey = move.plan()
    assert (survey.images.total(), survey.anomalies) == (6, [])
    assert move.copy().outcomes == {"copied": 6}
    assert stored(move.target) == stored(move.source)
    move.is_equal()


@pytest.mark.parametrize("ways", WAYS[:2], ids=" to ".join)
def test_what_changes_meanwhile_is_followed(move: Move) -> None:
    fill(move.source)
    move.plan()
    move.source.edit(OWNER, ident(1), tags=("before the copy",))
    move.copy()
    move.source.edit(OWNER, ident(1), tags=("after it",), favorite=True)
    move.source.trash(OWNER, ident(2))
    move.source.restore(OWNER, ident(5))
    move.source.trash(OTHER, ident(3))
    move.source.purge(OTHER, ident(3))
    put(move.source, 9)
    report, said = move.verify()
    assert (report.exit_code, {line[0] for line in said}) == (1, set("*+-"))
    move.follow()
    move.is_equal()
    assert stored(move.target) == stored(move.source)


def test_the_root_hash_is_that_of_the_library_and_not_of_its_stores(move: Move) -> None:
    fill(move.source)
    move.all()
    first, _ = move.verify()
    assert first.root == first.other_root
    move.source.edit(OWNER, ident(1), tags=("changed",))
    second, said = move.verify()
    assert first.other_root == second.other_root != second.root
    assert [line[0] for line in said] == ["*"]
    assert said[0].endswith("the sidecars say tags, rev differently")


def test_a_sidecar_of_an_older_writer_arrives_as_it_stands(move: Move) -> None:
    older = record(1, at=NOON, rev=0)
    plant(move.source.blobs, older)
    raw = encode_sidecar(older).replace(b'  "rev": 0', b'  "unknown": [1, 2]')
    move.source.blobs.put(older.folder.sidecar(older.id), raw)
    move.source.healing.rebuild(OWNER)
    move.all()
    assert move.target.blobs.read(older.folder.sidecar(older.id)) == raw
    move.is_equal()


def test_a_copy_that_is_repeated_copies_nothing(move: Move) -> None:
    fill(move.source)
    move.plan()
    move.copy()
    assert move.copy().outcomes == {}
    Path(move.folder.journal_path).unlink()
    assert move.copy().outcomes == {"same": 6}


def test_a_part_can_be_copied_and_compared_first(move: Move) -> None:
    fill(move.source)
    move.plan()
    part = Only(OTHER)
    assert move.copy(part).outcomes == {"copied": 2}
    report, said = move.verify(part)
    assert (report.exit_code, said, report.signs["="]) == (0, [], 2)
    february = Only(OWNER, "2026-02")
    copied = move.copy(february).outcomes["copied"]
    assert 0 < copied < 4
    assert move.verify(february)[0].signs["="] == copied
    assert move.copy().outcomes == {"copied": 4 - copied}
    move.is_equal()


def test_an_image_without_thumbnail_arrives_without_one(move: Move) -> None:
    one = put(move.source)
    move.source.blobs.delete(one.thumb)
    move.all()
    assert one.thumb not in stored(move.target)
    move.is_equal()


def test_one_process_works_on_a_move(move: Move) -> None:
    second = Folder(move.folder.path)
    with pytest.raises(StartRefused, match="another process works on this move"), second.held():
        pass


def test_a_place_of_another_library_is_refused(move: Move) -> None:
    with pytest.raises(StartRefused):
        move.target.blobs.claim("aaaaaaaa-8f0e-4a3b-9d51-0a5f2f7d9c11", ["another key, of theirs"])


def test_a_plan_is_known_by_its_digest(move: Move) -> None:
    name = move.folder.write_plan({"images": 1})
    assert move.folder.plan(name) == {"images": 1}
    with pytest.raises(StartRefused, match="look at it again"):
        move.folder.plan("0" * 12)
    move.folder.write_plan({"images": 2})
    with pytest.raises(StartRefused, match=f"not {name}"):
        move.folder.plan(name)


def test_hashes_are_listed_as_the_usual_program_reads_them(move: Move, tmp_path: Path) -> None:
    fill(move.source)
    with open(tmp_path / "hashes", "w+", encoding="utf-8") as file:
        move.verify(hashes=file)
        file.seek(0)
        lines = [line.rstrip("\n").split("  ") for line in file]
    assert len(lines) == 6
    for sha256, key in lines:
        assert hashlib.sha256(move.source.blobs.read(key)).hexdigest() == sha256


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:secret@db.example:5432/gallery?password=x", "postgresql://db.example:5432/gallery"),
        ("postgresql:///gallery?host=/run/db&password=x", "postgresql:///gallery"),
        ("manifest:", "manifest:"),
    ],
)  # fmt: skip
def test_a_plan_tells_no_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_nothing_of_a_purged_image_is_left(move: Move) -> None:
    one = put(move.source)
    move.plan()
    move.copy()
    move.source.trash(OWNER, one.id)
    move.source.purge(OWNER, one.id)
    move.follow()
    assert stored(move.target) == {}
    assert THUMBNAIL not in stored(move.source).values()
