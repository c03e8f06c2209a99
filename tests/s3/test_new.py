"""An object that is to be new, and what is asked of a bucket to put one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from gallery.blobs.s3 import S3Blobs
from gallery.keys import Folder
from tests.samples import OWNER, ident, spooled
from tests.services.proxy import Fault, Proxy, request

DAY, ONE = Folder(OWNER, "output", date(2026, 3, 14)), ident(1)
IMAGE, THUMB = DAY.image(ONE, "png"), DAY.thumb(ONE)
pytestmark = pytest.mark.each_store


@pytest.mark.parametrize("knows_conditions", [True, False])
def test_what_is_there_is_not_replaced(far: S3Blobs, *, knows_conditions: bool) -> None:
    if not knows_conditions:
        far.abilities = replace(far.abilities, conditional_put="no")
    first = spooled(far, b"the first")
    assert far.put_new(IMAGE, first)
    first.discard()
    assert not far.put_new(IMAGE, b"the second")
    assert far.read(IMAGE) == b"the first"


def test_one_whose_reply_was_lost_is_there(far: S3Blobs, proxy: Proxy) -> None:
    """Asked for again it seems to be somebody else's: who put it has to look."""
    with proxy.broken(Fault(request("PUT", ONE), reset_after=0, times=1)):
        assert not far.put_new(IMAGE, b"the first")
    assert far.sha256_of(IMAGE) == hashlib.sha256(b"the first").hexdigest()


def test_only_a_large_body_waits_to_be_asked_for(far: S3Blobs, proxy: Proxy) -> None:
    heads: list[bytes] = []

    def note(data: bytes) -> bool:
        if data.startswith(b"PUT "):
            heads.append(data.partition(b"\r\n\r\n")[0].lower())
        return False

    with proxy.broken(Fault(note)):
        far.put(THUMB, b"small")
        far.put(IMAGE, b"large" * 100_000)
    assert [b"100-continue" in head for head in heads] == [False, True]
    assert (far.read(THUMB), far.stat(IMAGE).size) == (b"small", 500_000)
