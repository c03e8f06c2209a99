"""An operator in tests: a library on this machine, where it may move to, and the commands as
they are typed."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery import backends, dwelling
from gallery.library import Library
from gallery.settings import Settings, load
from migrate.__main__ import main
from tests import databases, services
from tests.http.server import environment
from tests.samples import NOON

ROOT = Path(__file__).parents[2]
IMAGES = 6
"""Of the library that tests move."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


class Operator:
    """``here`` and ``there`` are pairs of GALLERY_BLOBS and GALLERY_CATALOG."""

    def __init__(self, root: Path, here: tuple[str, str], there: tuple[str, str]) -> None:
        self.root, self.here, self.there = root, here, there

    @property
    def settings(self) -> dict[str, str]:
        (blobs, catalog), (next_blobs, next_catalog) = self.here, self.there
        return {
            "blobs": blobs, "catalog": catalog,
            "next_blobs": next_blobs, "next_catalog": next_catalog,
        }  # fmt: skip

    def types(self, *arguments: str, **settings: str) -> Result:
        """In this process: what a command imports takes longer than what it does."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with (
            pytest.MonkeyPatch.context() as patched,
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name in [name for name in os.environ if name.startswith("GALLERY_")]:
                patched.delenv(name)
            for name, value in self._environment(settings).items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["migrate", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        said = [wrapped.buffer.getvalue().decode() for wrapped in (out, err)]
        return Result(int(ended.value.code or 0), *said)

    def types_in_a_shell(self, *arguments: str, path: str = "") -> Result:
        """In a process of its own, which looks for packages in this folder first."""
        found = os.pathsep.join(filter(None, [path, str(ROOT)]))
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=self.root,
            env=self._environment({}) | {"PYTHONPATH": found},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def typing(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """While a command goes on, in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "migrate", *arguments], cwd=self.root,
            env=self._environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        return environment(self.root, **self.settings | settings)

    def told(self, *arguments: str, code: int = 0, **settings: str) -> Any:
        """What a command answers with ``--json``, which is all that it prints."""
        done = self.types(*arguments, "--json", **settings)
        assert done.returncode == code, done.stdout + done.stderr
        return orjson.loads(done.stdout)

    def refused(self, *arguments: str, **settings: str) -> str:
        """The one line of a command that could not do its work."""
        done = self.types(*arguments, "--json", **settings)
        assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
        line = done.stderr.splitlines()[-1]
        assert line.startswith("gallery: "), done.stderr
        return line

    def opened(self, pair: tuple[str, str]) -> Library:
        """The library in one of the pairs, for the caller to close."""
        (blobs, catalog), root = pair, self.root
        folders = {"outputs": root / "outputs", "manifests": root / "manifests"}
        settings = load(**folders, blobs=blobs, catalog=catalog)
        library = Library(*backends.stores(settings), clock=lambda: NOON)
        library.start(recover=False)
        return library

    def loaded(self) -> Settings:
        """The settings, with the stores where the library lives now."""
        folders = {"outputs": self.root / "outputs", "manifests": self.root / "manifests"}
        return dwelling.active(load(**folders, **self.settings))

    def library(self) -> contextlib.closing[Library]:
        """Where it lives before it moves."""
        return contextlib.closing(self.opened(self.here))

    def copied(self) -> str:
        """The digest of the plan by which all was copied."""
        digest: str = self.told("plan")["digest"]
        self.told("copy", "--plan", digest)
        return digest


def to_services(root: Path) -> Operator:
    """From files to a bucket and a database. The environment must lead to the bucket."""
    there = (services.s3().url, databases.database().create())
    return Operator(root, ("file:", "manifest:"), there)


def states_of(found: Any) -> dict[str, str]:
    """Each finding of a preflight, and how it was."""
    return {one["what"]: one["state"] for one in found["findings"]}
