"""A move in tests: its two sides, its run folder, and each of its steps in one call."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gallery.errors import NotFound
from gallery.library import Library
from migrate import survey
from migrate.compare import Compare, Report, Verdict
from migrate.copying import Copied, Copy, Done, Policy
from migrate.folder import Folder
from migrate.follow import Follow, position_in
from migrate.journal import Journal
from migrate.pace import Pace
from migrate.progress import Progress
from migrate.sides import Sides
from migrate.survey import Survey
from migrate.walk import Only
from tests.samples import NOON, OTHER, OWNER, SECOND, ident, pixels, upload

ALL = Only()


class Move:
    """Each step opens the journal as a command of its own does."""

    def __init__(self, sides: Sides, folder: Path) -> None:
        self.sides = sides
        self.source, self.target = sides.source, sides.target
        self.folder = Folder(str(folder))
        self.position = ""

    @contextmanager
    def held(self) -> Iterator[Move]:
        with self.folder.held():
            yield self

    @contextmanager
    def _under_way(self) -> Iterator[tuple[Journal, Pace]]:
        pace = Pace()
        with self.folder.journal() as journal:
            yield journal, pace

    def plan(self, *, hashes: bool = True) -> Survey:
        self.position = self.source.catalog.changes(None).position
        return survey.Surveyor(self.source, Pace(), quiet(), hashes=hashes).run(ALL)

    def copy(
        self, only: Only = ALL, *, policy: Policy = "strict", threads: int = 4, again: bool = False
    ) -> Copied:
        with self._under_way() as (journal, pace):
            options: dict[str, Any] = {"policy": policy, "threads": threads, "again": again}
            copy = Copy(self.sides, journal, pace, quiet(), **options)
            return copy.run(only, Done() if again else Done.of(self.folder.entries()))

    def follow(self) -> str:
        with self._under_way() as (journal, pace):
            start = position_in(self.folder.entries(), {"position": self.position})
            return Follow(self.sides, journal, pace).run(start, self.folder.entries())

    def verify(self, only: Only = ALL, **options: Any) -> tuple[Report, list[str]]:
        said: list[Verdict] = []
        report = Compare(self.sides, Pace(), quiet(), said.append, **options).run(only)
        return report, [str(verdict) for verdict in said if verdict.sign != "="]

    def is_equal(self) -> None:
        report, said = self.verify()
        assert (report.exit_code, said) == (0, [])
        assert report.root == report.other_root

    def all(self) -> None:
        self.plan()
        self.copy()
        self.follow()


def quiet() -> Progress:
    return Progress("", to=io.StringIO())


def fill(library: Library, images: int = 6) -> None:
    """Images of two owners in three kinds and months, some changed, some in the trash."""

    month = 31 * 86_400 * SECOND
    for n in range(1, images + 1):
        owner = OTHER if n % 3 == 0 else OWNER
        kind = ("output", "output", "input", "control")[n % 4]
        upload(
            library, pixels(n), owner=owner, id=ident(n), kind=kind,
            created_at=NOON - n % 3 * month, prompt=f"붉은 다리 {n}", extra={"theirs": {"n": n}},
        )  # fmt: skip
        if n % 2 == 0:
            library.edit(owner, ident(n), tags=("bridge", f"number {n}"), favorite=True)
        if n % 5 == 0:
            library.trash(owner, ident(n))


def body(library: Library, key: str) -> bytes | None:
    try:
        return library.blobs.read(key)
    except NotFound:
        return None


def stored(library: Library) -> dict[str, bytes]:
    """Every object of users."""
    names = [found.key for found in library.blobs.list("users/")]
    with ThreadPoolExecutor(8) as pool:
        return dict(zip(names, pool.map(library.blobs.read, names), strict=True))
