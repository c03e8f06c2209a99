"""The doctor: every discrepancy between files and manifests, by name."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from gallery.records import Record
from tests import images
from tests.cli import Result, close, files, fill, open_library, run
from tests.samples import OTHER, OWNER, ident, plant, record, upload


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fill(tmp_path)


def discrepancies(result: Result) -> set[tuple[str, str]]:
    return {(one["what"], one["name"]) for one in orjson.loads(result.stdout)["discrepancies"]}


def test_a_doctor_who_finds_nothing_says_so_with_exit_code_0(root: Path) -> None:
    before = files(root)
    result = run(root, "doctor")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "0 discrepancies")
    report = orjson.loads(run(root, "doctor", "--json").stdout)
    assert report["discrepancies"] == []
    months = {month["owner"]: month for month in report["months"]}
    for owner, count in ((OWNER, 3), (OTHER, 1)):
        counts = [months[owner][what] for what in ("images", "sidecars", "thumbs", "cataloged")]
        assert counts == [count] * 4
        assert months[owner]["lines"] >= count
    assert files(root) == before


def damage(root: Path) -> set[tuple[str, str]]:
    """Does one damage of each kind; gives what a doctor must say."""
    library = open_library(root)
    known = [upload(library, images.png(seed=9)).entry.record for _ in range(9)]
    planted = record(1)
    plant(library.blobs, planted)
    close(library)
    outputs = root / "outputs"
    gone, thumbless, shorter, spoiled, edited, lost, doomed, begun, alone = known

    def path(key: str) -> Path:
        return outputs / key

    def sidecar(one: Record) -> str:
        return one.folder.sidecar(one.id)

    path(gone.image).unlink()
    path(thumbless.thumb).unlink()
    path(shorter.image).write_bytes(b"short")
    path(spoiled.image).with_suffix(".json").write_bytes(b"{")
    text = path(sidecar(edited)).read_bytes()
    path(sidecar(edited)).write_bytes(text.replace(b'"favorite":false', b'"favorite":true'))
    for name in (lost.image, lost.thumb, sidecar(lost)):
        path(name).unlink()
    path(sidecar(doomed)).rename(path(doomed.folder.mark(doomed.id, "purge")))
    path(begun.folder.mark(begun.id, "put")).write_bytes(b"{}")
    path(sidecar(alone)).unlink()
    stray = alone.folder.thumb(ident(77))
    path(stray).write_bytes(b"RIFF")
    notes = f"{alone.folder}/notes.txt"
    path(notes).write_text("mine")
    return {
        ("sidecar without image", gone.image),
        ("no thumbnail", thumbless.thumb),
        (f"5 bytes instead of {shorter.bytes}", shorter.image),
        ("the catalog knows another version", sidecar(spoiled)),
        ("the catalog knows another version", sidecar(edited)),
        ("in the catalog, but its files are gone", lost.image),
        ("left by a purge that did not end", doomed.folder.mark(doomed.id, "purge")),
        ("left by a put that did not end", begun.folder.mark(begun.id, "put")),
        ("image without sidecar", alone.image),
        ("thumbnail without image", stray),
        ("no name of ours", notes),
        ("not in the catalog", sidecar(planted)),
    }


def test_a_doctor_names_every_discrepancy_with_exit_code_1(root: Path) -> None:
    expected = damage(root)
    before = files(root)
    result = run(root, "doctor", "--json")
    assert result.returncode == 1
    found = discrepancies(result)
    assert expected <= found
    assert {what for what, _ in found - expected} <= {
        *(what for what, _ in found if what.startswith("damaged sidecar")),
        "image without sidecar",  # the one whose purge did not end
    }
    lines = run(root, "doctor").stdout.splitlines()
    for what, name in expected:
        assert f"{what}: {name}" in lines
    assert lines[-1] == f"{len(found)} discrepancies"
    assert files(root) == before


def test_a_doctor_who_cannot_tell_says_so_with_exit_code_2(root: Path) -> None:
    (root / "outputs").rename(root / "elsewhere")
    result = run(root, "doctor")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("gallery: ")
    assert not (root / "outputs").exists()


def test_a_doctor_of_nothing_makes_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "doctor").returncode == 2
    assert list(tmp_path.iterdir()) == []
