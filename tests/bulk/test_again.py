"""An operation that is sent again, and one that is undone."""

from __future__ import annotations

import threading

import pytest

from gallery.bulk import Bulk
from gallery.catalog.query import Query, Words
from gallery.errors import NotFound, Unprocessable
from gallery.journal import Journal, Report, Wanted
from gallery.library import Library
from tests.bulk.conftest import NO_TAGS, OP, on, records, said
from tests.samples import OTHER, OWNER, active, ident


def test_a_finished_operation_answers_as_it_was(library: Library, bulk: Bulk) -> None:
    wanted = Wanted("delete", on(1, 2, 6))
    first = bulk.run(OWNER, wanted, OP)
    library.restore(OWNER, ident(1))
    assert bulk.run(OWNER, wanted, OP) == first == bulk.status(OWNER, OP)
    assert records(library)[1].status == "active"


@pytest.mark.parametrize(
    "other",
    [
        Wanted("restore", on(1, 2)),
        Wanted("delete", on(1, 2, 3)),
        Wanted("delete", query=Query(OWNER)),
        Wanted("tag", on(1, 2), tags=("x",)),
    ],
)
def test_an_id_of_another_request_is_refused(library: Library, bulk: Bulk, other: Wanted) -> None:
    bulk.run(OWNER, Wanted("delete", on(1, 2)), OP)
    before = records(library)
    with pytest.raises(Unprocessable) as caught:
        bulk.run(OWNER, other, OP)
    assert caught.value.code == "key_reused"
    assert records(library) == before


def test_other_tags_values_and_filters_are_other_requests() -> None:
    requests = [
        Wanted("tag", on(1), tags=("x",)),
        Wanted("tag", on(1), tags=("y",)),
        Wanted("favorite", on(1)),
        Wanted("favorite", on(1), value=False),
        Wanted("delete", query=Query(OWNER)),
        Wanted("delete", query=Query(OWNER, words=Words.parse("a"))),
        Wanted("delete", query=Query(OWNER, words=Words.parse("-a"))),
    ]
    assert len({wanted.digest() for wanted in requests}) == len(requests)
    assert Wanted("delete", on(1)).digest() == Wanted("delete", on(1)).digest()


def test_an_operation_is_its_owners_alone(library: Library, bulk: Bulk) -> None:
    bulk.run(OWNER, Wanted("delete", on(1)), OP)
    for ask in (bulk.status, bulk.undo):
        with pytest.raises(NotFound):
            ask(OTHER, OP)
        with pytest.raises(NotFound):
            ask(OWNER, ident(98))
    assert said(bulk.run(OTHER, Wanted("delete", on(6)), OP)) == [(6, "done")]


