"""A bucket that takes requests and says nothing: nobody waits for what others waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gallery.blobs import Expected, s3_root
from gallery.blobs.s3 import S3Blobs
from gallery.blobs.s3_client import Patience
from gallery.errors import Unavailable
from tests.services.proxy import Fault, Proxy
from tests.services.s3 import Store

_KEY = "users/anna/a.png"
_MANY = 8
_ASKED: dict[str, Callable[[S3Blobs], object]] = {
    "a link": lambda blobs: blobs.presigned(_KEY, "view"),
    "a link to put to": lambda blobs: blobs.presigned_put(
        _KEY, Expected(1, "image/png", "00" * 32), 60
    ),
    "an object": lambda blobs: blobs.stat(_KEY),
}


@pytest.fixture
def hasty(
    store: Store, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[S3Blobs]:
    """It gives up after half a second. What it saw while all was well counts for nothing, and
    what it saw then for all of a test."""
    monkeypatch.setattr(s3_root, "GOOD_SECONDS", 0.0)
    blobs = store.blobs(tmp_path, port=proxy.port, patience=Patience(1, 0.5, 1))
    blobs.start()
    monkeypatch.setattr(s3_root, "BAD_SECONDS", 600.0)
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
