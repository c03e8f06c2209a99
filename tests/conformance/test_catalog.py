"""Every sentence of Catalog's contract, for every catalog: changes and totals.

Looking up is in ``test_lookups``, order in ``test_pages``, filters in ``test_filters``.
"""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from gallery.catalog.query import Query
from gallery.changes import change
from gallery.encoding import encode, etag, item
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
    ident,
    ids,
    record,
    seen,
)

MONTH_US = 31 * 86_400 * SECOND
ACTIVE, TRASH = Query(OWNER), Query(OWNER, ("trash",), order="deleted")


def test_nobody_has_images_in_an_empty_catalog(both: Catalogs) -> None:
    page = both.read.page(ACTIVE)
    assert (page.items, page.total, page.next_cursor) == ([], 0, None)
    assert both.read.owners() == []
    assert both.read.months(OWNER) == []
    assert both.read.get(OWNER, ident(1)) is None
    assert some_totals(both) == {}
    assert list(both.read.expired(NOON)) == []
    assert both.read.damaged() == []


def test_a_put_image_is_found_everywhere(both: Catalogs) -> None:
    one = record(1)
    apply(both.write, "put", one)
    assert both.read.page(ACTIVE).items == [item(encode(one))]
    entry = both.read.get(OWNER, one.id)
    assert entry is not None
    assert (entry.record, entry.raw, entry.seen) == (one, encode(one), seen(one))
    assert entry.etag == etag(1, encode(one))
    assert both.read.owners() == [OWNER]
    assert both.read.months(OWNER) == ["2026-03"]
    assert both.read.find(one.id) == [OWNER]
    assert both.read.seen(OWNER, "2026-03", "output") == {one.id: seen(one)}


def test_an_item_has_the_links_to_its_bytes(both: Catalogs) -> None:
    apply(both.write, "put", record(1, kind="input", mime="image/webp"))
    (raw,) = both.read.page(Query(OWNER, kinds=("input",))).items
    shown = orjson.loads(raw)
    assert shown["url"] == f"/outputs/users/{OWNER}/inputs/2026/03/14/{ident(1)}.webp"
    assert shown["thumb_url"] == f"/outputs/users/{OWNER}/inputs/2026/03/14/thumb/{ident(1)}.webp"


def test_an_edit_replaces_the_record(both: Catalogs) -> None:
    one = record(1)
    apply(both.write, "put", one)
    both.read.page(ACTIVE)
    edited = replace(one, tags=("bridge",), favorite=True, rev=2)
    apply(both.write, "edit", edited)
    assert both.read.page(ACTIVE).items == [item(encode(edited))]
    entry = both.read.get(OWNER, one.id)
    assert entry is not None
    assert (entry.record, entry.seen) == (edited, seen(edited))
    assert some_totals(both) == {"output": Totals(1, 0, 101, None, one.created_at, one.created_at)}


def test_unknown_fields_survive(both: Catalogs) -> None:
    one = record(1, extra={"rating": 5, "nested": {"한": [1, None]}})
    apply(both.write, "put", one)
    entry = both.read.get(OWNER, one.id)
    assert entry is not None
    assert entry.record.extra == {"rating": 5, "nested": {"한": [1, None]}}
    assert orjson.loads(both.read.page(ACTIVE).items[0])["nested"] == {"한": [1, None]}


def test_trash_and_restore_move_an_image_between_the_lists(both: Catalogs) -> None:
    one, two = record(1), record(2)
    apply(both.write, "put", one, two)
    assert ids(both.read.page(ACTIVE)) == [2, 1]
    apply(both.write, "trash", replace(one, status="trash", deleted_at=NOON, rev=2))
    assert ids(both.read.page(ACTIVE)) == [2]
    assert ids(both.read.page(TRASH)) == [1]
    entry = both.read.get(OWNER, one.id)
    assert entry is not None
    assert entry.record.status == "trash"
    apply(both.write, "restore", replace(one, rev=3))
    assert ids(both.read.page(ACTIVE)) == [2, 1]
    assert ids(both.read.page(TRASH)) == []


