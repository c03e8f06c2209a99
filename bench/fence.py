"""How long writers wait for a move from files to a bucket and Postgres, while edits go on.

What is edited has to be brought as fast as it is edited, so the bucket must take as many objects
a second: Swift, as the tests start it, takes fewer than are edited here. Therefore this runs on
Ceph where that is installed, and what the services keep lies in memory, where it doesn't queue
for the disk behind the library itself.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import trees
from bench.figures import Figure
from bench.moving import Ground, Turned
from bench.part import Run
from bench.patches import Answers, Edits, going_on
from bench.trees import Plan
from tests import services

_EDITED = (6, 40)
"""Owners, and images of each, that are edited in turn."""
_BYTES, _THUMB = 60_000, 12_000
_EDITS = 200.0
_BEFORE_SECONDS, _AFTER_SECONDS = 5.0, 1.0
"""How long it is written to before a cutover is typed, and after it has happened."""
_MEMORY = "/dev/shm"


def measure(run: Run) -> list[Figure]:
    server = services.OBJECT_STORES[-1]
    with _in_memory():
        store = services.s3(server)
        try:
            with store.reached():
                return _measure(run, server)
        finally:
            services.stop()


@contextmanager
def _in_memory() -> Iterator[None]:
    """Temporary folders, where there is memory for them."""
    before = tempfile.tempdir
    if Path(_MEMORY).is_dir():
        tempfile.tempdir = _MEMORY
    try:
        yield
    finally:
        tempfile.tempdir = before


def _measure(run: Run, server: str) -> list[Figure]:
    """Two server processes, and edits of some hundred images of several owners all the time."""
    owners, images = _EDITED
    plans = [Plan(owner, 0, images, _BYTES, _THUMB) for owner in trees.owners(owners)]
    tree = trees.fresh(run.folder / "fence", plans)
    edited = [
        (tree.cookie(plan.owner), record.id)
        for at in zip(*map(trees.records, plans), strict=True)
        for plan, record in zip(plans, at, strict=True)
    ]
    ground = Ground(tree, "edited", server)
    fences, waits, rates, wholes, refused = [], [], [], [], 0
    with ExitStack() as stack:
        servers = [stack.enter_context(ground.served(walks=is_first)) for is_first in (True, False)]
        ground.types("copy", "--plan", ground.types("plan", "--quick")["digest"])
        edits = Edits([server.port for server in servers], edited, _EDITS)
        for _ in range(run.rounds):
            turned, answers, at = _turned_under(ground, edits)
            fences.append(turned.fence)
            wholes.append(turned.whole)
            refused += turned.refused
            waits.append(answers.longest(at - _BEFORE_SECONDS, at))
            rates.append(answers.rate(at - _BEFORE_SECONDS, at))
            ground.turns("rollback")
    name = f"fence: {_EDITS:.0f} edits/s"
    return [
        Figure(f"{name}, before the cutover", statistics.median(rates), "/s"),
        Figure(f"{name}, fence", statistics.median(fences), "s", at_most=1),
        Figure(f"{name}, longest fence", max(fences), "s", at_most=1),
        Figure(f"{name}, longest wait of an edit", statistics.median(waits), "s"),
        Figure(f"{name}, the whole cutover", statistics.median(wholes), "s"),
        Figure(f"{name}, refused", refused, "times"),
    ]


def _turned_under(ground: Ground, edits: Edits) -> tuple[Turned, Answers, float]:
    """The turn, what was answered meanwhile, and when it happened."""
    with going_on(ground.tree.root, edits) as answers:
        time.sleep(_BEFORE_SECONDS)
        turned = ground.turns("cutover")
        time.sleep(_AFTER_SECONDS)
    return turned, answers, os.stat(ground.tree.outputs / ".gallery" / "generation.json").st_mtime
