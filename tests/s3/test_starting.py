"""Which bucket is a library's own, and what a start makes of one that is not, or is not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from gallery.blobs.s3 import S3Blobs
from gallery.errors import NotFound, StartRefused, Unavailable
from gallery.keys import Folder
from tests.conformance.stores import LIBRARY
from tests.samples import OWNER, ident
from tests.services.proxy import Proxy
from tests.services.s3 import Store

IMAGE = Folder(OWNER, "output", date(2026, 3, 14)).image(ident(1), "png")
pytestmark = pytest.mark.each_store


def test_a_bucket_keeps_its_library(store: Store, blobs: S3Blobs, tmp_path: Path) -> None:
    again = store.blobs(tmp_path)
    again.start()
    assert (again.library, again.secret()) == (blobs.library, blobs.secret())
    again.close()


def test_a_bucket_of_another_library_is_refused(
    store: Store, blobs: S3Blobs, tmp_path: Path
) -> None:
    wrong = store.blobs(tmp_path, LIBRARY)
    with pytest.raises(StartRefused, match="another library"):
        wrong.start()
    wrong.close()


def test_a_library_of_a_newer_format_is_refused(store: Store, tmp_path: Path) -> None:
    store.drop(".gallery/library.json", b'{"format":2,"library":"%b"}' % LIBRARY.encode())
    blobs = store.blobs(tmp_path)
    with pytest.raises(StartRefused, match="format 2 is newer"):
        blobs.start()
    blobs.close()


def test_a_bucket_that_is_not_there_is_refused(store: Store, tmp_path: Path) -> None:
    store.client.delete_bucket(Bucket=store.bucket)
    blobs = store.blobs(tmp_path)
    with pytest.raises(StartRefused, match="NoSuchBucket"):
        blobs.start()
    blobs.close()


def test_an_empty_bucket_is_no_library_that_is_known(store: Store, tmp_path: Path) -> None:
    blobs = store.blobs(tmp_path, LIBRARY)
    blobs.start()
    with pytest.raises(Unavailable, match="is not there"):
        blobs.put(IMAGE, b"pixels")
    assert store.names() == []
    blobs.close()


@pytest.mark.parametrize("ask", [S3Blobs.stat, S3Blobs.read])
def test_a_bucket_that_vanishes_proves_nothing(
    store: Store, blobs: S3Blobs, ask: Callable[[S3Blobs, str], object]
) -> None:
    with pytest.raises(NotFound):
        ask(blobs, IMAGE)
    for name in store.names():
        store.client.delete_object(Bucket=store.bucket, Key=store.prefix + name)
    with pytest.raises(Unavailable):
        ask(blobs, IMAGE)


def test_wrong_credentials_are_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store.server, "secret_key", "wrong")
    blobs = store.blobs(tmp_path, LIBRARY)
    blobs.start()
    with pytest.raises(Unavailable, match="SignatureDoesNotMatch"):
        blobs.check()
    assert "the store refuses its credentials" in caplog.text
    blobs.close()


def test_a_store_that_was_away_at_the_start_is_found_later(
    store: Store, blobs: S3Blobs, proxy: Proxy, tmp_path: Path
) -> None:
    blobs.put(IMAGE, b"pixels")
    with proxy.cut():
        unknown = store.blobs(tmp_path, port=proxy.port)
        with pytest.raises(StartRefused):
            unknown.start()
        unknown.close()
        late = store.blobs(tmp_path, blobs.library, port=proxy.port)
        late.start()
        with pytest.raises(Unavailable):
            late.read(IMAGE)
    until = time.monotonic() + 10
    while True:
        try:
            assert late.read(IMAGE) == b"pixels"
            break
        except Unavailable:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert late.abilities.sha256
    late.close()
