"""Several servers on one tree: what more of them bring, and what keeping them level costs.

Each server is one process with a port of its own, kept to a core of its own, and has a wrk
with 32 connections of its own; all wrks share the core that is left. With ``--workers`` the
kernel hands connections to whichever process accepts first, so that some would have 20 and
others 40, and their number a process could not be said. First pages are of 20 images, for
those of 50 come close to filling the core of the load; pages below the ring, which are more
work for the server, are of 50.
"""

from __future__ import annotations

import os
import subprocess
import sys
import timeit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import trees
from bench.figures import Figure, interleaved
from bench.load import Get, together
from bench.part import Run
from bench.servers import Missing, Server, environment, gallery, pinned
from bench.trees import Plan, Tree
from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog

_PROCESSES = 3
_IMAGES = 3_000
_WANTED = {2: 1.7, 3: 2.2}
_CHANGES = 30
"""A second: as many as the uploads that four cores can decode."""
_LOOKS = 100_000


def measure(run: Run) -> list[Figure]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) <= _PROCESSES:
        raise Missing(f"three servers and their load need four cores, and there are {len(cores)}")
    plans = [Plan(owner, 0, _IMAGES) for owner in trees.owners(2)]
    tree = trees.make(run.folder / "processes", plans)
    cookie = {"Cookie": tree.cookie(tree.owners[0])}
    first, deep = (
        _Load(Get(f"/api/v1/images?{page}", cookie), cores[-1], run.seconds)
        for page in ("page=1&size=20", "page=50&size=50")
    )
    with ExitStack() as stack:
        servers = [
            stack.enter_context(gallery(tree, core=core, walks=core == cores[0]))
            for core in cores[:_PROCESSES]
        ]
        return [
            *_scaling(run, "first pages", first, servers),
            *_scaling(run, "deep pages", deep, servers),
            *_coherence(run, first, servers[0], tree, cores[1]),
        ]


class _Load:
    """The same request to any number of servers, from one core."""

    def __init__(self, get: Get, core: int, seconds: int) -> None:
        self.get, self.core, self.seconds = get, core, seconds

    def of(self, servers: list[Server]) -> float:
        return together(servers, self.get, self.seconds, pinned(self.core))


def _scaling(run: Run, what: str, load: _Load, servers: list[Server]) -> list[Figure]:
    """The best of each number of processes: another's work on these cores only takes away."""
    load.of(servers)
    counts = range(1, _PROCESSES + 1)
    best = dict.fromkeys(counts, 0.0)
    for _ in range(run.rounds):
        for count in counts:
            best[count] = max(best[count], load.of(servers[:count]))
    return [
        Figure(f"processes: {count}, {what}", best[count], "req/s", best[1], at_least=wanted)
        for count, wanted in _WANTED.items()
    ]


def _coherence(run: Run, load: _Load, server: Server, tree: Tree, core: int) -> list[Figure]:
    """What the look at the feed takes of a request, and how many requests are left when
    another process changes images of another owner."""

    def beside() -> float:
        with _changing(tree, core):
            return load.of([server])

    found = interleaved({"alone": lambda: load.of([server]), "beside": beside}, run.rounds)
    share = _look(tree) * found["alone"] * 100
    name = f"processes: first page beside {_CHANGES} foreign changes/s"
    return [
        Figure("processes: the look at the feed, of a request", share, "%", at_most=5),
        Figure(name, found["beside"], "req/s", found["alone"]),
    ]


def _look(tree: Tree) -> float:
    """Seconds that it takes to see that there is no news."""
    catalog = ManifestCatalog(str(tree.manifests), memory_bytes=1 << 20)
    catalog.start(library_of(catalog.root) or "")
    try:
        return min(timeit.repeat(catalog.fresh, number=_LOOKS, repeat=5)) / _LOOKS
    finally:
        catalog.close()


@contextmanager
def _changing(tree: Tree, core: int) -> Iterator[None]:
    """Beside it, a process on that core edits images of the second owner."""
    arguments = [str(tree.outputs), str(tree.manifests), tree.owners[1], str(_CHANGES)]
    command = [*pinned(core), sys.executable, "-m", "bench.editor", *arguments]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield
        finally:
            process.terminate()
