"""A bucket that fails, breaks off, hangs or loses its answers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gallery.blobs.s3 import S3Blobs
from gallery.blobs.s3.client import Patience
from gallery.blobs.s3.probe import versioning
from gallery.errors import NotFound, StorageFull, Unavailable, Unsure
from gallery.keys import Folder
from tests.samples import OWNER, ident, spooled
from tests.services.proxy import Fault, How, Proxy, request, status
from tests.services.s3 import Store

DAY, ONE = Folder(OWNER, "output", date(2026, 3, 14)), ident(1)
IMAGE, SIDECAR = DAY.image(ONE, "png"), DAY.sidecar(ONE)
pytestmark = pytest.mark.each_store
SLOW_DOWN = status(503, "Slow Down", b"<Error><Code>SlowDown</Code></Error>")


def test_a_store_that_says_slow_down_is_asked_again(far: S3Blobs, proxy: Proxy) -> None:
    with proxy.broken(Fault(answer=SLOW_DOWN, times=1)):
        far.put(IMAGE, b"pixels")
        assert proxy.befallen == 1
    with proxy.broken(Fault(answer=status(500), times=1)):
        assert far.read(IMAGE) == b"pixels"
        assert proxy.befallen == 1


def test_a_store_that_goes_on_failing_is_unavailable(far: S3Blobs, proxy: Proxy) -> None:
    far.put(IMAGE, b"pixels")
    with proxy.broken(Fault(answer=SLOW_DOWN)), pytest.raises(Unavailable, match="SlowDown"):
        far.read(IMAGE)
    with proxy.broken(Fault(answer=status(507))), pytest.raises(StorageFull):
        far.put(IMAGE, b"pixels")
    assert far.read(IMAGE) == b"pixels"


def test_a_store_that_knows_no_versions_dooms_what_there_is(
    store: Store, proxy: Proxy, tmp_path: Path
) -> None:
    unknown = b"<Error><Code>NotImplemented</Code></Error>"
    with proxy.broken(Fault(request("GET", "?version"), status(501, "Not Implemented", unknown))):
        blobs = store.blobs(tmp_path, port=proxy.port)
        blobs.start()
        assert blobs.abilities.versioning == "unknown"
        blobs.commit(DAY, ONE, b"{}")
        blobs.doom(DAY, ONE)
        with pytest.raises(NotFound):
            blobs.stat(SIDECAR)
        blobs.close()


@pytest.mark.parametrize("body", [b"", b"<html>a portal</html>"], ids=["empty", "html"])
def test_an_answer_that_is_no_list_is_no_empty_list(
    far: S3Blobs, proxy: Proxy, body: bytes
) -> None:
    far.put(IMAGE, b"pixels")
    strange = status(200, "OK", body)
    with (
        proxy.broken(Fault(request("GET", "list-type=2"), answer=strange)),
        pytest.raises(Unavailable),
    ):
        list(far.list("users/"))
    assert [found.key for found in far.list("users/")] == [IMAGE]


def test_a_body_that_is_cut_short_is_asked_for_again(far: S3Blobs, proxy: Proxy) -> None:
    body = bytes(range(256)) * 4000
    far.put(IMAGE, body)
    with proxy.broken(Fault(request("GET", ".png"), reset_after=100_000, times=1)):
        assert far.read(IMAGE) == body
        assert proxy.befallen == 1
    with (
        proxy.broken(Fault(request("GET", ".png"), reset_after=100_000)),
        pytest.raises(Unavailable),
    ):
        far.read(IMAGE)


@pytest.mark.parametrize("how", ["cut", "claimed"])
def test_half_a_body_is_never_taken_for_the_whole(far: S3Blobs, proxy: Proxy, how: How) -> None:
    body = bytes(range(256)) * 400
    far.put(IMAGE, body)
    with proxy.broken(Fault(request("GET", ".png"), half=how, times=1)):
        assert far.read(IMAGE) == body
        assert proxy.befallen == 1
    with (
        proxy.broken(Fault(request("GET", ".png"), half=how)),
        pytest.raises(Unavailable),
    ):
        far.read(IMAGE, 1000, 5000)
    assert far.read(IMAGE, 1000, 5000) == body[1000:6000]
    assert far.read(IMAGE, len(body) - 10) == body[-10:]


@pytest.mark.filterwarnings("ignore:tzname")  # half a date is one of the answers
def test_an_answer_that_ends_within_its_head_is_no_empty_object(far: S3Blobs, proxy: Proxy) -> None:
    """Wherever that is."""
    far.put(IMAGE, b"pixels")
    for end in range(20, 420, 40):
        with proxy.broken(Fault(request("GET", ".png"), reset_after=end, times=1)):
            assert far.read(IMAGE) == b"pixels"
            assert proxy.befallen == 1
        with proxy.broken(Fault(request("HEAD", ".png"), reset_after=end, times=1)):
            try:
                assert far.stat(IMAGE).mtime_ns
            except Unavailable:
                assert proxy.befallen == 1


def test_a_put_whose_reply_is_lost_is_sent_again(far: S3Blobs, proxy: Proxy) -> None:
    with proxy.broken(Fault(request("PUT"), reset_after=0, times=1)):
        far.put(IMAGE, spooled(far, b"pixels"))
        assert proxy.befallen == 1
    assert far.read(IMAGE) == b"pixels"


def test_a_store_that_hangs_is_given_up(store: Store, proxy: Proxy, tmp_path: Path) -> None:
    blobs = store.blobs(tmp_path, port=proxy.port, patience=Patience(1, 0.3, 1))
    blobs.start()
    with proxy.broken(Fault(delay=1)), pytest.raises(Unavailable, match="Read timeout"):
        blobs.stat(IMAGE)
    blobs.close()


def test_a_commit_whose_reply_is_lost_for_good_is_unsure(far: S3Blobs, proxy: Proxy) -> None:
    with proxy.broken(Fault(request("PUT", ".json"), reset_after=0)), pytest.raises(Unsure):
        far.commit(DAY, ONE, b"{}")
    assert far.read(SIDECAR) == b"{}"


# -- a success that says nothing --------------------------------------------------------------

_ENDS = range(20, 300, 20)
"""Within the head of an answer, and just behind it."""


def nothing_said(method: str, *parts: str) -> list[Fault]:
    """The answers end too early, all at the same place; or are somebody else's."""
    when = request(method, *parts)
    bodies = (b"", b"<html>a portal</html>", b"<!doctype html><p>a portal")
    foreign = [status(200, "OK", body) for body in bodies]
    return [Fault(when, closed_after=end) for end in _ENDS] + [
        Fault(when, answer=answer) for answer in foreign
    ]


