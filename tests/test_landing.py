"""Bodies that wait in a tree of files: what the periodic jobs and the walk make of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from gallery.clock import ClockGuard
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.landing import WAIT_SECONDS, Ticket
from gallery.library import Library
from gallery.reconcile import Reconciler
from tests import images
from tests.samples import NOON, OWNER, active, ident

PNG = images.png()
SHA256 = hashlib.sha256(PNG).hexdigest()
TICKET = Ticket(OWNER, ident(1), "output", "a.png", NOON, len(PNG), "image/png", SHA256)


def landed(library: Library, ticket: Ticket) -> None:
    spool = library.blobs.spool()
    spool.write(PNG)
    library.landing.put(ticket, spool)


def test_the_jobs_remove_what_was_not_confirmed_within_a_day(
    library: Library, outputs: Path, walker: Reconciler, tmp_path: Path
) -> None:
    young = replace(TICKET, id=ident(2))
    for ticket in (TICKET, young):
        landed(library, ticket)
    path = outputs / TICKET.key
    then = path.stat().st_mtime - WAIT_SECONDS
    os.utime(path, (then, then))
    Jobs(library, walker, ClockGuard(str(tmp_path / "clock")), walk_seconds=3600).tick()
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
