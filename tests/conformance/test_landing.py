"""Where bodies wait to be confirmed, on every blob store; and being sent to, where one can be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from itsdangerous import TimestampSigner

from gallery import landing
from gallery.blobs import BlobStore
from gallery.blobs.abilities import Expected, SentTo
from gallery.blobs.incoming import Spool
from gallery.blobs.s3 import S3Blobs
from gallery.errors import Conflict, NotFound, Unprocessable
from gallery.landing import Landing, Ticket
from tests import services
from tests.samples import NOON, OTHER, OWNER, eventually, ident

BODY = b"pixels"
SHA256 = hashlib.sha256(BODY).hexdigest()
TICKET = Ticket(OWNER, ident(1), "output", "여우.png", NOON, len(BODY), "image/png", SHA256)


@pytest.fixture
def place(blobs: BlobStore) -> Landing:
    return Landing(blobs)


def incoming(blobs: BlobStore) -> list[Path]:
    spool = blobs.spool()
    spool.discard()
    return list(Path(spool.path).parent.iterdir())


def written(blobs: BlobStore, body: bytes) -> Spool:
    spool = blobs.spool()
    spool.write(body)
    return spool


def arrive(blobs: BlobStore, body: bytes, ticket: Ticket = TICKET) -> None:
    """Whatever it is, it lies where the ticket's body should."""
    blobs.put(ticket.key, body)


def test_what_was_put_can_be_fetched_as_often_as_need_be(blobs: BlobStore, place: Landing) -> None:
    sent = written(blobs, BODY)
    place.put(TICKET, sent)
    sent.discard()
    for _ in range(2):
        spool = place.fetch(TICKET)
        assert (Path(spool.path).read_bytes(), spool.sha256) == (BODY, SHA256)
        spool.discard()
    assert place.has(TICKET)
    assert incoming(blobs) == []


@pytest.mark.parametrize("body", [b"pixelS", b"pixels.", b"pixel", b""])
def test_another_body_than_was_announced_is_not_put(
    blobs: BlobStore, place: Landing, body: bytes
) -> None:
    spool = written(blobs, body)
    with pytest.raises(Unprocessable):
        place.put(TICKET, spool)
    spool.discard()
    assert not place.has(TICKET)


@pytest.mark.parametrize("body", [b"pixelS", b"pixels" * 500_000, b"pixel", b""])
def test_another_body_than_was_announced_is_removed_when_it_is_fetched(
    blobs: BlobStore, place: Landing, body: bytes
) -> None:
    arrive(blobs, body)
    with pytest.raises(Unprocessable):
        place.fetch(TICKET)
    assert not place.has(TICKET)
    assert incoming(blobs) == []


def test_what_was_not_put_cannot_be_fetched(blobs: BlobStore, place: Landing) -> None:
    with pytest.raises(Conflict):
        place.fetch(TICKET)
    assert incoming(blobs) == []


def test_what_is_cleared_is_gone_and_clearing_twice_is_fine(
    blobs: BlobStore, place: Landing
) -> None:
    arrive(blobs, BODY)
    place.clear(TICKET)
    place.clear(TICKET)
    assert not place.has(TICKET)


def test_only_an_owners_own_bodies_wait_for_them(blobs: BlobStore, place: Landing) -> None:
    assert place.waiting(OWNER) == []
    others = [replace(TICKET, owner=owner) for owner in (OTHER, "kim", "kim-2")]
    for number, ticket in enumerate((TICKET, replace(TICKET, id=ident(2)), *others)):
        arrive(blobs, b"x" * number, ticket)
    assert sorted(place.waiting(OWNER)) == [0, 1]
    assert place.waiting("kim") == [3]


def test_what_waits_is_nobodys_image(blobs: BlobStore) -> None:
    arrive(blobs, BODY)
    assert list(blobs.owners()) == []
    assert list(blobs.list("users/")) == []


def test_what_has_waited_for_a_day_is_removed_and_nothing_else(
    blobs: BlobStore, place: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(blobs, BODY)
    arrive(blobs, BODY, replace(TICKET, id=ident(2)))
    blobs.put(f"users/{OWNER}/2026/03/14/{ident(1)}.png", BODY)
    place.sweep()
    assert len(place.waiting(OWNER)) == 2
    monkeypatch.setattr(landing, "WAIT_SECONDS", -2)
    place.sweep()
    assert place.waiting(OWNER) == []
    assert [found.key for found in blobs.list("users/")] != []
    blobs.check()


# -- tickets ------------------------------------------------------------------------------------


def test_a_ticket_says_what_was_signed_until_it_is_too_old() -> None:
    signer = TimestampSigner("a key")
    text = landing.signed(TICKET, signer)
    assert landing.verified(text, signer, 60) == TICKET
    for wrong, by, seconds in [
        (text, TimestampSigner("another key"), 60),
        (text, TimestampSigner("a key", salt="another purpose"), 60),
        (text, signer, -1),
        (text[:-1], signer, 60),
        ("", signer, 60),
        (signer.sign("e30").decode(), signer, 60),
    ]:
        with pytest.raises(NotFound):
            landing.verified(wrong, by, seconds)


# -- being sent to ------------------------------------------------------------------------------


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[S3Blobs]:
    store = services.s3().blobs(tmp_path)
    store.start()
    yield store
    store.close()


def status(blobs: SentTo, body: bytes = BODY, mime: str = "image/png") -> int:
    """What a client gets that sends this to where it was told."""
    to = blobs.presigned_put(TICKET.key, Expected(len(BODY), "image/png", SHA256), 60)
    assert to is not None
    headers = to.headers | {"content-type": mime}
    return httpx.put(to.url, content=body, headers=headers).status_code


def test_whoever_holds_the_url_can_put_the_body_and_no_other(bucket: S3Blobs) -> None:
    if bucket.abilities.presigned_put == "checked":
        assert 400 <= status(bucket, b"pixelS") < 500
    assert 400 <= status(bucket, b"pixels.") < 500
    assert 400 <= status(bucket, mime="image/webp") < 500
    with pytest.raises(NotFound):
        bucket.stat(TICKET.key)
    assert status(bucket) == 200
    assert bucket.read(TICKET.key) == BODY


def test_a_store_that_compares_nothing_still_refuses_another_size_and_type(
    bucket: S3Blobs,
) -> None:
    bucket.abilities = replace(bucket.abilities, presigned_put="yes")
    assert 400 <= status(bucket, b"pixels.") < 500
    assert 400 <= status(bucket, mime="image/webp") < 500
    assert status(bucket, b"pixelS") == 200
    with pytest.raises(Unprocessable):
        Landing(bucket).fetch(TICKET)


def test_a_url_for_putting_ends_when_it_was_said_to(bucket: S3Blobs) -> None:
    to = bucket.presigned_put(TICKET.key, TICKET.body, 1)
    assert to is not None
    eventually(lambda: httpx.put(to.url, content=BODY, headers=to.headers).status_code == 403)


def test_a_store_that_cannot_be_sent_to_gives_no_url(bucket: S3Blobs, blobs: BlobStore) -> None:
    bucket.abilities = replace(bucket.abilities, presigned_put="no")
    assert bucket.presigned_put(TICKET.key, TICKET.body, 60) is None
    assert (Landing(blobs).presigned(TICKET) is None) is not isinstance(blobs, SentTo)


def test_what_cannot_be_cleared_is_no_reason_to_fail(
    bucket: S3Blobs, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.close()
    Landing(bucket).clear(TICKET)
    assert f"{TICKET.key}: left until it is a day old" in caplog.text
