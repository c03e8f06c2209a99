"""A move from files to Swift and Postgres: the copy, and what the fence depends on. ``fence``
measures how long that is while it is written.

Both services are those of the tests and run on the same cores, on both sides of a ratio.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from bench import bare, trees
from bench.figures import Figure, interleaved
from bench.moving import Ground, run_folder
from bench.part import Run
from bench.trees import Plan, Tree
from gallery.records import Record, Seen
from migrate.copying import THREADS
from tests import services

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LARGE, _SMALL = (4, 40, 1_600_000), (8, 300, 60_000)
"""Owners, images of each, and bytes of an original."""
_THUMB, _COPIES = 12_000, 3
_SIZES = {10_000: 50, 200_000: 1_000}
"""Owners of so many images."""
_MONTHS = 4
_TURNS = 5
_FLAT = 1.3


def measure(run: Run) -> list[Figure]:
    store = services.s3()
    try:
        with store.reached():
            return [
                *_copies(run, "1.6 MB", *_LARGE),
                *_copies(run, "60 KB", *_SMALL),
                *_sizes(run),
            ]
    finally:
        services.stop()


# -- the copy -------------------------------------------------------------------------------


def _copies(run: Run, name: str, owners: int, images: int, size: int) -> list[Figure]:
    plans = [Plan(owner, 0, images, size, _THUMB) for owner in trees.owners(owners)]
    tree = trees.make(run.folder / f"migrate-{size}", plans)
    count, took = owners * images, defaultdict[str, list[float]](list)

    def copy() -> float:
        """And what is copied already once more, by what the journal says and without one."""
        ground = Ground(tree, "copy")
        first, lost = run_folder(ground, "first"), run_folder(ground, "lost")
        digest = ground.plan(first)
        seconds = ground.copy(first, digest)
        took["again"].append(seconds / ground.copy(first, digest))
        took["without its journal"].append(seconds / ground.copy(lost, ground.plan(lost)))
        return count / seconds

    rounds = min(run.rounds, _COPIES)
    found = interleaved({"floor": lambda: count / _bare(tree), "copy": copy}, rounds)
    return [
        Figure(f"move: copy of {name}", found["copy"], "/s", found["floor"], at_least=0.8),
        *(
            Figure(
                f"move: {count:,} of {name}, {what}, faster than the first time",
                statistics.median(ratios), "x", 1.0,
                at_least=20 if what == "again" and size == _SMALL[2] else None,
            )
            for what, ratios in took.items()
        ),
    ]  # fmt: skip


def _bare(tree: Tree) -> float:
    """Seconds in which the client alone, with as many threads, puts the three objects of each
    image of a tree, sidecar last."""
    client, bucket = bare.client(), services.s3().bucket
    images = list(_images(tree.outputs / "users"))
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda image: _put(client, bucket, image), images):
            pass
    return time.perf_counter() - began


def _images(users: Path) -> Iterator[tuple[Path, Path, Path]]:
    """Original, thumbnail and sidecar of each image."""
    for folder, _, names in os.walk(users):
        for name in names:
            if name.endswith(".json"):
                sidecar = Path(folder, name)
                thumb = sidecar.parent / "thumb" / f"{sidecar.stem}.webp"
                yield sidecar.with_suffix(".png"), thumb, sidecar


def _put(client: S3Client, bucket: str, image: tuple[Path, ...]) -> None:
    for path in image:
        client.put_object(Bucket=bucket, Key=str(path)[1:], Body=path.read_bytes())


# -- the fence and the library's size -------------------------------------------------------


def _sizes(run: Run) -> list[Figure]:
    """Of libraries that are catalogs and nothing else: a turn asks for no more of what did not
    change."""
    fences: defaultdict[tuple[int, str], list[float]] = defaultdict(list)
    grounds = {count: _filled(run, count, owners) for count, owners in _SIZES.items()}
    for _ in range(run.rounds * _TURNS * 2):
        for count, ground in grounds.items():
            turned = ground.turn(run_folder(ground, "turns"))
            fences[count, turned.way].append(turned.fence * 1000)
            fences[count, f"{turned.way}, the whole command"].append(turned.whole * 1000)
    few, many = _SIZES
    figures = []
    for way in ("cutover", "rollback", "cutover, the whole command"):
        ours, floor = (statistics.median(fences[count, way]) for count in (many, few))
        most = None if "whole" in way else _FLAT * floor
        name = f"move: {way}, {many:,} images against {few:,}"
        figures.append(Figure(name, ours, "ms", floor, at_most=most))
    return figures


def _filled(run: Run, count: int, owners: int) -> Ground:
    each = count // owners // _MONTHS
    tree = trees.fresh(run.folder / f"migrate-{count}", [])
    ground = Ground(tree, "size")
    with ground.claimed(run_folder(ground, "turns")) as opened:
        for owner in trees.owners(owners):
            found: defaultdict[str, list[tuple[Record, Seen]]] = defaultdict(list)
            for month in range(_MONTHS):
                for record in trees.records(Plan(owner, month, each)):
                    found[record.month].append((record, Seen(1, record.created_at)))
            for library in (opened.source, opened.target):
                with library.catalog.lock(owner):
                    for month_name, pairs in found.items():
                        library.catalog.rebuild(owner, month_name, pairs)
    with psycopg.connect(ground.database, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return ground
