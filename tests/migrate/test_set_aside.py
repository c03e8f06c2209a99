"""What was set aside, to be taken in where the library lived then, when it has come back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gallery.blobs import DROPPED
from gallery.dropped import Dropped
from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.records import Record
from tests.images import png
from tests.migrate.moves import Move, stored
from tests.samples import NOON, OWNER, ident, upload

WAYS = [("memory", "files")]
DAY = Folder(OWNER, "output", date(2026, 3, 14))


@pytest.mark.parametrize("ways", WAYS, ids=" to ".join)
@pytest.mark.parametrize("brought", [False, True], ids=["not yet in", "in already"])
def test_it_is_taken_in_and_its_sidecar_stays(move: Move, imaging: Imaging, brought: bool) -> None:
    """A process may have died when it was in over there, and was not removed here."""
    here, before = move.target, move.source
    image = DAY.image(ident(1), "png")
    here.blobs.put(DROPPED + image, png())
    if brought:
        Dropped(before, here, here, imaging, settle=0).look((DAY, ident(1)))
        move.all()
        here.blobs.put(DROPPED + image, png())
    dropped = Dropped(here, before, here, imaging, settle=0)
    for thing in dropped.set_aside():
        dropped.look(thing)
    record = here.get(OWNER, ident(1)).record
    assert here.sidecars.read(DAY, ident(1))[0] == record
    assert here.blobs.read(image) == png()
    assert [name for name in stored(here) if ident(1) in name] == sorted(
        [image, record.thumb, DAY.sidecar(ident(1))]
    )
    assert list(here.blobs.list(DROPPED)) == []


@pytest.mark.parametrize("body", [png(), png(seed=2)], ids=["the same", "another"])
def test_what_came_meanwhile_under_its_id_stays_as_it_is(
    move: Move, imaging: Imaging, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    """Dropped once more where the library lives again, taken in there, and changed."""
    here, before = move.target, move.source
    here.blobs.put(DROPPED + DAY.image(ident(1), "png"), png())
    described = Dropped._described

    def raced(dropped: Dropped, *about: Any) -> tuple[Record, bytes]:
        found = described(dropped, *about)
        upload(here, body, id=ident(1), created_at=NOON)
        here.edit(OWNER, ident(1), tags=("mine",))
        return found

    monkeypatch.setattr(Dropped, "_described", raced)
    dropped = Dropped(here, before, here, imaging, settle=0)
    dropped.look((DAY, ident(1)))
    record = here.get(OWNER, ident(1)).record
    assert record.tags == ("mine",)
    assert here.sidecars.read(DAY, ident(1))[0] == record
    assert here.blobs.read(record.image) == body
    assert bool(list(here.blobs.list(DROPPED))) is (body != png())
