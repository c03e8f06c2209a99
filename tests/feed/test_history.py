"""The feed's history on files: what is told from a position on, over segments and restarts."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gallery.catalog import feed
from gallery.errors import PositionGone
from tests.conftest import Open
from tests.feed.reading import heard, segment
from tests.samples import OWNER, apply, record


def test_changes_are_read_over_segments(
    manifests: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "SEGMENT_BYTES", 300)
    one, two = opened(), opened()
    start = one.changes(None).position
    for n in range(1, 8):
        apply(one, "put", record(n))
        one.maintain()
    assert len(list((manifests / "feed").glob("0*"))) > 3
    expected = [("put", record(n).id) for n in range(1, 8)]
    assert heard(one, start) == heard(two, start) == expected
    middle = one.changes(start, limit=4).position
    assert heard(two, middle) == expected[4:]


def test_changes_are_read_over_a_restart(opened: Open) -> None:
    first = opened()
    start = first.changes(None).position
    apply(first, "put", record(1))
    first.close()
    second = opened()
    apply(second, "put", record(2))
    assert heard(second, start) == [("put", record(1).id), ("put", record(2).id)]


def test_a_position_in_a_segment_that_was_removed_is_gone(manifests: Path, opened: Open) -> None:
    first = opened()
    start = first.changes(None).position
    first.close()
    second = opened()
    os.utime(segment(manifests, 1), (0, time.time() - feed.KEEP_SECONDS - 1))
    second.maintain()
    with pytest.raises(PositionGone):
        second.changes(start)


def test_what_lay_in_a_segment_that_was_removed_is_not_passed_over(
    manifests: Path, opened: Open
) -> None:
    """The first is from when the clock was ahead, so that the second is removed before it."""
    catalog = opened()
    start = catalog.changes(None).position
    for n in range(3):
        apply(catalog, "put", record(n))
        catalog.close()
        catalog = opened()
    assert heard(catalog, start) == [("put", record(n).id) for n in range(3)]
    os.utime(segment(manifests, 2), (0, 0))
    catalog.maintain()
    with pytest.raises(PositionGone):
        catalog.changes(start)
    apply(catalog, "edit", record(2, rev=2))
    assert catalog.catch_up(OWNER) == 0


def test_a_position_within_a_line_is_gone(opened: Open) -> None:
    catalog = opened()
    generation, segment, offset = catalog.changes(None).position.split(".")
    with pytest.raises(PositionGone):
        catalog.changes(f"{generation}.{segment}.{int(offset) - 3}")


def test_a_feed_line_that_cannot_be_read_ends_what_can_be_told(
    manifests: Path, opened: Open
) -> None:
    catalog = opened()
    start = catalog.changes(None).position
    apply(catalog, "put", record(1), record(2))
    path = segment(manifests, 1)
    raw = bytearray(path.read_bytes())
    raw[-40] ^= 1
    path.write_bytes(raw)
    with pytest.raises(PositionGone):
        catalog.changes(start)
    apply(catalog, "put", record(3))
    now = catalog.changes(None).position
    assert heard(catalog, now) == []
