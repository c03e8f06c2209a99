"""Changes of many images beside others' changes, and on storage that fails."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, NoReturn

import pytest

from gallery.bulk import Bulk
from gallery.errors import StorageFull, Unavailable
from gallery.journal import Wanted
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Seen
from tests.bulk.conftest import OP, on, records, said
from tests.samples import OWNER, active, ident, put


def test_others_get_in_between_two_batches(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit that waits from the first batch on is made before the last."""
    for n in range(10, 60):
        put(library, n)
    order: list[str] = []
    began, waits = threading.Event(), threading.Event()
    lock = library.catalog.lock

    def note(owner: str, id: str) -> None:
        order.append(id)
        began.set()

    def edit() -> None:
        began.wait(10)
        library.edit(OWNER, ident(1), favorite=True)

    def asked(owner: str) -> AbstractContextManager[None]:
        if threading.current_thread() is thread:
            waits.set()
        elif began.is_set():
            waits.wait(10)
        return lock(owner)

    thread = threading.Thread(target=edit)
    library.catalog.listen(note)
    monkeypatch.setattr(library.catalog, "lock", asked)
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


def test_on_a_full_disk_the_reserve_is_given_up_for_its_journal(
    library: Library, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is the first to need room: without it nobody could put many into the trash."""
    append, is_full = library.catalog.ops.append, [True]

    def full(owner: str, op: str, entry: Mapping[str, Any]) -> None:
        if is_full[0]:
            raise StorageFull("no room")
        append(owner, op, entry)

    def make_room() -> bool:
        had_reserve, is_full[0] = is_full[0], False
        return had_reserve

    monkeypatch.setattr(library.catalog.ops, "append", full)
    monkeypatch.setattr(library.blobs, "make_room", make_room)
    assert said(bulk.run(OWNER, Wanted("delete", on(1, 2)))) == [(1, "done"), (2, "done")]
    assert active(library) == [5, 4, 3]
