"""Sidecars in every blob store: staged, committed, replaced and doomed, and found by month."""

from __future__ import annotations

from datetime import date

import pytest

from gallery.blobs import BlobStore
from gallery.errors import NotFound
from gallery.keys import Folder
from tests.samples import OWNER, ident, keys_of

DAY = Folder(OWNER, "output", date(2026, 3, 14))
ONE, TWO = ident(1), ident(2)


def test_sidecars_of_a_month_are_those_of_every_kind(blobs: BlobStore) -> None:
    wanted = []
    for folder in ("2026/03/14", "inputs/2026/03/01", "controls/2026/03/31"):
        wanted.append(f"users/{OWNER}/{folder}/{'1' * 32}.json")
        blobs.put(wanted[-1], b"{}")
        blobs.put(f"users/{OWNER}/{folder}/{'1' * 32}.png", b"")
        blobs.put(f"users/{OWNER}/{folder}/thumb/{'1' * 32}.webp", b"")
    blobs.put(f"users/{OWNER}/2026/04/01/{'1' * 32}.json", b"{}")
    found = [listed.key for listed in blobs.sidecars(OWNER, "2026-03")]
    assert sorted(found) == sorted(wanted)
    assert list(blobs.sidecars(OWNER, "2026-05")) == []


def test_months_are_those_with_folders_of_any_kind(blobs: BlobStore) -> None:
    assert blobs.months(OWNER) == []
    for folder in ("2026/03/14", "inputs/2025/12/31", "controls/2026/03/01", "inputs/2024/01/02"):
        blobs.put(f"users/{OWNER}/{folder}/{'1' * 32}.png", b"")
    assert blobs.months(OWNER) == ["2024-01", "2025-12", "2026-03"]


def test_a_staged_sidecar_is_no_sidecar_before_the_commit(blobs: BlobStore) -> None:
    blobs.stage(DAY, ONE, b"{1}")
    with pytest.raises(NotFound):
        blobs.stat(DAY.sidecar(ONE))
    seen = blobs.commit(DAY, ONE, b"{1}")
    assert blobs.read(DAY.sidecar(ONE)) == b"{1}"
    found = blobs.stat(DAY.sidecar(ONE))
    assert (found.size, found.mtime_ns) == (seen.size, seen.mtime_ns)
    assert keys_of(blobs, "users/") == [DAY.sidecar(ONE)]


def test_a_staged_put_that_is_finished_leaves_nothing(blobs: BlobStore) -> None:
    blobs.stage(DAY, ONE, b"{1}")
    blobs.finish(DAY, ONE)
    blobs.finish(DAY, ONE)
    assert keys_of(blobs, "users/") == []


def test_a_replaced_sidecar_is_seen_as_it_lies_there(blobs: BlobStore) -> None:
    blobs.stage(DAY, ONE, b"{1}")
    blobs.commit(DAY, ONE, b"{1}")
    seen = blobs.replace(DAY, ONE, b"{22}")
    assert blobs.read(DAY.sidecar(ONE)) == b"{22}"
    found = blobs.stat(DAY.sidecar(ONE))
    assert (found.size, found.mtime_ns) == (seen.size, seen.mtime_ns)
    assert keys_of(blobs, "users/") == [DAY.sidecar(ONE)]


def test_many_sidecars_of_a_folder_are_replaced_at_once(blobs: BlobStore) -> None:
    for id in (ONE, TWO):
        blobs.stage(DAY, id, b"{1}")
        blobs.commit(DAY, id, b"{1}")
    seen = blobs.replace_all(DAY, {TWO: b"{222}", ONE: b"{11}"})
    assert set(seen) == {ONE, TWO}
    for id, body in {ONE: b"{11}", TWO: b"{222}"}.items():
        found = blobs.stat(DAY.sidecar(id))
        assert blobs.read(DAY.sidecar(id)) == body
        assert (found.size, found.mtime_ns) == (seen[id].size, seen[id].mtime_ns)
    assert keys_of(blobs, "users/") == sorted([DAY.sidecar(ONE), DAY.sidecar(TWO)])


def test_a_sidecar_can_be_put_where_there_is_none(blobs: BlobStore) -> None:
    blobs.put(DAY.image(ONE, "png"), b"pixels")
    blobs.replace(DAY, ONE, b"{2}")
    assert blobs.read(DAY.sidecar(ONE)) == b"{2}"


@pytest.mark.parametrize("lost", [False, True])
def test_a_doomed_image_has_no_sidecar(blobs: BlobStore, lost: bool) -> None:
    blobs.put(DAY.image(ONE, "png"), b"pixels")
    if not lost:
        blobs.replace(DAY, ONE, b"{}")
    blobs.delete(DAY.image(ONE, "png"))
    blobs.doom(DAY, ONE)
    with pytest.raises(NotFound):
        blobs.stat(DAY.sidecar(ONE))
    blobs.finish(DAY, ONE)
    assert keys_of(blobs, "users/") == []
