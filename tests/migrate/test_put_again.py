"""An image is purged and put again under its id, on another day, while the library moves."""

from __future__ import annotations

import os
from threading import Event

import pytest

from gallery.keys import Folder
from gallery.library import Library
from migrate.carry import Carried, Carrier
from tests.migrate.moves import Move, stored
from tests.samples import NOON, OWNER, SECOND, ident, pixels, plant, record, upload

WAYS = [("files", "memory"), ("memory", "files"), ("files", "services")]
DAYS = {"day": NOON - 86_400 * SECOND, "month": NOON - 31 * 86_400 * SECOND}
on_each = pytest.mark.parametrize("ways", WAYS, ids=" to ".join)
on_another = pytest.mark.parametrize("at", DAYS.values(), ids=DAYS)


@pytest.fixture
def brought(move: Move) -> Move:
    """With one image, which is on both sides."""
    upload(move.source, pixels(1), id=ident(1))
    move.all()
    return move


def _put_again(library: Library, at: int, body: bytes = pixels(1)) -> None:
    library.trash(OWNER, ident(1))
    library.purge(OWNER, ident(1))
    upload(library, body, id=ident(1), created_at=at)


@on_each
@on_another
@pytest.mark.parametrize("body", [pixels(1), pixels(2)], ids=["the same", "another"])
def test_a_copy_brings_all_of_it_when_the_feed_is_past_that(
    brought: Move, at: int, body: bytes
) -> None:
    _put_again(brought.source, at, body)
    os.truncate(brought.folder.journal_path, 0)
    brought.plan()
    assert brought.copy().anomalies == []
    brought.follow()
    assert stored(brought.target) == stored(brought.source)
    brought.is_equal()


@on_each
def test_a_copy_brings_all_of_it_before_that_is_followed(brought: Move) -> None:
    """Another month is looked at, and this one was done."""
    _put_again(brought.source, DAYS["month"])
    brought.copy()
    brought.follow()
    assert stored(brought.target) == stored(brought.source)
    brought.is_equal()


def test_of_an_id_that_is_there_twice_the_image_of_the_catalog_is_brought(brought: Move) -> None:
    image = brought.source.get(OWNER, ident(1)).record
    other = record(1, at=DAYS["month"])
    plant(brought.source.blobs, other)
    copied = brought.copy(policy="quarantine")
    assert [found.name for found in copied.anomalies] == [other.folder.sidecar(other.id)]
    assert brought.target.get(OWNER, ident(1)).record == image
    assert brought.target.blobs.read(image.image) == pixels(1)


def test_what_is_told_of_two_months_of_it_is_brought_one_after_the_other(
    brought: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = brought.source.get(OWNER, ident(1)).record
    carry, sent = Carrier.carry, Event()

    def late(carrier: Carrier, folder: Folder, id: str) -> Carried:
        """What was there before is looked at when the new one is there, if it can be."""
        if folder == image.folder:
            sent.wait(1)
            return carry(carrier, folder, id)
        carried = carry(carrier, folder, id)
        sent.set()
        return carried

    monkeypatch.setattr(Carrier, "carry", late)
    _put_again(brought.source, DAYS["month"])
    brought.follow()
    assert stored(brought.target) == stored(brought.source)
    brought.is_equal()
