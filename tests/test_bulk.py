"""Changes of many images and their undo, over each kind of stores."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from gallery.blobs.files import FileBlobs
from gallery.blobs.memory import MemoryBlobs
from gallery.bulk import MOST_TAGS, Bulk
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.memory import MemoryCatalog
from gallery.catalog.query import Query, Words
from gallery.errors import NotFound, StorageFull, Unavailable, Unprocessable
from gallery.journal import Action, Report, Wanted
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Record, Seen
from tests.conformance.stores import PLENTY
from tests.samples import NOON, OTHER, OWNER, SECOND, active, ident, put, upload

OP = ident(99)
NO_TAGS: tuple[str, ...] = ()


def on_files(folder: Path) -> Library:
    catalog = ManifestCatalog(str(folder / "manifests"), memory_bytes=PLENTY)
    return Library(FileBlobs(str(folder / "outputs")), catalog, clock=Clock())


def in_memory(_: Path) -> Library:
    return Library(MemoryBlobs(), MemoryCatalog(), clock=Clock())


class Clock:
    """A second later each time that somebody looks."""

    def __init__(self) -> None:
        self._now = NOON

    def __call__(self) -> int:
        self._now += SECOND
        return self._now


@pytest.fixture(params=[on_files, in_memory])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """Images 1 to 5; another owner has image 6."""
    make: Callable[[Path], Library] = request.param
    library = make(tmp_path)
    library.start()
    for n in range(1, 6):
        put(library, n, tags=("a", "b") if n == 1 else NO_TAGS, favorite=n == 2)
    upload(library, id=ident(6), owner=OTHER)
    yield library
    library.close()


@pytest.fixture
def bulk(library: Library) -> Bulk:
    return Bulk(library, batch=2)


def on(*numbers: int) -> tuple[str, ...]:
    return tuple(map(ident, numbers))


def said(report: Report) -> list[tuple[int, str]]:
    return [(int(item.id, 16), item.outcome) for item in report.outcomes]


def records(library: Library) -> dict[int, Record]:
    return {n: library.get(OWNER, ident(n)).record for n in range(1, 6)}


def undoable(library: Library) -> dict[int, tuple[object, ...]]:
    return {n: (r.status, r.deleted_at, r.tags, r.favorite) for n, r in records(library).items()}


# -- doing ----------------------------------------------------------------------------------


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


# -- again ----------------------------------------------------------------------------------


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


# -- with others and with faults ------------------------------------------------------------


def test_others_get_in_between_two_batches(library: Library) -> None:
    """An edit that waits from the first batch on is made before the last."""
    for n in range(10, 60):
        put(library, n)
    order: list[str] = []
    began = threading.Event()

    def note(owner: str, id: str) -> None:
        order.append(id)
        began.set()

    def edit() -> None:
        began.wait(10)
        library.edit(OWNER, ident(1), favorite=True)

    library.catalog.listen(note)
    thread = threading.Thread(target=edit)
    thread.start()
    Bulk(library, batch=2).run(OWNER, Wanted("delete", on(*range(10, 60))))
    thread.join(10)
    assert order[-1] == ident(59)
    assert ident(1) in order


def test_an_item_that_cannot_be_changed_fails_alone(
    library: Library, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_all = library.blobs.replace_all

    def broken(folder: Folder, sidecars: Mapping[str, bytes]) -> dict[str, Seen]:
        if ident(2) in sidecars:
            raise Unavailable("input/output error")
        return replace_all(folder, sidecars)

    monkeypatch.setattr(library.blobs, "replace_all", broken)
    report = bulk.run(OWNER, Wanted("delete", on(1, 2, 3)), OP)
    assert [(item.outcome, item.code) for item in report.outcomes] == [
        ("done", None), ("failed", "unavailable"), ("done", None),
    ]  # fmt: skip
    assert records(library)[2].status == "active"
    assert said(bulk.undo(OWNER, OP)) == [(1, "undone"), (2, "unchanged"), (3, "undone")]


@pytest.mark.parametrize("error", [Unavailable, StorageFull])
def test_an_operation_that_the_storage_stopped_goes_on_later(
    library: Library, bulk: Bulk, error: type[Unavailable | StorageFull]
) -> None:
    wanted = Wanted("delete", on(1, 2, 3, 4))
    with pytest.MonkeyPatch.context() as broken:

        def stop() -> NoReturn:
            raise error("gone")

        replace_all, left = library.blobs.replace_all, [2]

        def second(folder: Folder, sidecars: Mapping[str, bytes]) -> dict[str, Seen]:
            left[0] -= 1
            return replace_all(folder, sidecars) if left[0] > 0 else stop()

        broken.setattr(library.blobs, "replace_all", second)
        broken.setattr(library.blobs, "make_room", lambda: False)
        broken.setattr(library.blobs, "check", lambda: left[0] > 0 or stop())
        with pytest.raises(error):
            bulk.run(OWNER, wanted, OP)
    status = bulk.status(OWNER, OP)
    assert (status.total, said(status)) == (4, [(1, "done"), (2, "done")])
    assert said(bulk.run(OWNER, wanted, OP)) == [(n, "done") for n in (1, 2, 3, 4)]
    assert active(library) == [5]
    assert [records(library)[n].rev for n in range(1, 5)] == [2, 2, 2, 2]
