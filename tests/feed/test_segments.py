"""The feed: how processes hear of each other, and what becomes of its segments."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gallery.catalog import feed
from gallery.catalog.query import Query
from gallery.durable import locked
from gallery.errors import StartRefused
from gallery.lines import encode_line
from tests.conformance.stores import LIBRARY
from tests.conftest import Open
from tests.feed.reading import lines, segment, segments
from tests.samples import NOON, OTHER, OWNER, apply, ids, record

ACTIVE = Query(OWNER)


def test_every_change_is_a_line_in_the_order_of_appending(manifests: Path, opened: Open) -> None:
    catalog = opened()
    apply(catalog, "put", record(1), record(2, owner=OTHER, kind="input"))
    apply(catalog, "trash", record(1, status="trash", deleted_at=NOON, rev=2))
    head, *changes = lines(manifests, 1)
    assert (head["format"], head["library"], head["segment"]) == (1, LIBRARY, 1)
    assert [(c["op"], c["owner"], c["month"], c["kind"], c["rev"]) for c in changes] == [
        ("put", OWNER, "2026-03", "output", 1),
        ("put", OTHER, "2026-03", "input", 1),
        ("trash", OWNER, "2026-03", "output", 2),
    ]
    shard = manifests / "users" / OWNER / "2026-03.jsonl"
    assert changes[-1]["end"] == shard.stat().st_size


def test_a_change_by_one_process_is_on_the_next_page_of_another(opened: Open) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1), record(2))
    assert ids(two.page(ACTIVE)) == [2, 1]
    gone = record(1, status="trash", deleted_at=NOON, rev=2)
    apply(two, "trash", gone)
    assert ids(one.page(ACTIVE)) == [2]
    apply(one, "purge", gone)
    assert two.get(OWNER, gone.id) is None
    apply(two, "edit", record(2, favorite=True, rev=2))
    entry = one.get(OWNER, record(2).id)
    assert entry is not None
    assert entry.record.favorite
    assert one.page(ACTIVE) == two.page(ACTIVE)


def test_the_last_to_leave_closes_the_segment(manifests: Path, opened: Open) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1))
    one.close()
    assert lines(manifests, 1)[-1]["op"] == "put"
    two.close()
    assert lines(manifests, 1)[-1]["op"] == "close"


def test_a_segment_that_nobody_has_open_is_not_appended_to_again(
    manifests: Path, opened: Open, tmp_path: Path
) -> None:
    apply(opened(), "put", record(1))
    after_a_power_cut = tmp_path / "copy"
    shutil.copytree(manifests, after_a_power_cut)
    before = segment(after_a_power_cut, 1).read_bytes()
    again = opened(at=after_a_power_cut)
    apply(again, "put", record(2))
    assert segments(after_a_power_cut) == [1, 2]
    assert segment(after_a_power_cut, 1).read_bytes() == before
    assert [line.get("op") for line in lines(after_a_power_cut, 2)] == [None, "put"]
    assert again.mirror.feed.generation == lines(manifests, 1)[0]["generation"]
    assert ids(again.page(ACTIVE)) == [2, 1]


def test_a_process_that_joins_others_appends_to_their_segment(
    manifests: Path, opened: Open
) -> None:
    opened()
    apply(opened(), "put", record(1))
    assert segments(manifests) == [1]


def test_a_large_segment_is_followed_by_another(
    manifests: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "SEGMENT_BYTES", 500)
    one, two = opened(), opened()
    for n in range(4):
        apply(one, "put", record(n))
    one.maintain()
    two.maintain()
    assert segments(manifests) == [1, 2]
    close = lines(manifests, 1)[-1]
    assert (close["op"], close["next"]) == ("close", 2)
    apply(two, "put", record(4))
    apply(one, "put", record(5))
    assert ids(one.page(ACTIVE)) == ids(two.page(ACTIVE)) == [5, 4, 3, 2, 1, 0]
    assert [line.get("op") for line in lines(manifests, 2)] == [None, "put", "put"]
    assert one.mirror.feed.position == two.mirror.feed.position


def test_a_process_that_slept_through_segments_reads_them_all(
    manifests: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "SEGMENT_BYTES", 100)
    one, two = opened(), opened()
    apply(one, "put", record(0))
    assert ids(two.page(ACTIVE)) == [0]
    told: list[str] = []
    two.listen(lambda _, id: told.append(id))
    for n in range(1, 4):
        apply(one, "put", record(n))
        one.maintain()
    assert segments(manifests) == [1, 2, 3, 4]
    assert ids(two.page(ACTIVE)) == [3, 2, 1, 0]
    assert told == [record(n).id for n in (1, 2, 3)]


def test_old_segments_are_removed_and_the_newest_never(manifests: Path, opened: Open) -> None:
    for n in range(3):
        catalog = opened()
        apply(catalog, "put", record(n))
        catalog.close()
    catalog = opened()
    assert segments(manifests) == [1, 2, 3, 4]
    for number in (1, 2, 4):
        os.utime(segment(manifests, number), (0, 0))
    catalog.maintain()
    assert segments(manifests) == [3, 4]
    apply(catalog, "put", record(9))
    assert ids(catalog.page(ACTIVE)) == [9, 2, 1, 0]


def test_a_segment_closed_and_not_followed_parts_nobody(manifests: Path, opened: Open) -> None:
    """A process died between closing this segment and making the next one."""
    one, two = opened(), opened()
    apply(one, "put", record(1))
    assert ids(two.page(ACTIVE)) == [1]
    with segment(manifests, 1).open("ab") as file:
        file.write(encode_line({"op": "close", "next": 2}))
    segment(manifests, 2).with_suffix(".new").write_bytes(b"half a head")
    late = opened()
    apply(late, "put", record(2))
    assert ids(one.page(ACTIVE)) == [2, 1]
    apply(one, "put", record(3))
    apply(two, "put", record(4))
    for catalog in (one, two, late):
        assert ids(catalog.page(ACTIVE)) == [4, 3, 2, 1]
    assert segments(manifests) == [1, 2]


def test_a_writer_may_be_the_first_to_find_no_next_segment(manifests: Path, opened: Open) -> None:
    one, two = opened(), opened()
    apply(one, "put", record(1))
    with segment(manifests, 1).open("ab") as file:
        file.write(encode_line({"op": "close", "next": 2}))
    with one.lock(OWNER):
        one.mirror.announce({"op": "load", "owner": OWNER, "month": "2026-03",
                             "generation": "", "end": 0})  # fmt: skip
    apply(one, "put", record(2))
    assert ids(one.page(ACTIVE)) == ids(two.page(ACTIVE)) == [2, 1]
    assert one.mirror.feed.position == two.mirror.feed.position


def test_nobody_waits_for_ever_to_join_a_process_that_was_stopped_within_a_line(
    manifests: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened()
    monkeypatch.setattr(feed, "OPEN_SECONDS", 0.05)
    held = locked(str(manifests / "feed" / ".lock"))
    with held, pytest.raises(StartRefused, match="does not end"):
        opened()
    opened()


def test_nothing_old_is_answered_while_news_is_taken_in(opened: Open) -> None:
    """The news is of two owners, and the second one's page is asked for after the first."""
    one, two = opened(), opened()
    for owner in (OWNER, OTHER):
        apply(one, "put", record(1, owner=owner))
        assert ids(two.page(Query(owner))) == [1]
    apply(one, "put", record(2, owner=OWNER), record(2, owner=OTHER))
    answers = []
    two.listen(lambda *_: answers.append(two.page_now(Query(OTHER))))
    two.page(ACTIVE)
    assert [ids(page) for page in answers if page] in ([], [[2, 1]])
    assert len(answers) == 2
    page = two.page_now(Query(OTHER))
    assert page is not None
    assert ids(page) == [2, 1]