def test_a_purged_image_is_gone_and_its_owner_remembered(both: Catalogs) -> None:
    one, two = record(1), record(2, owner=OTHER)
    apply(both.write, "put", one, two)
    both.read.page(ACTIVE)
    apply(both.write, "purge", one)
    assert both.read.get(OWNER, one.id) is None
    assert both.read.page(ACTIVE).items == []
    assert both.read.find(one.id) == []
    assert both.read.seen(OWNER, "2026-03", "output") == {}
    assert some_totals(both) == {}
    assert both.read.owners() == [OWNER, OTHER]


@pytest.mark.parametrize("op", ["put", "edit", "trash", "restore", "purge"])
def test_applying_twice_is_like_applying_once(both: Catalogs, op: str) -> None:
    before = record(1, status="trash", deleted_at=NOON, rev=2) if op == "restore" else record(1)
    after = {
        "put": record(2),
        "edit": replace(record(1), tags=("x",), rev=2),
        "trash": replace(record(1), status="trash", deleted_at=NOON, rev=2),
        "restore": replace(record(1), rev=3),
        "purge": record(1),
    }[op]
    apply(both.write, "put", before)
    told: list[str] = []
    what = change(op, after, seen(after))  # type: ignore[arg-type]
    apply_change(both.write, what)
    once = (both.read.page(ACTIVE), both.read.page(TRASH), both.read.totals(OWNER))
    both.read.listen(lambda owner, _: told.append(owner))
    apply_change(both.write, what)
    again = (both.read.page(ACTIVE), both.read.page(TRASH), both.read.totals(OWNER))
    assert [p.items for p in again[:2]] == [p.items for p in once[:2]]
    assert again[2] == once[2]


def test_many_changes_at_once_are_like_one_after_the_other(both: Catalogs) -> None:
    images = [record(n, at=NOON + (n % 2) * MONTH_US + n) for n in range(1, 7)]
    apply(both.write, "put", *images)
    assert len(both.read.page(ACTIVE).items) == 6
    gone = [replace(r, status="trash", deleted_at=NOON + n, rev=2) for n, r in enumerate(images)]
    told: list[str] = []
    both.read.listen(lambda _, id: told.append(id))
    changes = [change("trash", one, seen(one)) for one in gone[:5]]
    for _ in range(2):
        with both.write.lock(OWNER):
            both.write.apply_all(changes)
        assert ids(both.read.page(ACTIVE)) == [6]
        assert ids(both.read.page(TRASH)) == [5, 4, 3, 2, 1]
        at = images[5].created_at
        assert some_totals(both) == {"output": Totals(1, 5, 621, NOON, at, at)}
        eventually(lambda: _last_of_each(told, images[5].id) == [one.id for one in images[:5]])


def _last_of_each(told: list[str], but: str) -> list[str]:
    """That the images were put may be told late: then what was told last is of the change."""
    return [id for id in dict.fromkeys(reversed(told)) if id != but][::-1]


def test_totals_are_exact_after_every_change(both: Catalogs) -> None:
    later = NOON + MONTH_US
    one, two, three = record(1), record(2), record(3, at=later)
    drawing = record(4, kind="control", bytes=7)
    apply(both.write, "put", two, three, one, drawing)
    first, last = one.created_at, three.created_at
    control = Totals(1, 0, 7, None, drawing.created_at, drawing.created_at)
    assert some_totals(both) == {
        "output": Totals(3, 0, 101 + 102 + 103, None, first, last),
        "control": control,
    }
    gone_one = replace(one, status="trash", deleted_at=later + 5, rev=2)
    gone_three = replace(three, status="trash", deleted_at=later + 3, rev=2)
    apply(both.write, "trash", gone_one, gone_three)
    at = two.created_at
    assert some_totals(both)["output"] == Totals(1, 2, 306, later + 3, at, at)
    apply(both.write, "purge", gone_three)
    assert some_totals(both)["output"] == Totals(1, 1, 203, later + 5, at, at)
    apply(both.write, "restore", replace(one, rev=3))
    assert some_totals(both)["output"] == Totals(2, 0, 203, None, first, at)
    apply(both.write, "purge", drawing)
    assert set(some_totals(both)) == {"output"}
