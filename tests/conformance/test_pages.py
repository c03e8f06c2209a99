"""Order, paging and filters: the same from every catalog, whatever answers from memory."""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import pairwise

import pytest

from gallery.catalog.query import Query
from gallery.errors import BadRequest
from tests.conformance.stores import Catalogs
from tests.samples import NOON, OTHER, OWNER, SECOND, apply, everything, ident, ids, record

DAY_US = 86_400 * SECOND
ACTIVE = Query(OWNER)
TRASH = Query(OWNER, ("trash",), ("output", "input", "control"), "deleted")


def test_newest_come_first_whatever_the_order_of_their_arrival(both: Catalogs) -> None:
    for n in (3, 1, 4, 2, 5):
        apply(both.write, "put", record(n, at=NOON + n * 20 * DAY_US))
        both.read.page(ACTIVE)
    assert ids(both.read.page(ACTIVE)) == [5, 4, 3, 2, 1]


def test_equal_times_are_ordered_by_id(both: Catalogs) -> None:
    for n in (2, 9, 4, 7):
        apply(both.write, "put", record(n, at=NOON))
    assert ids(both.read.page(ACTIVE)) == [9, 7, 4, 2]
    assert everything(both.read, Query(OWNER, size=1)) == [9, 7, 4, 2]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 20])
def test_page_numbers_and_cursors_show_everything_once(both: Catalogs, size: int) -> None:
    apply(both.write, "put", *(record(n, at=NOON + n * 9 * DAY_US) for n in range(11)))
    query = Query(OWNER, size=size)
    expected = list(range(10, -1, -1))
    assert everything(both.read, query) == expected
    pages = [both.read.page(replace(query, page=page)) for page in range(1, 14)]
    assert [n for page in pages for n in ids(page)] == expected
    assert all(page.total == 11 for page in pages)
    assert [bool(page.next_cursor) for page in pages] == [page * size < 11 for page in range(1, 14)]


def test_cursors_go_on_from_pages(both: Catalogs) -> None:
    apply(both.write, "put", *(record(n) for n in range(8)))
    second = both.read.page(Query(OWNER, size=2, page=2))
    assert second.next_cursor is not None
    assert everything(both.read, Query(OWNER, size=3).after(second.next_cursor)) == [3, 2, 1, 0]


def test_nothing_is_skipped_or_repeated_while_images_arrive(both: Catalogs) -> None:
    apply(both.write, "put", *(record(n, at=NOON + n * 10 * SECOND) for n in range(6)))
    page = both.read.page(Query(OWNER, size=2))
    found, n = ids(page), 100
    while page.next_cursor:
        newer, between = record(n, at=NOON + n * DAY_US), record(n + 1, at=NOON + 55 * SECOND)
        apply(both.write, "put", newer, between)
        page = both.read.page(Query(OWNER, size=2).after(page.next_cursor))
        found, n = found + ids(page), n + 2
        assert page.total == 6 + (n - 100)
    assert found == [5, 4, 3, 2, 1, 0]


def test_an_image_removed_between_pages_leaves_no_gap(both: Catalogs) -> None:
    apply(both.write, "put", *(record(n) for n in range(6)))
    page = both.read.page(Query(OWNER, size=2))
    assert page.next_cursor is not None
    apply(both.write, "purge", record(4), record(2))
    assert everything(both.read, Query(OWNER, size=2).after(page.next_cursor)) == [3, 1, 0]


def test_the_trash_is_in_the_order_of_deletion(both: Catalogs) -> None:
    at = {1: 50, 2: 10, 3: 30, 4: 30, 5: 20}
    for n, second in at.items():
        kind = "input" if n == 5 else "output"
        gone = record(n, at=NOON + n * 20 * DAY_US, kind=kind, status="trash", rev=2)
        apply(both.write, "put", replace(gone, deleted_at=NOON + second))
    assert ids(both.read.page(TRASH)) == [1, 4, 3, 5, 2]
    for size in (1, 2, 3):
        assert everything(both.read, replace(TRASH, size=size)) == [1, 4, 3, 5, 2]
    assert both.read.page(TRASH).total == 5


