"""What other programs drop into the tree: how soon it is listed, alone and by the thousand.

Files are written under their names at once, as a generator that knows nothing of us does.
The floor of the many is the pool that the server uses, inspecting the same files.
"""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from PIL import Image

from bench import photos, trees
from bench.figures import Figure
from bench.load import Client, Get
from bench.part import Run
from bench.servers import Failed, gallery
from bench.trees import Plan, Tree
from gallery.imaging import Imaging

_FILES, _FOLDERS = 10_000, 1_000
_SIDE = 512
_PICTURES = 32
_SINGLE_LIMIT = 30.0
_MANY_LIMIT = 900.0


def measure(run: Run) -> list[Figure]:
    pictures = _pictures(run)
    shutil.rmtree(run.folder / "watch", ignore_errors=True)
    tree = trees.make(run.folder / "watch", [Plan(trees.owners(1)[0], 0, 1)])
    with gallery(tree) as server:
        watched = _Watched(tree, Client(server), pictures)
        alone = [watched.one() for _ in range(2 * run.rounds)]
        seconds, paths = watched.many()
    floor = _floor(paths)
    shutil.rmtree(tree.root)
    return [
        Figure("watch: a dropped file is listed", statistics.median(alone), "s", at_most=1.0),
        Figure("watch: the slowest of them", max(alone), "s"),
        Figure(
            f"watch: {_FILES:,} files dropped over {_FOLDERS:,} folders",
            *(_FILES / seconds, "files/s", _FILES / floor),
            at_least=1 / 1.5,
        ),
    ]


def _pictures(run: Run) -> list[bytes]:
    """JPEGs of half the side, so that ten thousand of them fit everywhere."""
    found = []
    for path in photos.make(run.folder / "photos", _PICTURES):
        with Image.open(path) as image:
            image.thumbnail((_SIDE, _SIDE))
            small = BytesIO()
            image.save(small, "JPEG", quality=85)
            found.append(small.getvalue())
    return found


class _Watched:
    """One owner's tree, into which others write, and the list that shows it."""

    def __init__(self, tree: Tree, client: Client, pictures: list[bytes]) -> None:
        self._client = client
        self._owner = tree.owners[0]
        self._home = tree.outputs / "users" / self._owner
        self._get = Get("/api/v1/images?page=1&size=1", {"Cookie": tree.cookie(self._owner)})
        self._pictures = itertools.cycle(pictures)

    def one(self) -> float:
        """Seconds until a file that is dropped today is listed."""
        before = self._total()
        began = time.perf_counter()
        self._drop(datetime.now(UTC).date())
        _until(lambda: self._total() == before + 1, _SINGLE_LIMIT, 0.005)
        return time.perf_counter() - began

    def many(self) -> tuple[float, list[str]]:
        """Seconds until many files are all listed, from the first that is written; and
        their paths."""
        before, first = self._total(), date(2023, 1, 1)
        began = time.perf_counter()
        paths = [
            self._drop(first + timedelta(days=number * _FOLDERS // _FILES))
            for number in range(_FILES)
        ]
        _until(lambda: self._total() == before + _FILES, _MANY_LIMIT, 0.1)
        return time.perf_counter() - began, paths

    def _drop(self, day: date) -> str:
        path = self._home / f"{day:%Y/%m/%d}" / f"{uuid.uuid4().hex}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(next(self._pictures))
        return str(path)

    def _total(self) -> int:
        return int(self._client.json(self._get)["total"])


def _until(true: Callable[[], bool], limit: float, pause: float) -> None:
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            raise Failed(f"what was dropped is not listed after {limit:g} s")
        time.sleep(pause)


def _floor(paths: list[str]) -> float:
    """Seconds that the pool takes to inspect these files, and to do nothing else."""
    imaging = Imaging(workers=len(os.sched_getaffinity(0)), max_pixels=50_000_000)
    imaging.start()
    try:
        imaging.inspect(paths[0]).result()
        began = time.perf_counter()
        for answer in [imaging.inspect(path) for path in paths]:
            answer.result()
        return time.perf_counter() - began
    finally:
        imaging.close()
