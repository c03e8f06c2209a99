"""An owner's lock that is lost with its connection, while the bucket is asked: whoever had it
takes nothing from those who have it next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from gallery import recovery
from gallery.blobs import BlobStore, Stat
from gallery.blobs.incoming import Spool
from gallery.changes import change
from gallery.errors import NotFound, Unavailable
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.reconcile import Reconciler
from gallery.records import Seen
from gallery.recovery import Link, Recovery
from tests.homes import Apart
from tests.images import png
from tests.postgres.test_locks import disconnect
from tests.recovery import EARLY, walked
from tests.samples import OWNER, active, ident, put, upload

Lose = Callable[[], None]


@pytest.fixture
def first(apart: Apart) -> Iterator[Library]:
    with apart.library() as library:
        yield library


@pytest.fixture
def second(apart: Apart, first: Library) -> Iterator[Library]:
    with apart.library() as library:
        yield library


@pytest.fixture
def lose(apart: Apart) -> Lose:
    """As when the database is started again."""

    def lost() -> None:
        with psycopg.connect(apart.catalog, autocommit=True) as sql:
            disconnect(sql)

    return lost


def at_look(
    number: int, library: Library, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]
) -> None:
    """Has something happen while the store is asked for a sidecar for that time."""
    stat, looks = library.blobs.stat, 0

    def looked(key: str) -> Stat:
        nonlocal looks
        try:
            return stat(key)
        finally:
            looks += key.endswith(".json")
            if looks == number and key.endswith(".json"):
                act()

    monkeypatch.setattr(library.blobs, "stat", looked)


def test_what_was_restored_meanwhile_is_not_purged(
    first: Library, second: Library, lose: Lose, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = put(first, 1)
    first.trash(OWNER, one.id)

    def restored() -> None:
        lose()
        second.restore(OWNER, one.id)

    at_look(1, first, monkeypatch, restored)
    with pytest.raises(Unavailable):
        first.purge(OWNER, one.id)
    walked(second, imaging)
    assert active(second) == [1]
    assert second.blobs.read(one.image) == b"pixels 1"


def test_what_was_edited_meanwhile_stays_edited(
    first: Library, second: Library, lose: Lose, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = put(first, 1)

    def tagged() -> None:
        lose()
        second.edit(OWNER, one.id, tags=("kept",))

    at_look(1, first, monkeypatch, tagged)
    with pytest.raises(Unavailable):
        first.edit(OWNER, one.id, favorite=True)
    walked(second, imaging)
    assert second.get(OWNER, one.id).record.tags == ("kept",)


def test_a_put_that_fails_sweeps_nothing_of_its_repeat(
    first: Library, second: Library, lose: Lose, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, commit = first.blobs.put, second.blobs.commit
    sent, failed = Event(), Event()
    repeat = Thread(target=lambda: upload(second, b"pixels", id=ident(1)))

    def fails(key: str, body: bytes | Spool) -> None:
        if "/thumb/" in key:
            lose()
            repeat.start()
            assert sent.wait(10)
            raise Unavailable("the bucket is away")
        send(key, body)

    def late(folder: Folder, id: str, sidecar: bytes) -> Seen:
        sent.set()
        assert failed.wait(10)
        return commit(folder, id, sidecar)

    monkeypatch.setattr(first.blobs, "put", fails)
    monkeypatch.setattr(second.blobs, "commit", late)
    with pytest.raises(Unavailable):
        upload(first, b"pixels", id=ident(1))
    failed.set()
    repeat.join()
    assert second.blobs.read(second.get(OWNER, ident(1)).record.image) == b"pixels"


def test_a_put_that_ends_late_replaces_nothing_of_its_repeat(
    first: Library, second: Library, lose: Lose, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = first.blobs.put

    def slowly(key: str, body: bytes | Spool) -> None:
        send(key, body)
        if "/thumb/" in key:
            lose()
            upload(second, b"pixels", id=ident(1))
            second.edit(OWNER, ident(1), tags=("kept",))

    monkeypatch.setattr(first.blobs, "put", slowly)
    with pytest.raises(Unavailable):
        upload(first, b"pixels", id=ident(1))
    walked(second, imaging)
    one = second.get(OWNER, ident(1)).record
    assert (one.tags, second.blobs.read(one.image)) == (("kept",), b"pixels")


def test_a_walk_sweeps_nothing_of_a_put_that_is_repeated_meanwhile(
    first: Library, second: Library, lose: Lose, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = put(first, 1)
    first.blobs.delete(one.folder.sidecar(one.id))
    with first.catalog.lock(OWNER):
        first.catalog.apply(change("purge", one))

    def repeated() -> None:
        lose()
        put(second, 1)

    at_look(2, first, monkeypatch, repeated)
    walker = Reconciler(first, imaging, put=0)
    walker.look((one.folder, one.id))
    assert second.blobs.read(second.get(OWNER, one.id).record.image) == b"pixels 1"


def test_a_lost_sidecar_is_not_written_over_a_new_one(
    first: Library, second: Library, lose: Lose, imaging: Imaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = put(first, 1)
    first.blobs.delete(one.folder.sidecar(one.id))

    def tagged() -> None:
        lose()
        second.edit(OWNER, one.id, tags=("kept",))

    at_look(2, first, monkeypatch, tagged)
    Reconciler(first, imaging, settle=0).look((one.folder, one.id))
    walked(second, imaging)
    assert second.get(OWNER, one.id).record.tags == ("kept",)


def test_a_dropped_image_is_not_taken_in_over_one_that_was(
    apart: Apart,
    first: Library,
    second: Library,
    lose: Lose,
    imaging: Imaging,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that no longer runs the jobs, and the one that does."""
    folder = Folder(OWNER, "output", date(2026, 3, 14))
    apart.store.drop(folder.image(ident(1), "png"), png())

    def taken_in() -> None:
        lose()
        Reconciler(second, imaging, settle=EARLY).look((folder, ident(1)))
        second.edit(OWNER, ident(1), tags=("kept",))

    at_look(2, first, monkeypatch, taken_in)
    Reconciler(first, imaging, settle=EARLY).look((folder, ident(1)))
    walked(second, imaging)
    assert second.get(OWNER, ident(1)).record.tags == ("kept",)


def test_a_link_that_was_revoked_meanwhile_does_not_come_back(
    first: Library, second: Library, lose: Lose, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(first, 1)
    link, token = Recovery(first).make(OWNER, None)
    read, reads = recovery.read, 0

    def slowly(blobs: BlobStore, owner: str) -> list[Link]:
        nonlocal reads
        found = read(blobs, owner)
        if blobs is first.blobs and (reads := reads + 1) == 2:  # with the lock
            lose()
            Recovery(second).revoke(OWNER, link.id)
        return found

    monkeypatch.setattr(recovery, "read", slowly)
    with pytest.raises(Unavailable):
        Recovery(first).use(token)
    assert Recovery(second).links(OWNER) == []
    with pytest.raises(NotFound):
        Recovery(second).use(token)
