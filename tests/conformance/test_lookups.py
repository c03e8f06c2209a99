"""Looking up, totals by owner, and rebuilding: the same from every catalog."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread

import pytest

from gallery.catalog import Expired
from gallery.catalog.query import Query
from gallery.changes import change
from gallery.encoding import encode, item
from gallery.errors import StartRefused
from gallery.records import Seen
from gallery.totals import Totals
from tests.conformance.stores import Catalogs, some_totals
from tests.samples import (
    NOON,
    OTHER,
    OWNER,
    SECOND,
    apply,
    apply_change,
    eventually,
    everything,
    ident,
    ids,
    record,
    seen,
)

MONTH_US = 31 * 86_400 * SECOND
ACTIVE = Query(OWNER)


def test_owners_do_not_see_each_other(both: Catalogs) -> None:
    mine, theirs = record(1), record(1, owner=OTHER, prompt="theirs")
    apply(both.write, "put", mine, theirs)
    apply(both.write, "purge", theirs)
    assert both.read.page(ACTIVE).items == [item(encode(mine))]
    assert both.read.page(Query(OTHER)).items == []
    assert some_totals(both, OTHER) == {}


def test_get_takes_the_month_as_a_hint_only_where_it_is_right(both: Catalogs) -> None:
    apply(both.write, "put", record(1), record(2, at=NOON + MONTH_US))
    for month in (None, "2026-04"):
        entry = both.read.get(OWNER, ident(2), month)
        assert entry is not None
        assert entry.record.id == ident(2)
    assert both.read.get(OWNER, ident(2), "2026-03") is None
    assert both.read.get(OWNER, ident(2), "1999-01") is None
    assert both.read.get(OWNER, ident(3)) is None


def test_find_names_every_owner_of_an_id(both: Catalogs) -> None:
    apply(both.write, "put", record(1, owner="zoe"), record(1), record(2))
    apply(both.write, "put", record(1, owner=OTHER, status="trash", deleted_at=NOON, rev=2))
    assert both.read.find(ident(1)) == [OWNER, OTHER, "zoe"]
    assert both.read.find(ident(9)) == []


def test_owners_and_months_are_in_order(both: Catalogs) -> None:
    for n, owner in enumerate(["zoe", "a_b", "a-b", "ab", OWNER]):
        apply(both.write, "put", record(n, owner=owner))
    assert both.read.owners() == ["a-b", "a_b", "ab", OWNER, "zoe"]
    apply(both.write, "put", record(7, at=NOON - 12 * MONTH_US, kind="input"))
    apply(both.write, "put", record(8, at=NOON + MONTH_US))
    assert both.read.months(OWNER) == ["2025-03", "2026-03", "2026-04"]


def test_expired_are_those_deleted_before(both: Catalogs) -> None:
    for n, owner in enumerate([OWNER, OTHER, OWNER, OWNER]):
        gone = record(n, owner=owner, status="trash", deleted_at=NOON + n, rev=2)
        apply(both.write, "put", replace(gone, kind="input" if n == 2 else "output"))
    apply(both.write, "put", record(9))
    assert sorted(both.read.expired(NOON + 3), key=lambda e: e.deleted_at) == [
        Expired(OWNER, ident(0), NOON),
        Expired(OTHER, ident(1), NOON + 1),
        Expired(OWNER, ident(2), NOON + 2),
    ]
    assert list(both.read.expired(NOON)) == []


def test_seen_is_what_the_sidecars_looked_like(both: Catalogs) -> None:
    one, two, three = record(1), record(2, at=NOON + MONTH_US), record(3, kind="input")
    apply(both.write, "put", one, two, three)
    gone = replace(one, status="trash", deleted_at=NOON, rev=2)
    apply_change(both.write, change("trash", gone, Seen(123, 1_800_000_000_123_456_789)))
    assert both.read.seen(OWNER, "2026-03", "output") == {
        one.id: Seen(123, 1_800_000_000_123_456_789)
    }
    assert both.read.seen(OWNER, "2026-04", "output") == {two.id: seen(two)}
    assert both.read.seen(OWNER, "2026-03", "input") == {three.id: seen(three)}
    assert both.read.seen(OWNER, "1999-01", "output") == {}


def test_a_rebuild_replaces_a_month_and_no_other(both: Catalogs) -> None:
    other_month, drawing = record(3, at=NOON + MONTH_US), record(4, kind="control")
    apply(both.write, "put", record(1), record(2), other_month, drawing)
    both.read.page(ACTIVE)
    kept, found = replace(record(2), rev=5), record(7)
    with both.write.lock(OWNER):
        both.write.rebuild(OWNER, "2026-03", [(r, seen(r)) for r in (found, kept)])
    assert everything(both.read, ACTIVE) == [3, 7, 2]
    assert both.read.get(OWNER, ident(1)) is None
    entry = both.read.get(OWNER, ident(2))
    assert entry is not None
    assert (entry.record.rev, entry.seen) == (5, seen(kept))
    assert some_totals(both) == {
        "output": Totals(3, 0, 102 + 107 + 103, None, kept.created_at, other_month.created_at)
    }


def test_a_month_rebuilt_from_nothing_is_empty_and_can_be_filled(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    with both.write.lock(OWNER):
        both.write.rebuild(OWNER, "2026-03", [])
    assert both.read.page(ACTIVE).items == []
    assert some_totals(both) == {}
    apply(both.write, "put", record(2))
    assert ids(both.read.page(ACTIVE)) == [2]


def test_a_version_changes_with_the_images_of_its_owner_only(both: Catalogs) -> None:
    versions = [both.read.page(ACTIVE).version]
    apply(both.write, "put", record(1))
    versions.append(both.read.page(ACTIVE).version)
    apply(both.write, "edit", replace(record(1), favorite=True, rev=2))
    versions.append(both.read.page(ACTIVE).version)
    apply(both.write, "put", record(2, kind="input"))
    versions.append(both.read.page(ACTIVE).version)
    apply(both.write, "purge", record(1))
    versions.append(both.read.page(ACTIVE).version)
    assert len(set(versions)) == 5
    apply(both.write, "put", record(1, owner=OTHER))
    assert both.read.page(ACTIVE).version == versions[-1]


def test_a_version_is_the_same_for_whoever_asks(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    both.read.seen(OWNER, "1999-01", "output")
    both.read.get(OWNER, ident(5), "1998-01")
    assert both.read.page(ACTIVE).version == both.write.page(ACTIVE).version
    assert both.read.version(OWNER) == both.write.page(ACTIVE).version
    assert both.read.version(OTHER) == both.write.page(Query(OTHER)).version


def test_a_listener_is_told_of_what_became_visible(both: Catalogs) -> None:
    told: list[tuple[str, str]] = []
    both.read.listen(lambda owner, id: told.append((owner, id)))
    apply(both.write, "put", record(1))
    both.read.page(ACTIVE)
    apply(both.write, "purge", record(1))
    both.read.page(ACTIVE)
    eventually(lambda: len(told) >= 2)
    assert told == [(OWNER, ident(1)), (OWNER, ident(1))]


def test_a_lock_is_held_by_one_at_a_time(both: Catalogs) -> None:
    inside, order = Event(), []

    def second() -> None:
        inside.set()
        with both.read.lock(OWNER):
            order.append("second")

    thread = Thread(target=second)
    with both.write.lock(OWNER):
        thread.start()
        inside.wait()
        with both.read.lock(OTHER):
            order.append("another owner's")
        order.append("first")
    thread.join()
    assert order == ["another owner's", "first", "second"]


def test_a_lock_is_given_back_after_an_error(both: Catalogs) -> None:
    with pytest.raises(RuntimeError), both.write.lock(OWNER):
        raise RuntimeError
    with both.read.lock(OWNER):
        pass


def test_one_process_leads(both: Catalogs) -> None:
    assert both.write.leads()
    assert both.write.leads()
    assert both.read.leads() == (both.read is both.write)


def test_maintenance_changes_nothing_that_can_be_asked(both: Catalogs) -> None:
    apply(both.write, "put", record(1), record(2))
    before = both.read.page(ACTIVE)
    both.write.maintain()
    both.read.maintain()
    assert both.read.page(ACTIVE) == before


def test_a_catalog_of_another_library_is_refused(both: Catalogs) -> None:
    with pytest.raises(StartRefused):
        both.write.start("9b7f2f0e-0000-4000-8000-000000000000")


def test_the_whole_is_of_all_owners_who_have_images(both: Catalogs) -> None:
    assert both.read.whole() == (0, Totals())
    apply(both.write, "put", record(1, bytes=10))
    apply(both.write, "put", record(2, kind="input", bytes=20))
    apply(both.write, "put", record(3, owner=OTHER, bytes=30))
    gone = record(4, owner="member-3", bytes=40)
    apply(both.write, "put", gone)
    assert both.read.whole() == (3, Totals(4, 0, 100))
    apply(both.write, "trash", record(2, kind="input", status="trash", deleted_at=NOON, bytes=20))
    apply(both.write, "purge", gone)
    assert both.read.whole() == (2, Totals(2, 1, 60))
