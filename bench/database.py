"""Lists from Postgres: against a bare endpoint that asks the same, from 10,000 images to a
million, and by two server processes.

The database server and the load run on the same cores as what is measured.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from bench import rows, trees
from bench.figures import Figure, Measure, interleaved
from bench.floors import DATABASE, OWNER
from bench.load import Client, Get, rate, together
from bench.part import Run
from bench.rows import FIXED, OFTEN
from bench.servers import Failed, Missing, floor, gallery, program
from bench.trees import Tree
from gallery.blobs.files import FileBlobs
from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.query import Cursor, Query, Words
from tests import databases

_FEW, _MANY = 10_000, 1_000_000
_PATH = "/api/v1/images?page=1&size=50"
_FLAT = 1.3
_ASKED = 30
"""How often each question is put for one figure."""


def pages(run: Run) -> list[Figure]:
    tree, library = _library(run)
    with _catalog(library, tree.owners[0], _FEW) as (url, _):
        return [*_pages(run, tree, url), *_processes(run, tree, url)]


def sizes(run: Run) -> list[Figure]:
    tree, library = _library(run)
    with (
        _catalog(library, tree.owners[0], _FEW) as (_, few),
        _catalog(library, tree.owners[0], _MANY) as (_, many),
    ):
        return _flat(run, tree, few, many)


def _library(run: Run) -> tuple[Tree, str]:
    """Without an image, and what it is called."""
    tree = Tree(run.folder / "database", tuple(trees.owners(1)))
    blobs = FileBlobs(str(tree.outputs))
    blobs.start()
    return tree, blobs.library


@contextmanager
def _catalog(library: str, owner: str, images: int) -> Iterator[tuple[str, PostgresCatalog]]:
    url = databases.database().create()
    with rows.filled(url, library, owner, images) as catalog:
        yield url, catalog


# -- pages over HTTP ------------------------------------------------------------------------


def _pages(run: Run, tree: Tree, url: str) -> list[Figure]:
    first = Get(_PATH, {"Cookie": tree.cookie(tree.owners[0])})
    asked = {"first page of 50": [first], "deep pages by cursor": []}
    with (
        gallery(tree, walks=False, GALLERY_CATALOG=url) as ours,
        floor("rows", tree.root, **{DATABASE: url, OWNER: tree.owners[0]}) as base,
    ):
        client = Client(ours)
        if client.json(first)["items"] != Client(base).json(first)["items"]:
            raise Failed("floor and gallery do not send the same 50 records")
        asked["deep pages by cursor"] = _deep(client, first)
        measures: dict[str, Measure] = {"floor": partial(rate, base, [first], run.seconds)}
        for name, gets in asked.items():
            measures[name] = partial(rate, ours, gets, run.seconds)
        found = interleaved(measures, run.rounds)
    return [
        Figure(f"database: {name}", found[name], "req/s", found["floor"], at_least=0.5)
        for name in asked
    ]


def _deep(client: Client, first: Get) -> list[Get]:
    """The hundred pages after the first."""
    gets = [first]
    for _ in range(100):
        cursor = client.json(gets[-1])["next_cursor"]
        gets.append(Get(f"/api/v1/images?size=50&cursor={cursor}", first.headers))
    return gets[1:]


def _processes(run: Run, tree: Tree, url: str) -> list[Figure]:
    """One and two servers on a core each; the database and the load have the other cores."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 4:
        raise Missing("two servers, the database and the load need four cores")
    rest = cores[2:]
    first = Get(_PATH, {"Cookie": tree.cookie(tree.owners[0])})
    prefix = (program("taskset"), "-c", ",".join(map(str, rest)))
    with ExitStack() as stack:
        stack.enter_context(_database_kept_to(rest))
        servers = [
            stack.enter_context(gallery(tree, walks=False, core=core, GALLERY_CATALOG=url))
            for core in cores[:2]
        ]
        measures = {
            "one": lambda: together(servers[:1], first, run.seconds, prefix),
            "two": lambda: together(servers, first, run.seconds, prefix),
        }
        found = interleaved(measures, run.rounds)
    name = "database: two processes, first pages"
    return [Figure(name, found["two"], "req/s", found["one"], at_least=1.3)]


@contextmanager
def _database_kept_to(cores: list[int]) -> Iterator[None]:
    """Connections that are made meanwhile are served by these cores."""
    folder = databases.database().folder
    server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    before = os.sched_getaffinity(server)
    os.sched_setaffinity(server, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(server, before)


# -- from ten thousand to a million -----------------------------------------------------------


def _flat(run: Run, tree: Tree, few: PostgresCatalog, many: PostgresCatalog) -> list[Figure]:
    measures: dict[str, Measure] = {}
    for name in _questions(tree.owners[0], few):
        for catalog, size in ((few, "few"), (many, "many")):
            query = _questions(tree.owners[0], catalog)[name]
            measures[f"{name} {size}"] = partial(_milliseconds, catalog, query)
    found = interleaved(measures, run.rounds)
    return [
        Figure(
            f"database: {name}, a million against 10,000",
            found[f"{name} many"], "ms", found[f"{name} few"], at_most=_FLAT * found[f"{name} few"],
        )
        for name in _questions(tree.owners[0], few)
    ]  # fmt: skip


def _questions(owner: str, catalog: PostgresCatalog) -> dict[str, Query]:
    """The newest 50 of each."""
    often = {word: f"one of {every:,}" for word, every in OFTEN.items()}
    words = {**often, **dict.fromkeys(FIXED, f"{rows.FEW} images")}
    return {
        "first page": Query(owner),
        "deep page by cursor": Query(owner, cursor=_middle(catalog, owner)),
        **{f"tag in {there} ({word})": Query(owner, tag=word) for word, there in words.items()},
        **{
            f"word in {there} ({word})": Query(owner, words=Words.parse(word))
            for word, there in words.items()
        },
    }


def _middle(catalog: PostgresCatalog, owner: str) -> Cursor:
    images = catalog.totals(owner)["output"]
    return Cursor(((images.first or 0) + (images.last or 0)) // 2, "0" * 32)


def _milliseconds(catalog: PostgresCatalog, query: Query) -> float:
    took = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        catalog.page(query)
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000
