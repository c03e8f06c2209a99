"""A library of format 1, written once: every later version reads it, to the byte."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog import Catalog
from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.memory import MemoryCatalog
from gallery.catalog.query import Query
from gallery.encoding import decode, decode_sidecar, encode
from gallery.imaging import Imaging
from gallery.keys import KINDS, parse
from gallery.library import Library
from gallery.lines import decode_line, record_in_line
from gallery.reconcile import Reconciler

GOLDEN = Path(__file__).parent / "golden" / "format-1"
EXPECTED: dict[str, Any] = orjson.loads((GOLDEN / "expected.json").read_bytes())
ANON = "anon-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
OLDER, STUDIO = "622ac908650f74915c74ad86e6e55eb6", "268d0f1aa6bc1b96a52dee5bba94a190"
CAT = "d24c55c28d2d16afee1e0dc348935ed6"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN, tmp_path / "library"))


@contextmanager
def opened(folder: Path, catalog: Catalog | None = None) -> Iterator[Library]:
    manifests = str(folder / "manifests")
    blobs = FileBlobs(str(folder / "outputs"), library_of(manifests))
    library = Library(blobs, catalog or ManifestCatalog(manifests, memory_bytes=64 << 20))
    library.start()
    yield library
    library.close()


def contents(top: Path) -> dict[str, bytes]:
    return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def check(library: Library) -> None:
    """The library holds the expected records, in the expected order, and the totals of them."""
    catalog = library.catalog
    assert catalog.owners() == sorted(EXPECTED["pages"])
    for record in EXPECTED["records"]:
        entry = catalog.get(record["owner"], record["id"])
        assert entry is not None
        assert orjson.loads(entry.raw) == record
        body = library.blobs.read(entry.record.image)
        assert hashlib.sha256(body).hexdigest() == record["sha256"]
        assert library.thumbnails.has(entry.record)
    for owner, pages in EXPECTED["pages"].items():
        for query, expected in (
            (Query(owner), pages["active"]),
            (Query(owner, ("trash",), KINDS, "deleted"), pages["trash"]),
        ):
            items = catalog.page(query).items
            assert [orjson.loads(item)["id"] for item in items] == expected
        totals = {kind: t.as_list() for kind, t in catalog.totals(owner).items()}
        assert totals == EXPECTED["totals"][owner]
    assert catalog.damaged() == []


def test_manifests_of_format_1_say_what_they_said(folder: Path) -> None:
    before = contents(folder / "manifests" / "users")
    with opened(folder) as library:
        assert library.blobs.library == "5d0c6a8e-3f57-4a1c-9a55-0c2f4b1d7e90"
        check(library)
    assert contents(folder / "manifests" / "users") == before


@pytest.mark.parametrize("kind", ["manifests", "memory"])
def test_everything_is_rebuilt_from_the_tree_alone(folder: Path, kind: str) -> None:
    shutil.rmtree(folder / "manifests")
    before = contents(folder / "outputs" / "users")
    with opened(folder, MemoryCatalog() if kind == "memory" else None) as library:
        check(library)
    assert contents(folder / "outputs" / "users") == before


def test_a_walk_leaves_it_as_it_is(folder: Path, imaging: Imaging) -> None:
    before = contents(folder / "outputs" / "users")
    with opened(folder) as library:
        walked = Reconciler(library, imaging, settle=0).run()
        assert (walked.images, walked.damage) == (len(EXPECTED["records"]), [])
        check(library)
    assert contents(folder / "outputs" / "users") == before


def test_every_sidecar_is_read(folder: Path) -> None:
    found = {}
    for name, raw in contents(folder / "outputs").items():
        key = parse(name)
        if key is not None and key.role == "sidecar":
            found[key.id] = orjson.loads(encode(decode_sidecar(raw, key)))
    assert found == {record["id"]: record for record in EXPECTED["records"]}


def test_every_line_is_read_and_would_be_written_the_same() -> None:
    ops = []
    for path in sorted((GOLDEN / "manifests" / "users").rglob("*.jsonl")):
        header, *lines = path.read_bytes().split(b"\n")[:-1]
        assert decode_line(header)["month"] == path.stem
        for line in lines:
            head = decode_line(line)
            ops.append(head["op"])
            if head["op"] != "purge":
                assert encode(decode(head["record"])) == record_in_line(line)
    assert sorted(ops) == ["edit", "purge"] + ["put"] * 10 + ["restore"] + ["trash"] * 4
    feed = (GOLDEN / "manifests" / "feed" / "0000000001").read_bytes().split(b"\n")[1:-1]
    assert sorted(decode_line(line)["op"] for line in feed) == sorted([*ops, "close"])


def test_what_only_others_know_survives_a_change(folder: Path) -> None:
    with opened(folder) as library:
        studio = {"rating": 5, "studio": {"layers": [1, 2.5, None, "가"]}}
        assert library.edit(ANON, STUDIO, favorite=True).record.extra == studio
        older = library.edit(ANON, OLDER, favorite=True).record
        assert (older.seed, older.rev, older.thumb[-4:]) == ("123", 1, ".jpg")
        cat = library.trash(ANON, CAT).record
        assert (cat.prompt, cat.seed) == ("빨간 다리를 건너는 고양이", 2**64 - 1)
        assert library.restore(ANON, CAT).record.rev == cat.rev + 1 == 5
