"""In a bucket the bytes of a new image are sent before its owner's lock is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gallery import library as library_module
from gallery.catalog.memory import MemoryCatalog
from gallery.errors import TooLarge, Unavailable
from gallery.library import Library
from gallery.quota import Quota
from tests.samples import NOON, OWNER, active, eventually, ident, put, upload
from tests.services.s3 import Store


@pytest.fixture
def library(store: Store, tmp_path: Path) -> Iterator[Library]:
    library = Library(store.blobs(tmp_path), MemoryCatalog(), clock=lambda: NOON)
    library.start()
    yield library
    library.close()


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread


def kinds(store: Store) -> list[str]:
    """What is there of images, by the ends of its names."""
    return sorted(name.rpartition(".")[2] for name in store.names() if "users/" in name)


def test_bytes_arrive_while_somebody_else_holds_the_owners_lock(
    library: Library, store: Store, thread: ThreadPoolExecutor
) -> None:
    with library.catalog.lock(OWNER):
        putting = thread.submit(upload, library)
        eventually(lambda: kinds(store) == ["png", "webp"])
        assert active(library) == []
    stored = putting.result(30)
    assert kinds(store) == ["json", "png", "webp"]
    assert active(library) == [int(stored.entry.record.id, 16)]


def test_bytes_of_an_id_that_two_may_put_wait_for_the_lock(
    library: Library, store: Store, thread: ThreadPoolExecutor
) -> None:
    with library.catalog.lock(OWNER):
        putting = thread.submit(put, library, 1)
        with pytest.raises(TimeoutError):
            putting.result(0.3)
        assert kinds(store) == []
    assert putting.result(30).id == ident(1)


def test_a_quota_is_decided_under_the_lock_and_what_was_sent_is_swept(
    library: Library, store: Store, thread: ThreadPoolExecutor
) -> None:
    library.quota = Quota(count=1)
    with library.catalog.lock(OWNER):
        putting = thread.submit(upload, library)
        eventually(lambda: kinds(store) == ["png", "webp"])
        library.quota = Quota(count=0)
    with pytest.raises(TooLarge):
        putting.result(30)
    assert kinds(store) == []
    assert active(library) == []


def test_bytes_that_the_walk_may_have_swept_are_not_committed(
    library: Library, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "AHEAD_SECONDS", -1.0)
    with pytest.raises(Unavailable, match="too long ago"):
        upload(library)
    assert kinds(store) == []
    assert active(library) == []
