"""Changes of many images: what each action does, and to which."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gallery.bulk import MOST_TAGS, Bulk
from gallery.catalog.query import Query, Words
from gallery.errors import NotFound, Unprocessable
from gallery.journal import Action, Wanted
from gallery.library import Library
from gallery.records import Record
from tests.bulk.conftest import OP, on, records, said
from tests.samples import NOON, OTHER, OWNER, active, ident, upload


def undoable(library: Library) -> dict[int, tuple[object, ...]]:
    return {n: (r.status, r.deleted_at, r.tags, r.favorite) for n, r in records(library).items()}


def test_each_item_has_an_outcome_in_the_order_given(library: Library, bulk: Bulk) -> None:
    library.trash(OWNER, ident(3))
    report = bulk.run(OWNER, Wanted("delete", on(5, 3, 6, 1, 77, 2, 5)), OP)
    expected = [(5, "done"), (3, "unchanged"), (6, "not_found"), (1, "done"), (77, "not_found")]
    assert said(report) == [*expected, (2, "done")]
    assert (report.op, report.action, report.total) == (OP, "delete", 6)
    assert [item.rev for item in report.outcomes] == [2, 2, None, 2, None, 2]
    assert active(library) == [4]
    assert library.get(OTHER, ident(6)).record.status == "active"


@pytest.mark.parametrize(
    ("action", "fields", "expected"),
    [
        ("delete", {}, lambda r: r.status == "trash" and r.deleted_at > NOON),
        ("tag", {"tags": ("b", "c")}, lambda r: set(r.tags) >= {"b", "c"}),
        ("untag", {"tags": ("b", "c")}, lambda r: not set(r.tags) & {"b", "c"}),
        ("favorite", {}, lambda r: r.favorite),
        ("favorite", {"value": False}, lambda r: not r.favorite),
    ],
)
def test_an_action_does_to_all_what_it_says_and_its_undo_takes_it_back(
    library: Library, bulk: Bulk, action: Action, fields: dict[str, object],
    expected: Callable[[Record], bool],
) -> None:  # fmt: skip
    before = undoable(library)
    report = bulk.run(OWNER, Wanted(action, on(*range(1, 6)), **fields), OP)  # type: ignore[arg-type]
    assert all(map(expected, records(library).values()))
    assert {item.outcome for item in report.outcomes} <= {"done", "unchanged"}
    back = bulk.undo(OWNER, OP)
    assert undoable(library) == before
    assert [b.outcome == "undone" for b in back.outcomes] == [
        d.outcome == "done" for d in report.outcomes
    ]


def test_tags_that_are_there_stay_in_their_order(library: Library, bulk: Bulk) -> None:
    bulk.run(OWNER, Wanted("tag", on(1), tags=("c", "a")))
    assert records(library)[1].tags == ("a", "b", "c")
    report = bulk.run(OWNER, Wanted("tag", on(1, 2), tags=("a", "b")))
    assert said(report) == [(1, "unchanged"), (2, "done")]


def test_restored_images_go_back_to_the_trash_as_they_lay_there(
    library: Library, bulk: Bulk
) -> None:
    trashed = [library.trash(OWNER, ident(n)).record.deleted_at for n in (1, 2)]
    bulk.run(OWNER, Wanted("restore", on(1, 2)), OP)
    assert active(library) == [5, 4, 3, 2, 1]
    bulk.undo(OWNER, OP)
    assert [records(library)[n].deleted_at for n in (1, 2)] == trashed


def test_an_image_gets_no_more_tags_than_an_edit_could_give_it(
    library: Library, bulk: Bulk
) -> None:
    many = tuple(f"tag {n}" for n in range(MOST_TAGS))
    report = bulk.run(OWNER, Wanted("tag", on(1, 3), tags=many))
    assert [(item.outcome, item.code) for item in report.outcomes] == [
        ("failed", "too_many_tags"),
        ("done", None),
    ]
    assert records(library)[1].tags == ("a", "b")


def test_a_filter_is_looked_up_once_at_the_beginning(library: Library, bulk: Bulk) -> None:
    wanted = Wanted("delete", query=Query(OWNER, words=Words.parse("bridge"), size=2))
    upload(library, id=ident(7), prompt="a red bridge")
    upload(library, id=ident(8), prompt="a bridge at night")
    assert sorted(said(bulk.run(OWNER, wanted, OP))) == [(7, "done"), (8, "done")]
    upload(library, id=ident(9), prompt="another bridge")
    assert len(bulk.run(OWNER, wanted, OP).outcomes) == 2
    assert library.get(OWNER, ident(9)).record.status == "active"


def test_a_filter_that_finds_too_many_changes_nothing(
    library: Library, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.bulk.MOST", 4)
    with pytest.raises(Unprocessable) as caught:
        bulk.run(OWNER, Wanted("delete", query=Query(OWNER)), OP)
    assert caught.value.code == "too_many"
    assert active(library) == [5, 4, 3, 2, 1]
    with pytest.raises(NotFound):
        bulk.status(OWNER, OP)


def test_who_never_had_images_leaves_nothing_behind(library: Library, bulk: Bulk) -> None:
    assert said(bulk.run("newcomer", Wanted("delete", on(1)), OP)) == [(1, "not_found")]
    assert bulk.run("newcomer", Wanted("delete", query=Query("newcomer"))).total == 0
    assert "newcomer" not in library.catalog.owners()
