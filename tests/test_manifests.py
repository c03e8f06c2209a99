"""Manifests on disk: torn and spoiled lines, generations, compaction, what is held in memory."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query
from gallery.errors import StorageFull
from gallery.library import Library
from gallery.lines import decode_line
from gallery.records import Seen
from gallery.totals import Totals
from tests.conformance.stores import LIBRARY
from tests.conftest import Open
from tests.samples import NOON, OTHER, OWNER, SECOND, apply, everything, ids, plant, record

DAY_US = 86_400 * SECOND
ACTIVE = Query(OWNER)


@pytest.fixture
def shard(manifests: Path) -> Path:
    return manifests / "users" / OWNER / "2026-03.jsonl"


def lines(shard: Path) -> list[bytes]:
    return shard.read_bytes().split(b"\n")[:-1]


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_manifest_is_a_header_and_a_line_for_each_change(opened: Open, shard: Path) -> None:
    catalog = opened()
    apply(catalog, "put", record(1))
    apply(catalog, "trash", replace(record(1), status="trash", deleted_at=NOON, rev=2))
    apply(catalog, "purge", record(1))
    header, *changes = map(decode_line, lines(shard))
    assert (header["format"], header["library"]) == (1, LIBRARY)
    assert (header["owner"], header["month"]) == (OWNER, "2026-03")
    assert [(line["op"], line["rev"]) for line in changes] == [
        ("put", 1), ("trash", 2), ("purge", 1),
    ]  # fmt: skip
    assert changes[1]["totals"]["output"] == [0, 1, 101, NOON, None, None]
    assert "record" not in changes[2]


def test_lines_know_their_place_in_the_feed(opened: Open, shard: Path) -> None:
    catalog = opened()
    apply(catalog, "put", record(1), record(2))
    places = [decode_line(line)["feed"].split(".") for line in lines(shard)[1:]]
    assert places[0][:2] == places[1][:2]
    assert int(places[0][2]) < int(places[1][2])


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_an_unfinished_last_line_never_happened(opened: Open, shard: Path, share: float) -> None:
    first = opened()
    apply(first, "put", record(1), record(2))
    *whole, last = lines(shard)
    torn = b"\n".join(whole) + b"\n" + last[: int(len(last) * share)]
    first.close()
    shard.write_bytes(torn)
    again = opened()
    assert ids(again.page(ACTIVE)) == [1]
    assert again.totals(OWNER)["output"].active == 1
    assert again.damaged() == []
    apply(again, "put", record(3))
    assert ids(again.page(ACTIVE)) == [3, 1]
    assert shard.read_bytes().startswith(torn)
    assert ids(opened().page(ACTIVE)) == [3, 1]


def test_a_torn_line_is_ended_while_others_read(opened: Open, shard: Path) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1))
    assert ids(two.page(ACTIVE)) == [1]
    append(shard, lines(shard)[-1][:50])
    apply(two, "put", record(2))
    assert ids(one.page(ACTIVE)) == ids(two.page(ACTIVE)) == [2, 1]


BAD = {
    "garbage": b"garbage",
    "zeros": b"\0" * 5000,
    "a huge line": b"x" * (8 << 20),
    "an empty line": b"",
    "a wrong checksum": b'{"op":"purge","id":"00000000000000000000000000000001","crc":"00000000"}',
    "another kind of line": b'{"crc":"bf9c6b1c"}',
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_bad_line_is_skipped_alone_and_reported(
    opened: Open, shard: Path, bad: bytes, after: int
) -> None:
    first = opened()
    apply(first, "put", record(1), record(2))
    first.close()
    kept = lines(shard)
    shard.write_bytes(b"".join(line + b"\n" for line in [*kept[:after], bad, *kept[after:]]))
    again = opened()
    assert everything(again, ACTIVE) == [2, 1]
    assert again.get(OWNER, record(1).id) is not None
    assert again.damaged() == [(OWNER, "2026-03")]


@pytest.mark.parametrize("header", [b"garbage", b"\0" * 100, b""])
def test_a_bad_header_is_damage_too(opened: Open, shard: Path, header: bytes) -> None:
    first = opened()
    apply(first, "put", record(1))
    first.close()
    shard.write_bytes(b"\n".join([header, *lines(shard)[1:], b""]))
    again = opened()
    assert ids(again.page(ACTIVE)) == [1]
    assert again.damaged() == [(OWNER, "2026-03")]


def test_a_manifest_that_is_just_being_made_is_no_damage(opened: Open, shard: Path) -> None:
    shard.parent.mkdir(parents=True)
    shard.touch()
    catalog = opened()
    assert catalog.page(ACTIVE).items == []
    assert catalog.damaged() == []
    apply(catalog, "put", record(1))
    assert ids(catalog.page(ACTIVE)) == ids(opened().page(ACTIVE)) == [1]
    assert catalog.damaged() == []


def test_a_damaged_month_is_rebuilt_from_the_tree_alone(
    opened: Open, shard: Path, tmp_path: Path
) -> None:
    blobs = FileBlobs(str(tmp_path / "outputs"))
    blobs.start()
    plant(blobs, record(1))
    plant(blobs, record(2, tags=("said by the sidecar",)))
    catalog = opened()
    apply(catalog, "put", record(1), record(2), record(7, at=NOON + 40 * DAY_US))
    spoiled = bytearray(shard.read_bytes())
    spoiled[-300] ^= 1
    other = shard.with_name("2026-04.jsonl").read_bytes()
    catalog.close()
    shard.write_bytes(bytes(spoiled))
    catalog = opened()
    library = Library(blobs, catalog)
    assert ids(library.page(ACTIVE)) == [7, 2, 1]
    assert catalog.damaged() == []
    entry = catalog.get(OWNER, record(2).id)
    assert entry is not None
    assert entry.record.tags == ("said by the sidecar",)
    assert shard.with_name("2026-04.jsonl").read_bytes() == other
    assert len(lines(shard)) == 3
    assert catalog.totals(OWNER)["output"] == Totals(
        3, 0, 101 + 102 + 107, None, NOON + SECOND, NOON + 40 * DAY_US
    )


def test_a_manifest_removed_while_running_is_begun_anew(opened: Open, shard: Path) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1), record(2))
    assert ids(two.page(ACTIVE)) == [2, 1]
    shard.unlink()
    apply(one, "put", record(3))
    for catalog in (one, two, opened()):
        assert ids(catalog.page(ACTIVE)) == [3]
        assert catalog.totals(OWNER)["output"].active == 1


def test_a_rebuilt_month_is_loaded_again_by_others(opened: Open, shard: Path) -> None:
    one, two = opened(ring=0), opened()
    apply(one, "put", record(1), record(2))
    assert ids(two.page(ACTIVE)) == [2, 1]
    generation = decode_line(lines(shard)[0])["generation"]
    with one.lock(OWNER):
        one.rebuild(OWNER, "2026-03", [(record(1, favorite=True), seen_by(one, 1))])
    assert decode_line(lines(shard)[0])["generation"] != generation
    (item,) = two.page(ACTIVE).items
    assert orjson.loads(item)["favorite"]


def seen_by(catalog: ManifestCatalog, n: int) -> Seen:
    found = catalog.get(OWNER, record(n).id)
    assert found is not None
    return found.seen


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can be written beyond so many bytes, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_rebuild_that_finds_no_room_gives_back_what_it_took(opened: Open, shard: Path) -> None:
    catalog = opened()
    large = [record(n, extra={"note": "x" * 50_000}) for n in (1, 2)]
    apply(catalog, "put", *large)
    before = shard.read_bytes()
    records = [(one, seen_by(catalog, n)) for n, one in enumerate(large, 1)]
    with catalog.lock(OWNER), room_for(75_000), pytest.raises(StorageFull):
        catalog.rebuild(OWNER, "2026-03", records)
    assert list(shard.parent.glob("*.new")) == []
    assert shard.read_bytes() == before


def test_what_a_rebuild_that_was_killed_left_is_in_nobodys_way(opened: Open, shard: Path) -> None:
    catalog = opened()
    apply(catalog, "put", record(1), record(2))
    append(shard.with_name("2026-03.jsonl.new"), shard.read_bytes()[:-9] * 3)
    assert ids(opened().page(ACTIVE)) == [2, 1]
    with catalog.lock(OWNER):
        catalog.rebuild(OWNER, "2026-03", [(record(1), seen_by(catalog, 1))])
    assert list(shard.parent.glob("*.new")) == []
    assert len(lines(shard)) == 2
    assert ids(opened().page(ACTIVE)) == [1]


def churned(catalog: ManifestCatalog, times: int, *, owner: str = OWNER) -> None:
    """One image edited again and again: more than a MiB of dead lines."""
    apply(catalog, "put", record(1, owner=owner), record(2, owner=owner))
    for rev in range(2, times + 2):
        apply(catalog, "edit", record(1, owner=owner, rev=rev, extra={"note": "x" * 50_000}))


def test_a_manifest_is_compacted_when_most_of_it_is_dead(opened: Open, shard: Path) -> None:
    one, two = opened(), opened()
    churned(one, 30)
    before = (two.page(ACTIVE), two.totals(OWNER), two.seen(OWNER, "2026-03", "output"))
    assert shard.stat().st_size > 1 << 20
    one.maintain()
    assert len(lines(shard)) == 3
    for catalog in (one, two, opened()):
        page = catalog.page(ACTIVE)
        assert (page.items, page.total) == (before[0].items, before[0].total)
        assert catalog.totals(OWNER) == before[1]
        assert catalog.seen(OWNER, "2026-03", "output") == before[2]
    apply(two, "put", record(3))
    assert ids(one.page(ACTIVE)) == [3, 2, 1]


def test_a_manifest_with_little_dead_is_left_as_it_is(opened: Open, shard: Path) -> None:
    catalog = opened()
    churned(catalog, 15)
    before = shard.read_bytes()
    catalog.maintain()
    assert shard.read_bytes() == before


def test_compaction_keeps_a_line_that_never_reached_the_feed(
    opened: Open, shard: Path, manifests: Path, tmp_path: Path
) -> None:
    catalog = opened()
    churned(catalog, 30)
    append(shard, line_written_elsewhere(manifests, tmp_path / "copy", opened))
    catalog.maintain()
    assert len(lines(shard)) == 4
    assert ids(catalog.page(ACTIVE)) == [9, 2, 1]


def line_written_elsewhere(manifests: Path, copy: Path, opened: Open) -> bytes:
    """The manifest line of one more image, as from a process that died before its feed line."""
    shutil.copytree(manifests, copy)
    other = opened(at=copy)
    apply(other, "put", record(9))
    return lines(copy / "users" / OWNER / "2026-03.jsonl")[-1] + b"\n"


def test_a_line_that_never_reached_the_feed_is_caught_up_with_the_next(
    opened: Open, shard: Path, manifests: Path, tmp_path: Path
) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1))
    assert ids(one.page(ACTIVE)) == ids(two.page(ACTIVE)) == [1]
    append(shard, line_written_elsewhere(manifests, tmp_path / "copy", opened))
    apply(two, "put", record(2))
    for catalog in (one, two):
        page = catalog.page(ACTIVE)
        assert (ids(page), page.total) == ([9, 2, 1], 3)


def cut(shard: Path) -> None:
    shard.write_bytes(b"".join(line + b"\n" for line in lines(shard)[:25]))


def linked(shard: Path) -> None:
    elsewhere = shard.rename(shard.with_name("elsewhere"))
    shard.symlink_to(elsewhere)


@pytest.mark.parametrize("spoil", [cut, linked])
def test_a_manifest_that_cannot_be_compacted_keeps_no_other_from_it(
    opened: Open, shard: Path, spoil: Callable[[Path], None]
) -> None:
    """Nobody asks for its images, so whoever compacts is the first to notice."""
    catalog, other = opened(), shard.parents[1] / OTHER / shard.name
    churned(catalog, 30)
    churned(catalog, 30, owner=OTHER)
    spoil(shard)
    catalog.maintain()
    assert len(lines(other)) == 3


def spoil_first(shard: Path) -> None:
    """Another prompt, of the same length."""
    spoiled = shard.read_bytes().replace(b"red bridge, number 1", b"red fridge, number 1")
    with shard.open("r+b") as file:
        file.write(spoiled)


def test_a_line_that_was_spoiled_is_noticed_though_others_were_written_since(
    opened: Open, shard: Path
) -> None:
    catalog = opened(ring=0)
    apply(catalog, "put", record(1), record(2))
    assert ids(catalog.page(ACTIVE)) == [2, 1]
    spoil_first(shard)
    apply(catalog, "put", record(3))
    assert ids(catalog.page(ACTIVE)) == [3, 2]
    assert catalog.damaged() == [(OWNER, "2026-03")]


def test_a_line_that_was_spoiled_is_not_made_whole_by_compaction(opened: Open, shard: Path) -> None:
    catalog = opened()
    churned(catalog, 30)
    before = shard.stat().st_size
    spoil_first(shard)
    catalog.maintain()
    assert shard.stat().st_size == before
    assert catalog.damaged() == [(OWNER, "2026-03")]
