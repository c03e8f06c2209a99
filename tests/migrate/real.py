"""A library that real commands move to a bucket and a database: from files, or from others."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from gallery import backends, keys
from gallery.generation import Record
from gallery.library import Library
from gallery.settings import Settings
from tests import databases, services
from tests.databases import Database
from tests.http.server import environment
from tests.migrate.moves import stored
from tests.samples import eventually, put
from tests.services.proxy import Fault, Proxy

KILLED = -9
_HERE = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command."""

    code: int
    said: Any
    complained: str

    def refused(self, why: str) -> None:
        """It could not be done, and said so in a line."""
        assert self.code == 2, (self.code, self.said, self.complained)
        assert why in self.complained.splitlines()[-1], self.complained
        assert "Traceback" not in self.complained


@dataclass(slots=True)
class Sleeping:
    """A command that sleeps, and later what became of it."""

    process: subprocess.Popen[bytes]
    ran: Ran = field(init=False)


class Ground:
    """``root`` holds the files and the run folder. Commands reach ``server``, an object store,
    by ``proxy``."""

    def __init__(
        self, root: Path, database: Database | None = None, *, server: str = "swift",
        here: Literal["files", "services"] = "files",
    ) -> None:  # fmt: skip
        self.root = root
        self.database = database or databases.database()
        self.store = services.s3(server)
        self.proxy = Proxy(self.store.server.port)
        self.there = {"blobs": self.store.url, "catalog": self.database.create()}
        self.here: dict[str, Any] = {}
        if here == "services":
            self.here = {"blobs": services.s3(server).url, "catalog": self.database.create()}

    @property
    def settings(self) -> dict[str, Any]:
        """Of a process that can live on both sides."""
        return self.here | {f"next_{name}": to for name, to in self.there.items()}

    # -- commands ---------------------------------------------------------------------------

    def begin(
        self, *arguments: str, at: tuple[str, int] | None = None, how: str = "SIGKILL",
        under: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        """A command that gets a signal ``at`` a step; ``under`` is one that becomes it."""
        program = ["tests.migrate.dying", how, at[0], str(at[1])] if at else ["migrate"]
        return subprocess.Popen(
            [*under, sys.executable, "-m", *program, *arguments, "--json"],
            cwd=self.root, env=environment(self.root, **self.settings) | self._leading(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    @contextmanager
    def stopped(self, step: str, *arguments: str, number: int = 1) -> Iterator[Sleeping]:
        """A command that sleeps at a step while the block runs; afterwards what came of it."""
        process = self.begin(*arguments, at=(step, number), how="SIGSTOP")
        eventually(lambda: _is_stopped(process), seconds=60)
        sleeping = Sleeping(process)
        try:
            yield sleeping
        finally:
            process.send_signal(signal.SIGCONT)
            sleeping.ran = ended(process)

    def _leading(self) -> dict[str, str]:
        return self.store.variables(self.proxy.port) | {"PYTHONPATH": _HERE}

    def run(self, *arguments: str, die: tuple[str, int] | None = None) -> Ran:
        """``die`` is the step at which it is killed."""
        return ended(self.begin(*arguments, at=die))

    def turned(self, turn: str) -> None:
        """Repeated while it is too early for it."""

        def done() -> bool:
            ran = self.run(turn, "--budget", "20")
            assert ran.code == 0 or is_early(ran), ran.complained
            return ran.code == 0

        eventually(done, seconds=240)

    def ok(self, *arguments: str) -> Any:
        ran = self.run(*arguments)
        assert ran.code == 0, (ran.said, ran.complained)
        return ran.said

    def copied(self) -> None:
        self.ok("copy", "--plan", self.ok("plan")["digest"])

    def is_equal(self, *arguments: str) -> None:
        said = self.ok("verify", *arguments)
        assert said["root"] == said["target_root"]

    def is_level(self) -> None:
        """The same on both sides, object by object, and nothing but that."""
        self.ok("follow")
        self.is_equal()
        with self.library() as here, self.library(target=True) as there:
            assert stored(here) == stored(there)
            assert all(keys.parse(key) for key in stored(there))

    # -- looking and writing past them --------------------------------------------------------

    @contextmanager
    def library(self, *, target: bool = False) -> Iterator[Library]:
        """As one more process on this side has it."""
        stores: dict[str, Any] = {name: self.root / name for name in ("outputs", "manifests")}
        stores |= self.there if target else self.here
        with self.store.reached():
            library = Library(*backends.stores(Settings(**stores)))
            library.start()
        try:
            yield library
        finally:
            library.close()

    def fill(self, first: int, last: int, *, target: bool = False) -> None:
        """Images of these numbers."""
        with self.library(target=target) as library:
            for number in range(first, last + 1):
                put(library, number)

    @property
    def lives(self) -> str:
        """In which blobs the library lives."""
        found = Record(str(self.root / "outputs")).read()
        return found.stores.blobs if found else str(self.here.get("blobs", "file:"))

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """What commands ask of the bucket while the block runs."""
        asked: list[str] = []

        def note(data: bytes) -> bool:
            line = data.partition(b"\r\n")[0].decode(errors="replace")
            if line.endswith("HTTP/1.1"):
                asked.append(line)
            return False

        with self.proxy.broken(Fault(note)):
            yield asked


def ended(process: subprocess.Popen[bytes], seconds: float = 120) -> Ran:
    out, complained = process.communicate(timeout=seconds)
    said = orjson.loads(out) if out else None
    return Ran(process.returncode, said, complained.decode(errors="replace"))


def _is_stopped(process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, process.communicate()
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def is_early(ran: Ran) -> bool:
    """Whether it was refused for what passes by itself: a process opens the new stores, or
    more is written than can be brought in time."""
    why = ran.complained
    return ran.code == 2 and ("is not ready" in why or "more is written" in why)
