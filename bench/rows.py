"""Libraries for a database: rows without files, with words and tags that are known to be in
one image of so many.

Nothing looks for the files, because whoever measures also leads: no server walks.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg

from bench import trees
from bench.trees import Plan
from gallery.catalog.postgres import PostgresCatalog, writes
from gallery.encoding import encode_sidecar
from gallery.records import Record, Seen

MONTHS = 24
FEW = 60
"""How many images have the words of FIXED, however many there are."""

FIXED = ("observatory", "천문대")
OFTEN = {"lighthouse": 10, "등대": 10, "unicorn": 1_000, "자전거": 1_000}
"""Each stands in one of so many prompts, and is a tag of the same images."""

_PROCESSES = 4


@contextmanager
def filled(url: str, library: str, owner: str, images: int) -> Iterator[PostgresCatalog]:
    """The catalog in an empty database, with so many images over two years; it leads."""
    catalog = PostgresCatalog(url)
    catalog.start(library)
    catalog.leads()
    try:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(_PROCESSES, context) as pool:
            months = range(MONTHS)
            list(pool.map(_fill, *zip(*((url, owner, images, n) for n in months), strict=True)))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        yield catalog
    finally:
        catalog.close()


def _fill(url: str, owner: str, images: int, month: int) -> None:
    by_month: dict[str, list[tuple[Record, Seen]]] = {}
    each = images // MONTHS
    for number, plain in enumerate(trees.records(Plan(owner, month, each)), month * each):
        record = _marked(plain, number, images)
        seen = Seen(len(encode_sidecar(record)), record.created_at)
        by_month.setdefault(record.month, []).append((record, seen))
    # Without the owner's lock, so that the months are written at the same time.
    with psycopg.connect(url, autocommit=True) as connection:
        for name, found in by_month.items():
            writes.rebuild(connection, owner, name, found)


def _marked(record: Record, number: int, images: int) -> Record:
    often = {**dict.fromkeys(FIXED, images // FEW), **OFTEN}
    words = [w for n, (w, every) in enumerate(often.items()) if number % every == n]
    return replace(
        record, prompt=" ".join([record.prompt or "", *words]), tags=(*record.tags, *words)
    )
