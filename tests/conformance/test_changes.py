"""Every sentence of Catalog's contract about changes: who was away hears all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gallery.catalog import Noted
from gallery.errors import PositionGone
from tests.conformance.stores import Catalogs
from tests.samples import NOON, OTHER, OWNER, apply, record, seen


def told(noted: list[Noted]) -> list[tuple[str, str, str, int]]:
    return [(n.op, n.owner, n.id, n.rev) for n in noted]


def test_now_is_a_position_without_changes(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    now = both.read.changes(None)
    assert (now.noted, now.level) == ([], True)
    assert both.read.changes(now.position) == now


def test_all_that_came_after_a_position_is_told_in_order(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    start = both.read.changes(None).position
    gone = record(2, status="trash", deleted_at=NOON, rev=2)
    apply(both.write, "put", record(2), record(3, owner=OTHER, kind="input"))
    apply(both.write, "trash", gone)
    apply(both.write, "purge", gone)
    found = both.read.changes(start)
    assert found.level
    assert told(found.noted) == [
        ("put", OWNER, record(2).id, 1),
        ("put", OTHER, record(3).id, 1),
        ("trash", OWNER, record(2).id, 2),
        ("purge", OWNER, record(2).id, 2),
    ]
    assert [n.kind for n in found.noted] == ["output", "input", "output", "output"]
    assert [n.month for n in found.noted] == ["2026-03"] * 4
    assert all(n.at > NOON for n in found.noted)


def test_each_position_goes_on_right_after_its_change(both: Catalogs) -> None:
    start = both.read.changes(None).position
    apply(both.write, "put", *(record(n) for n in range(1, 6)))
    noted = both.read.changes(start).noted
    for n, one in enumerate(noted):
        assert both.read.changes(one.position).noted == noted[n + 1 :]


def test_a_limit_leaves_the_rest_for_the_next_call(both: Catalogs) -> None:
    position = both.read.changes(None).position
    apply(both.write, "put", *(record(n) for n in range(1, 8)))
    every = both.read.changes(position).noted
    found: list[Noted] = []
    for expected in (3, 3, 1):
        some = both.read.changes(position, limit=3)
        assert len(some.noted) == expected
        found, position = found + some.noted, some.position
    assert found == every
    assert both.read.changes(position).level


def test_one_owner_hears_nothing_of_another(both: Catalogs) -> None:
    start = both.read.changes(None).position
    apply(both.write, "put", record(1), record(2, owner=OTHER), record(3))
    found = both.read.changes(start, owner=OWNER)
    assert [n.id for n in found.noted] == [record(1).id, record(3).id]
    apply(both.write, "put", record(4, owner=OTHER))
    later = both.read.changes(found.position, owner=OWNER)
    assert later.noted == []
    assert both.read.changes(later.position).noted == []


def test_a_rebuild_is_told_as_a_month_that_may_have_changed(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    start = both.read.changes(None).position
    changed = replace(record(1), tags=("new",), rev=2)
    with both.write.lock(OWNER):
        both.write.rebuild(OWNER, "2026-03", [(changed, seen(changed))])
    (noted,) = both.read.changes(start).noted
    assert (noted.op, noted.owner, noted.month, noted.id) == ("load", OWNER, "2026-03", "")


@pytest.mark.parametrize(
    "position", ["", "x", "a.1.0", "1.2", "0123456789abcdef.1.10", "..", "a.b.c", "é.1.1"]
)
def test_a_position_that_is_none_of_this_feed_is_gone(both: Catalogs, position: str) -> None:
    with pytest.raises(PositionGone):
        both.read.changes(position)


def test_a_position_yet_to_come_is_gone(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    generation, segment, offset = both.read.changes(None).position.split(".")
    with pytest.raises(PositionGone):
        both.read.changes(f"{generation}.{segment}.{int(offset) + 1}")
    with pytest.raises(PositionGone):
        both.read.changes(f"{generation}.{int(segment) + 1}.0")


def test_nothing_is_kept_from_anybody_without_a_crash(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    now = both.read.changes(None)
    assert both.read.catch_up(OWNER) == 0
    assert both.read.catch_up(OTHER) == 0
    assert both.read.swallowed() == []
    assert both.read.changes(now.position) == now
