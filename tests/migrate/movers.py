"""A library on files that moves to a bucket and a database, by the real commands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gallery.settings import Settings
from tests import databases, services
from tests.http.server import Server, environment, served


@dataclass(frozen=True, slots=True)
class Mover:
    """``root`` holds the tree, the manifests and the run folder."""

    root: Path
    blobs: str
    catalog: str

    @property
    def settings(self) -> dict[str, Any]:
        """Of a process that can live on both sides."""
        return {"next_blobs": self.blobs, "next_catalog": self.catalog}

    @property
    def apart(self) -> dict[str, Any]:
        """Of a process on a machine that has bucket and database only."""
        return {"blobs": self.blobs, "catalog": self.catalog}

    def loaded(self, root: Path | None = None, **settings: Any) -> Settings:
        at = root or self.root
        return Settings(outputs=at / "outputs", manifests=at / "manifests", **settings)

    def served(self, **settings: Any) -> AbstractContextManager[Server]:
        return served(self.root, **self.settings | settings)

    def served_apart(self, folder: Path, **settings: Any) -> AbstractContextManager[Server]:
        folder.mkdir(exist_ok=True)
        return served(folder, **self.apart | settings)

    def run(self, *arguments: str, module: str = "migrate") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root, env=environment(self.root, **self.settings),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def ok(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return orjson.loads(done.stdout)

    def copied(self) -> None:
        self.ok("copy", "--plan", self.ok("plan")["digest"])

    def turned(self, how: str) -> None:
        """By a command that may have to be repeated until each process is ready."""
        for _ in range(60):
            done = self.run(how)
            if done.returncode == 0:
                return
            assert "is not ready" in done.stderr, done.stderr
        raise AssertionError(done.stderr)


@contextmanager
def mover(root: Path) -> Iterator[Mover]:
    store = services.s3()
    with databases.lent() as catalog, store.reached():
        yield Mover(root, store.url, catalog)