def test_who_was_told_of_no_versions_has_not_removed_them(
    store: Store, proxy: Proxy, tmp_path: Path
) -> None:
    store.keep_versions("Enabled")
    blobs = store.blobs(tmp_path, port=proxy.port, patience=Patience(2, 2, 1))
    blobs.start()
    for fault in nothing_said("GET", "?versions"):
        blobs.commit(DAY, ONE, b"{}")
        with proxy.broken(fault):
            try:
                blobs.doom(DAY, ONE)
            except Unavailable:
                assert proxy.befallen == 1
            else:
                assert SIDECAR not in store.names()
    blobs.doom(DAY, ONE)
    assert SIDECAR not in store.names()
    blobs.close()


def test_whether_versions_are_kept_is_not_guessed(
    store: Store, proxy: Proxy, tmp_path: Path
) -> None:
    store.keep_versions("Enabled")
    client = store.blobs(tmp_path, port=proxy.port, patience=Patience(2, 2, 1)).connect()
    for fault in nothing_said("GET", "?versioning"):
        with proxy.broken(fault):
            assert versioning(client, store.bucket) in ("on", "unknown")
            assert proxy.befallen == 1
    assert versioning(client, store.bucket) == "on"


def test_a_commit_whose_answer_ends_within_its_head_is_unsure(far: S3Blobs, proxy: Proxy) -> None:
    for end in (20, 30):
        with (
            proxy.broken(Fault(request("PUT", ".json"), closed_after=end)),
            pytest.raises(Unsure),
        ):
            far.commit(DAY, ONE, b"{}")
    assert far.read(SIDECAR) == b"{}"


def test_what_was_not_seen_to_be_copied_stays(far: S3Blobs, proxy: Proxy) -> None:
    for n, fault in enumerate(nothing_said("PUT", "other")):
        far.put(IMAGE, b"pixels")
        with proxy.broken(fault):
            try:
                far.rename(IMAGE, other := f"users/anna/other-{n}.png")
            except Unavailable:
                assert far.read(IMAGE) == b"pixels"
            else:
                assert far.read(other) == b"pixels"
