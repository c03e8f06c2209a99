"""A feed that is lost, cut short, damaged or another's: what was answered stays right."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.catalog.query import Query
from gallery.errors import StartRefused
from gallery.lines import encode_line
from tests.conftest import Open
from tests.feed.reading import lines, segment, segments
from tests.samples import OWNER, apply, ids, record

ACTIVE = Query(OWNER)


def test_a_removed_feed_is_begun_anew_and_nothing_is_missed(manifests: Path, opened: Open) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1))
    assert ids(two.page(ACTIVE)) == [1]
    generation = two.mirror.feed.generation
    shutil.rmtree(manifests / "feed")
    apply(one, "put", record(2))
    assert ids(two.page(ACTIVE)) == [2, 1]
    apply(two, "put", record(3))
    assert ids(one.page(ACTIVE)) == [3, 2, 1]
    assert one.mirror.feed.generation == two.mirror.feed.generation != generation
    assert segments(manifests) == [1]


def test_everybody_is_told_of_everything_when_the_feed_was_lost(
    manifests: Path, opened: Open
) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1))
    two.page(ACTIVE)
    told: list[tuple[str, str]] = []
    two.listen(lambda owner, id: told.append((owner, id)))
    shutil.rmtree(manifests / "feed")
    apply(one, "put", record(2))
    two.page(ACTIVE)
    assert ("", "") in told


@pytest.mark.parametrize(
    "bad", [b"garbage\n", b"\0" * 100 + b"\n", b'{"op":"put"', b"\n", b'{"op":"put","crc":"0"}\n']
)
def test_a_bad_feed_line_costs_nothing_but_memory(
    manifests: Path, opened: Open, bad: bytes
) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1))
    assert ids(two.page(ACTIVE)) == [1]
    with segment(manifests, 1).open("ab") as file:
        file.write(bad)
    assert ids(two.page(ACTIVE)) == [1]
    apply(one, "put", record(2))
    assert ids(two.page(ACTIVE)) == [2, 1]
    apply(two, "put", record(3))
    assert ids(one.page(ACTIVE)) == [3, 2, 1]
    assert ids(opened().page(ACTIVE)) == [3, 2, 1]


def test_a_segment_cut_short_is_noticed(manifests: Path, opened: Open) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1), record(2))
    assert ids(two.page(ACTIVE)) == [2, 1]
    os.truncate(segment(manifests, 1), segment(manifests, 1).stat().st_size // 2)
    apply(one, "put", record(3))
    assert ids(two.page(ACTIVE)) == [3, 2, 1]


def replace_library(head: dict[str, object]) -> dict[str, object]:
    other = {"library": "9b7f2f0e-0000-4000-8000-000000000000"}
    return {name: value for name, value in head.items() if name != "crc"} | other


def test_a_feed_of_another_library_is_refused(manifests: Path, opened: Open) -> None:
    opened().close()
    head = replace_library(lines(manifests, 1)[0])
    segment(manifests, 1).write_bytes(encode_line(head))
    with pytest.raises(StartRefused, match="belongs to the library"):
        opened()


def test_a_repeated_line_is_harmless(manifests: Path, opened: Open) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1), replace(record(2)))
    repeated = segment(manifests, 1).read_bytes().split(b"\n")[1]
    assert ids(two.page(ACTIVE)) == [2, 1]
    with segment(manifests, 1).open("ab") as file:
        file.write(repeated + b"\n")
    page = two.page(ACTIVE)
    assert (ids(page), page.total) == ([2, 1], 2)


def test_a_segment_that_one_process_gave_up_is_given_up_by_the_others(
    manifests: Path, opened: Open
) -> None:
    """Also where it looks as long as it was to them."""
    one, other = opened(), opened()
    apply(one, "put", record(1))
    assert ids(other.page(ACTIVE)) == [1]
    with segment(manifests, 1).open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.truncate(0)
        one.mirror.sync()
        file.seek(0)
        file.write(b"\0" * size)
    apply(one, "put", record(2))
    assert ids(other.page(ACTIVE)) == [2, 1]
