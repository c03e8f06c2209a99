"""A bucket that takes requests and says nothing: nobody waits for what others waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from gallery.blobs.abilities import Expected
from gallery.blobs.s3 import S3Blobs, root
from gallery.blobs.s3.client import Patience
from gallery.errors import Unavailable
from gallery.keys import Folder
from tests.samples import OWNER, ident
from tests.services.proxy import Fault, Proxy, request, status
from tests.services.s3 import Store

_KEY = "users/anna/a.png"
_DAY = Folder(OWNER, "output", date(2026, 3, 14))
_MANY = 8
_ASKED: dict[str, Callable[[S3Blobs], object]] = {
    "a link": lambda blobs: blobs.presigned(_KEY, "view"),
    "a link to put to": lambda blobs: blobs.presigned_put(
        _KEY, Expected(1, "image/png", "00" * 32), 60
    ),
    "an object": lambda blobs: blobs.stat(_KEY),
    "how it is now": lambda blobs: blobs.check_now(),
}


@pytest.fixture
def hasty(
    store: Store, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[S3Blobs]:
    """It gives up after half a second. What it saw while all was well counts for nothing, and
    what it saw then for all of a test."""
    monkeypatch.setattr(root, "GOOD_SECONDS", 0.0)
    blobs = store.blobs(tmp_path, port=proxy.port, patience=Patience(1, 0.5, 1))
    blobs.start()
    monkeypatch.setattr(root, "BAD_SECONDS", 600.0)
    yield blobs
    blobs.close()


@pytest.mark.parametrize("ask_for", _ASKED.values(), ids=_ASKED)
def test_all_who_ask_at_once_wait_for_one_look(
    hasty: S3Blobs, proxy: Proxy, ask_for: Callable[[S3Blobs], object]
) -> None:
    meeting = threading.Barrier(_MANY)

    def ask(_: int) -> None:
        meeting.wait()
        with pytest.raises(Unavailable):
            ask_for(hasty)

    with proxy.broken(Fault(delay=5)), ThreadPoolExecutor(_MANY) as pool:
        list(pool.map(ask, range(_MANY)))
        assert proxy.befallen == 1


# -- in a hurry -------------------------------------------------------------------------------


@pytest.fixture
def hurried(store: Store, proxy: Proxy, tmp_path: Path) -> Iterator[S3Blobs]:
    """It has seen that all is well, and the server is about to stop."""
    blobs = store.blobs(tmp_path, port=proxy.port, patience=Patience(1, 0.5, 3))
    blobs.start()
    with store.reached(proxy.port):
        blobs.hurry()
        blobs.check()
        yield blobs
    blobs.close()


def test_in_a_hurry_what_gets_no_answer_is_not_tried_again(hurried: S3Blobs, proxy: Proxy) -> None:
    asks: list[tuple[str, Callable[[], object]]] = [
        ("PUT", lambda: hurried.put(_KEY, b"pixels")),
        ("GET", lambda: hurried.read(_KEY)),
        ("PUT", lambda: hurried.commit(_DAY, ident(1), b"{}")),
    ]
    for method, ask in asks:
        hurried.check_now()
        with proxy.broken(Fault(request(method), delay=5)):
            with pytest.raises(Unavailable):
                ask()
            assert proxy.befallen == 1


def test_in_a_hurry_what_fails_at_once_is_tried_again(hurried: S3Blobs, proxy: Proxy) -> None:
    for fault in (Fault(answer=status(503), times=1), Fault(reset_after=0, times=1)):
        with proxy.broken(fault):
            hurried.put(_KEY, b"pixels")
            assert proxy.befallen == 1
    with proxy.broken(Fault(delay=0.2)):
        assert hurried.read(_KEY) == b"pixels"


def test_a_store_that_is_started_again_has_time_again(hurried: S3Blobs, proxy: Proxy) -> None:
    hurried.close()
    hurried.start()
    with proxy.broken(Fault(request("PUT"), delay=1, times=2)):
        hurried.put(_KEY, b"pixels")
        assert proxy.befallen == 2