def test_a_second_deletion_moves_an_image_to_the_front(both: Catalogs) -> None:
    one, two = record(1), record(2)
    apply(both.write, "put", one, two)
    for rev, at, moved in ((2, 10, one), (2, 20, two), (4, 30, one)):
        apply(both.write, "restore", replace(moved, rev=rev - 1))
        gone = replace(moved, status="trash", deleted_at=NOON + at, rev=rev)
        apply(both.write, "trash", gone)
    assert ids(both.read.page(TRASH)) == [1, 2]


def test_trash_and_active_can_be_listed_together(both: Catalogs) -> None:
    apply(both.write, "put", *(record(n, at=NOON + n * 10 * DAY_US) for n in range(6)))
    for n in (1, 4):
        gone = record(n, at=NOON + n * 10 * DAY_US, status="trash", rev=2)
        apply(both.write, "trash", replace(gone, deleted_at=NOON - n))
    query = Query(OWNER, ("active", "trash"), size=2)
    assert everything(both.read, query) == [5, 4, 3, 2, 1, 0]
    assert both.read.page(query).total == 6


def test_all_owners_can_be_listed_together(both: Catalogs) -> None:
    for n in range(7):
        apply(both.write, "put", record(n, owner=OTHER if n % 2 else OWNER))
    page = both.read.page(Query(None, size=3))
    assert (ids(page), page.total) == ([6, 5, 4], 7)
    assert everything(both.read, Query(None, size=3)) == [6, 5, 4, 3, 2, 1, 0]


def test_the_kinds_are_lists_of_their_own(both: Catalogs) -> None:
    for n, kind in enumerate(["output", "input", "control", "output"]):
        apply(both.write, "put", record(n, kind=kind))
    assert ids(both.read.page(ACTIVE)) == [3, 0]
    assert ids(both.read.page(Query(OWNER, kinds=("input",)))) == [1]
    page = both.read.page(Query(OWNER, kinds=("control", "input"), size=1))
    assert (ids(page), page.total) == ([2], 2)


@pytest.mark.parametrize(
    "cursor",
    ["x", "", "bm9uc2Vuc2U", "c!", "한", "=", "A" * 3000]
    + [
        base64.urlsafe_b64encode(t).decode().rstrip("=")
        for t in (b"c1.", b"c1.zz", b"d1." + b"0" * 32)
    ],
)
def test_a_cursor_that_this_order_did_not_make_is_refused(both: Catalogs, cursor: str) -> None:
    with pytest.raises(BadRequest):
        both.read.page(ACTIVE.after(cursor))


def test_a_cursor_of_the_trash_is_none_of_the_gallery(both: Catalogs) -> None:
    for n in (1, 2):
        apply(both.write, "put", record(n, status="trash", deleted_at=NOON, rev=2))
    cursor = both.read.page(replace(TRASH, size=1)).next_cursor
    assert cursor is not None
    with pytest.raises(BadRequest):
        both.read.page(ACTIVE.after(cursor))


def test_a_time_that_was_changed_by_hand_moves_the_image(both: Catalogs) -> None:
    apply(both.write, "put", *(record(n) for n in (1, 2, 3)))
    assert ids(both.read.page(ACTIVE)) == [3, 2, 1]
    apply(both.write, "edit", record(1, at=NOON + 10 * SECOND))
    page = both.read.page(ACTIVE)
    assert (ids(page), page.total) == ([1, 3, 2], 3)


def test_many_images_are_in_order_too(both: Catalogs) -> None:
    apply(both.write, "put", *(record(n, at=NOON + n * DAY_US) for n in range(1, 70)))
    assert ids(both.read.page(Query(OWNER, size=50))) == list(range(69, 19, -1))
    apply(both.write, "purge", record(60, at=NOON + 60 * DAY_US))
    apply(both.write, "put", record(70, at=NOON + 70 * DAY_US))
    found = everything(both.read, Query(OWNER, size=7))
    assert found == [n for n in range(70, 0, -1) if n != 60]
    assert all(a > b for a, b in pairwise(found))
    assert both.read.get(OWNER, ident(60)) is None
