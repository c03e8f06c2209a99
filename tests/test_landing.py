"""Bodies that wait in a tree of files: what jobs, the walk and crashes make of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.clock import ClockGuard
from gallery.draft import DAY_US, Draft
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.landing import WAIT_SECONDS, Ticket
from gallery.library import Library
from gallery.reconcile import Reconciler
from tests import images
from tests.crashing import opened
from tests.recovery import check_whole
from tests.samples import NOON, OWNER, active, ident, inspection
from tests.test_crash import Crash, Fuse

PNG = images.png()
SHA256 = hashlib.sha256(PNG).hexdigest()
TICKET = Ticket(OWNER, ident(1), "output", "a.png", NOON, len(PNG), "image/png", SHA256)


def landed(library: Library, ticket: Ticket) -> None:
    spool = library.blobs.spool()
    spool.write(PNG)
    library.landing.put(ticket, spool)


def test_the_jobs_remove_what_was_not_confirmed_within_a_day(
    library: Library, outputs: Path, walker: Reconciler
) -> None:
    young = replace(TICKET, id=ident(2))
    for ticket in (TICKET, young):
        landed(library, ticket)
    path = outputs / TICKET.key
    then = path.stat().st_mtime - WAIT_SECONDS
    os.utime(path, (then, then))
    Jobs(library, walker, ClockGuard(library.catalog.notes), walk_seconds=3600).tick()
    assert not library.landing.has(TICKET)
    assert library.landing.has(young)


def test_an_image_that_waits_is_never_adopted(
    library: Library, walker: Reconciler, imaging: Imaging
) -> None:
    landed(library, TICKET)
    for _ in range(2):
        assert walker.run().mended == 0
    assert active(library) == []
    assert library.landing.has(TICKET)


def confirm(library: Library) -> None:
    """What a confirmation does, in its order."""
    if library.catalog.get(OWNER, TICKET.id) is None:
        spool = library.landing.fetch(TICKET)
        spool.sync()
        draft = Draft(OWNER, TICKET.kind, TICKET.id, created_at=TICKET.at)
        library.put(draft, spool, inspection())
    library.landing.clear(TICKET)


@pytest.mark.parametrize("step", range(1, 7))
def test_a_confirmation_that_was_cut_short_is_made_once_by_the_next_whenever_that_comes(
    tmp_path: Path, step: int
) -> None:
    def cut_short() -> None:
        with opened(tmp_path, Fuse(1 + step)) as library:
            landed(library, TICKET)
            confirm(library)

    with pytest.raises(Crash):
        cut_short()
    with opened(tmp_path) as library:
        library.clock = lambda: NOON + DAY_US
        confirm(library)
        assert active(library) == [1]
        assert not library.landing.has(TICKET)
        check_whole(library)
