"""The run folder of a move.

plan.json         what was found before anything was copied
journal.jsonl     what was done
report.json       what the last verify came to
manifest.sha256   the hashes of the originals, as ``sha256sum -c`` reads them
lock              held by the one process that works on the move
pause             while it is there, nothing is copied
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TextIO

import orjson

from gallery.durable import replace_file, trying
from gallery.errors import NotFound, StartRefused, storage
from migrate.journal import Journal, entries


@contextmanager
def alone(path: str, who: str) -> Iterator[None]:
    """Holds the lock at ``path``. Raises StartRefused when somebody has it."""
    with ExitStack() as stack:
        with storage(path, ours=True):
            held = stack.enter_context(trying(path))
        if not held:
            raise StartRefused(f"{who} works on this move")
        yield


class Folder:
    """The files of one move."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self.plan_path = os.path.join(self.path, "plan.json")
        self.journal_path = os.path.join(self.path, "journal.jsonl")
        self.report_path = os.path.join(self.path, "report.json")
        self._hashes = os.path.join(self.path, "manifest.sha256")
        self._pause = os.path.join(self.path, "pause")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the move against every other process. Raises StartRefused when one has it."""
        with storage(self.path):
            os.makedirs(self.path, exist_ok=True)
        with alone(os.path.join(self.path, "lock"), f"{self.path}: another process"):
            yield

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        journal = Journal(self.journal_path)
        try:
            yield journal
        finally:
            journal.close()

    def entries(self) -> Iterator[dict[str, Any]]:
        return entries(self.journal_path)

    # -- the plan ---------------------------------------------------------------------------

    def write_plan(self, plan: dict[str, Any]) -> str:
        """Writes the plan, and gives its digest."""
        self.write(self.plan_path, plan)
        return digest(plan)

    def plan(self, wanted: str | None = None) -> dict[str, Any]:
        """The plan, which must be the one with the digest that is ``wanted``. Raises
        StartRefused."""
        try:
            with open(self.plan_path, "rb") as file:
                plan: dict[str, Any] = orjson.loads(file.read())
        except (OSError, orjson.JSONDecodeError) as error:
            raise StartRefused(f"{self.plan_path}: {error}; make a plan first") from error
        if wanted is not None and wanted != digest(plan):
            raise StartRefused(f"the plan is {digest(plan)} now, not {wanted}: look at it again")
        return plan

    @property
    def has_plan(self) -> bool:
        return os.path.exists(self.plan_path)

    def report(self) -> dict[str, Any] | None:
        """What the last verify came to; None without one."""
        try:
            with storage(self.report_path), open(self.report_path, "rb") as file:
                report: dict[str, Any] = orjson.loads(file.read())
                return report
        except (NotFound, orjson.JSONDecodeError):
            return None

    @contextmanager
    def hashes(self) -> Iterator[TextIO]:
        """To be written to, anew."""
        with storage(self._hashes), open(self._hashes, "w", encoding="utf-8") as file:
            yield file

    @property
    def is_held(self) -> bool:
        """Whether a process works on the move."""
        path = os.path.join(self.path, "lock")
        if not os.path.exists(path):
            return False
        with storage(path), trying(path) as free:
            return not free

    def write(self, path: str, content: dict[str, Any]) -> None:
        with storage(path):
            replace_file(path, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")

    # -- pausing ----------------------------------------------------------------------------

    @property
    def is_paused(self) -> bool:
        return os.path.exists(self._pause)

    def pause(self, *, on: bool) -> None:
        with storage(self._pause):
            if on:
                os.makedirs(self.path, exist_ok=True)
                replace_file(self._pause, b"")
            elif self.is_paused:
                os.unlink(self._pause)


def digest(plan: dict[str, Any]) -> str:
    """Short enough to be typed, and of all that the plan says."""
    return hashlib.sha256(orjson.dumps(plan, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
