"""A library in files, and a bucket and a database that it moves to; and its commands."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from bench.servers import Failed, Server, environment, gallery
from bench.trees import Tree
from gallery import dwelling
from gallery.generation import Stores
from gallery.settings import Settings, load
from migrate import commands, planning, sides
from migrate.copying import THREADS
from migrate.folder import Folder
from migrate.pace import Limits
from migrate.sides import Sides
from migrate.walk import Only
from tests import databases, services
from tests.services.s3 import Store

_EARLY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Turned:
    """Which turn it was, how long writers waited, and how long the command took; and how often
    it was refused before, because more was written than could be brought."""

    way: Literal["cutover", "rollback"]
    fence: float
    whole: float
    refused: int = 0


class Ground:
    """Each has a bucket, a database and a run folder of its own. The environment must lead to
    the bucket."""

    def __init__(self, tree: Tree, name: str, server: str = "swift") -> None:
        self.tree = tree
        self.store: Store = services.s3(server)
        self.database = databases.database().create()
        self.path = tree.root / f"run-{name}-{self.store.bucket}"

    @property
    def settings(self) -> Settings:
        return load(
            outputs=self.tree.outputs,
            manifests=self.tree.manifests,
            next_blobs=self.store.url,
            next_catalog=self.database,
        )

    def served(self, *, walks: bool) -> AbstractContextManager[Server]:
        return gallery(
            self.tree, walks=walks,
            GALLERY_NEXT_BLOBS=self.store.url, GALLERY_NEXT_CATALOG=self.database,
        )  # fmt: skip

    # -- steps, in this process -----------------------------------------------------------------

    def plan(self, folder: Folder) -> str:
        return str(planning.plan(self.settings, folder, Limits(), hashes=False)["digest"])

    def copy(self, folder: Folder, digest: str) -> float:
        """Seconds that it takes, with the opening of both sides. Raises Failed."""
        began = time.perf_counter()
        done = commands.copy(
            self.settings, folder, Limits(), Only(),
            wanted=digest, policy="strict", threads=THREADS,
        )  # fmt: skip
        if not done["ended"]:
            raise Failed(f"copying: {done}")
        return time.perf_counter() - began

    @contextmanager
    def claimed(self, folder: Folder) -> Iterator[Sides]:
        """Both sides, for somebody who fills them; then they are those of a move that was
        planned and copied."""
        with folder.held(), sides.both(self.settings, claim=True) as opened:
            yield opened
            folder.write_plan(
                {
                    "library": opened.source.blobs.library,
                    "from": asdict(Stores.of(self.settings)),
                    "to": asdict(Stores.of(sides.other(self.settings))),
                    "position": opened.source.catalog.changes(None).position,
                }
            )

    def turn(self, folder: Folder) -> Turned:
        """To the other side, wherever it lives now."""
        began, settings = time.perf_counter(), dwelling.active(self.settings)
        back = settings.blobs != self.settings.blobs
        done = commands.turn(settings, folder, "from" if back else "to", budget=5.0, wait=10.0)
        way: Literal["cutover", "rollback"] = "rollback" if back else "cutover"
        return Turned(way, done["seconds"], time.perf_counter() - began)

    # -- commands as they are typed ---------------------------------------------------------------

    def types(self, *arguments: str) -> Any:
        """What a command answers. Raises Failed."""
        done = self._typed(*arguments)
        if done.returncode:
            raise Failed(f"{' '.join(arguments)}: {done.stderr.decode()[-1_000:]}")
        return orjson.loads(done.stdout)

    def turns(self, way: Literal["cutover", "rollback"]) -> Turned:
        """Typed again while a process is just opening the other stores, and while it is
        refused, which others' work on the machine may do as well. Raises Failed."""
        until, refused = time.monotonic() + _EARLY_SECONDS, 0
        while True:
            began = time.perf_counter()
            done = self._typed(way)
            if done.returncode == 0:
                seconds = float(orjson.loads(done.stdout)["seconds"])
                return Turned(way, seconds, time.perf_counter() - began, refused)
            refused += b"more is written" in done.stderr
            is_early = b"is not ready" in done.stderr or b"more is written" in done.stderr
            if not is_early or time.monotonic() > until:
                raise Failed(f"{way}: {done.stderr.decode()[-1_000:]}")

    def _typed(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        variables = environment(
            GALLERY_OUTPUTS=str(self.tree.outputs),
            GALLERY_MANIFESTS=str(self.tree.manifests),
            GALLERY_NEXT_BLOBS=self.store.url,
            GALLERY_NEXT_CATALOG=self.database,
        )
        return subprocess.run(
            [sys.executable, "-m", "migrate", *arguments, "--run", str(self.path), "--json"],
            env=variables, cwd=self.tree.root, capture_output=True, timeout=600, check=False,
        )  # fmt: skip


def run_folder(ground: Ground, name: str) -> Folder:
    return Folder(str(Path(f"{ground.path}-{name}")))