def test_two_who_send_the_same_at_once_change_every_item_once(library: Library, bulk: Bulk) -> None:
    wanted = Wanted("favorite", on(1, 2, 3, 4, 5))
    reports: list[Report] = []
    threads = [
        threading.Thread(
            target=lambda: reports.append(Bulk(library, batch=1).run(OWNER, wanted, OP))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(reports) == 4
    assert all(report == reports[0] for report in reports)
    assert [records(library)[n].rev for n in range(1, 6)] == [2, 1, 2, 2, 2]


# -- undoing --------------------------------------------------------------------------------


def test_an_undo_leaves_what_was_changed_since(library: Library, bulk: Bulk) -> None:
    library.trash(OWNER, ident(5))
    bulk.run(OWNER, Wanted("delete", on(1, 2, 3, 5, 6)), OP)
    library.edit(OWNER, ident(1), favorite=True)
    library.purge(OWNER, ident(2))
    back = bulk.undo(OWNER, OP)
    assert said(back) == [
        (1, "changed"), (2, "gone"), (3, "undone"), (5, "unchanged"), (6, "unchanged"),
    ]  # fmt: skip
    assert library.get(OWNER, ident(1)).record.status == "trash"
    assert active(library) == [4, 3]


def test_an_undo_leaves_what_was_edited_by_hand_since(library: Library, bulk: Bulk) -> None:
    bulk.run(OWNER, Wanted("favorite", on(1)), OP)
    entry = library.get(OWNER, ident(1))
    sidecar = entry.record.folder.sidecar(ident(1))
    library.blobs.put(sidecar, library.blobs.read(sidecar).replace(b'"a"', b'"by hand"'))
    assert said(bulk.undo(OWNER, OP)) == [(1, "changed")]
    assert records(library)[1].tags == ("by hand", "b")
    assert records(library)[1].favorite


def test_an_undo_can_be_repeated(library: Library, bulk: Bulk) -> None:
    bulk.run(OWNER, Wanted("delete", on(1, 2)), OP)
    first = bulk.undo(OWNER, OP)
    library.trash(OWNER, ident(1))
    before = records(library)
    assert bulk.undo(OWNER, OP) == first
    assert records(library) == before
    assert said(bulk.run(OWNER, Wanted("delete", on(1, 2)), OP)) == [(1, "done"), (2, "done")]
    assert records(library) == before


# -- undoing what is again as it was left ---------------------------------------------------


def test_operations_on_the_same_images_are_undone_one_after_the_other(
    library: Library, bulk: Bulk
) -> None:
    asked = [
        Wanted("tag", on(1, 2, 3), tags=("fox",)),
        Wanted("favorite", on(1, 2, 3)),
        Wanted("delete", on(1, 2, 3)),
        Wanted("restore", on(1, 2, 3)),
    ]
    for n, wanted in enumerate(asked):
        bulk.run(OWNER, wanted, ident(90 + n))
    for n in (3, 2, 1, 0):
        back = bulk.undo(OWNER, ident(90 + n), as_left=True)
        assert {outcome for _, outcome in said(back)} <= {"undone", "unchanged"}, n
    found = {n: (r.status, r.deleted_at, r.tags, r.favorite) for n, r in records(library).items()}
    assert found == {
        1: ("active", None, ("a", "b"), False),
        2: ("active", None, NO_TAGS, True),
        **dict.fromkeys((3, 4, 5), ("active", None, NO_TAGS, False)),
    }


@pytest.mark.parametrize(("as_left", "outcome"), [(False, "changed"), (True, "undone")])
def test_what_was_changed_and_changed_back_is_undone_where_that_is_wanted(
    as_left: bool, outcome: str, library: Library, bulk: Bulk
) -> None:
    bulk.run(OWNER, Wanted("tag", on(1), tags=("fox",)), OP)
    library.edit(OWNER, ident(1), favorite=True)
    library.edit(OWNER, ident(1), favorite=False)
    first = bulk.undo(OWNER, OP, as_left=as_left)
    assert said(first) == [(1, outcome)]
    assert ("fox" in records(library)[1].tags) is not as_left
    before = records(library)
    assert bulk.undo(OWNER, OP, as_left=True) == first
    assert records(library) == before


def test_what_somebody_else_changed_beside_it_is_left_with_all_that_it_has(
    library: Library, bulk: Bulk
) -> None:
    bulk.run(OWNER, Wanted("tag", on(1, 2), tags=("fox",)), OP)
    library.edit(OWNER, ident(1), favorite=True)
    assert said(bulk.undo(OWNER, OP, as_left=True)) == [(1, "changed"), (2, "undone")]
    assert records(library)[1].tags == ("a", "b", "fox")
    assert records(library)[1].favorite


@pytest.mark.parametrize("again", [False, True])
def test_an_undo_that_was_cut_short_takes_back_nothing_that_was_done_again_since(
    again: bool, library: Library, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk.run(OWNER, Wanted("favorite", on(1)), OP)
    library.trash(OWNER, ident(1))
    library.restore(OWNER, ident(1))

    def die(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "settle", die)
        with pytest.raises(RuntimeError):
            bulk.undo(OWNER, OP, as_left=True)
    assert not records(library)[1].favorite
    if again:
        library.edit(OWNER, ident(1), favorite=True)
    before = records(library)
    assert said(bulk.undo(OWNER, OP, as_left=True)) == [(1, "changed" if again else "undone")]
    assert records(library) == before
