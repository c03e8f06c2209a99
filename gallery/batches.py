"""The items of one change of many, a batch at a time.

    batch   the owner's lock { journal: INTENTS;  all sidecars;  catalog;  journal: OUTCOMES }

An item is changed as the library changes one, its sidecar before the catalog. One that has its
intent's etag was changed before a crash, and is not changed again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gallery.catalog import Entry
from gallery.changes import Alter, altered, change, op_between
from gallery.encoding import encode_sidecar
from gallery.errors import GalleryError, NotFound, Unavailable
from gallery.journal import Intent, Journal, Outcome, Phase
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Record, Seen

_PAUSE = 0.001
"""Seconds between two batches. A lock file is not handed on in turn: who waits for it gets
it only while nobody else wants it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that is about to be made."""

    before: Record
    after: Record
    intent: Intent
    sidecar: bytes


Plan = Callable[[str], Outcome | Planned]


class Batches:
    """Of the operation whose journal this is. The caller holds the operation's lock."""

    def __init__(self, library: Library, journal: Journal, size: int) -> None:
        self._library = library
        self._journal = journal
        self._size = size

    def do(self, alter: Alter) -> None:
        """Changes what has no outcome yet."""
        self._work_off(self._journal.do, partial(self._forward, alter))

    def undo(self, *, as_left: bool) -> None:
        """Gives back what is still as the operation left it; ``as_left``, what is so again too."""
        self._work_off(self._journal.undo, partial(self._back, as_left))

    def _work_off(self, phase: Phase, plan: Plan) -> None:
        pending = self._journal.pending(phase)
        for start in range(0, len(pending), self._size):
            ids = pending[start : start + self._size]
            self._library.healing.before(self._journal.owner, ids)
            self._library.locked(self._journal.owner, partial(self._carry_out, phase, plan, ids))
            time.sleep(_PAUSE)

    def _carry_out(self, phase: Phase, plan: Plan, ids: list[str]) -> None:
        """A batch, under the owner's lock. When it fails on the way it can be called again,
        and where that is the fault of one image, the others don't suffer for it."""
        found = [plan(id) for id in ids]
        steps = [step for step in found if isinstance(step, Planned)]
        if steps:
            self._journal.intend(phase, [step.intent for step in steps])
        try:
            self._write(steps)
        except Unavailable as error:
            self._check_stores()
            if len(ids) > 1:
                for id in ids:
                    self._carry_out(phase, plan, [id])
                return
            again = plan(ids[0])
            if isinstance(again, Planned):
                again = Outcome(ids[0], "failed", again.before.rev, error.code)
            found = [again]
        self._journal.settle(phase, [_outcome(step, phase) for step in found])

    def _write(self, steps: Sequence[Planned]) -> None:
        """All the sidecars, then the catalog. When it raises, any of them may have been
        changed."""
        sidecars: defaultdict[Folder, dict[str, bytes]] = defaultdict(dict)
        for step in steps:
            sidecars[step.after.folder][step.after.id] = step.sidecar
        seen: dict[str, Seen] = {}
        for folder, found in sidecars.items():
            try:
                seen |= self._library.blobs.replace_all(folder, found)
            except NotFound as error:
                raise Unavailable(f"{folder} is away") from error
        self._library.catalog.apply_all(
            [
                change(op_between(step.before, step.after), step.after, seen[step.after.id])
                for step in steps
            ]
        )

    def _check_stores(self) -> None:
        """Returns when what failed was one image's alone, else raises Unavailable."""
        self._library.blobs.check()
        self._library.catalog.totals(self._journal.owner)

    # -- what becomes of an item ------------------------------------------------------------

    def _forward(self, alter: Alter, id: str) -> Outcome | Planned:
        entry = self._current(id)
        if isinstance(entry, NotFound):
            return Outcome(id, "not_found")
        if isinstance(entry, GalleryError):
            return Outcome(id, "failed", None, entry.code)
        if intent := self._journal.do.intents.get(id):
            rev = entry.record.rev
            if entry.etag == intent.etag:
                return Outcome(id, "done", rev)
            if rev > intent.rev:  # by somebody else, and nobody knows on top of what
                return Outcome(id, "failed", rev, "changed")
        return _planned(entry, alter)

    def _back(self, as_left: bool, id: str) -> Outcome | Planned:
        journal = self._journal
        done = journal.do.outcomes[id]
        if done.outcome != "done":
            return Outcome(id, "unchanged", done.rev)
        intent, undoing = journal.do.intents.get(id), journal.undo.intents.get(id)
        if intent is None:
            return Outcome(id, "failed", None, "damaged_journal")
        entry = self._current(id)
        if isinstance(entry, NotFound):
            return Outcome(id, "gone")
        if isinstance(entry, GalleryError):
            return Outcome(id, "failed", None, entry.code)
        if undoing and entry.etag == undoing.etag:
            return Outcome(id, "undone", undoing.rev)
        if entry.etag == intent.etag or (as_left and _is_again(entry.record, intent, undoing)):
            return _planned(entry, intent.given_back)
        return Outcome(id, "changed", entry.record.rev)

    def _current(self, id: str) -> Entry | GalleryError:
        """The image, or why there is none to be had."""
        try:
            return self._library.effects.changeable(self._journal.owner, id)
        except Unavailable as error:
            self._check_stores()
            return error
        except NotFound as error:
            return error


def _is_again(record: Record, left: Intent, undoing: Intent | None) -> bool:
    """Whether later changes were taken back, so that it is as the operation left it. After a
    crash in its undo it may be so because somebody made the change again, which stays."""
    if undoing and record.rev >= undoing.rev:
        return False
    return left.is_all_of(record)


def _planned(entry: Entry, alter: Alter) -> Outcome | Planned:
    before = entry.record
    try:
        after = altered(before, alter)
        if after is None:
            return Outcome(before.id, "unchanged", before.rev)
        return Planned(before, after, Intent.of(before, after), encode_sidecar(after))
    except GalleryError as error:
        return Outcome(before.id, "failed", before.rev, error.code)


def _outcome(step: Outcome | Planned, phase: Phase) -> Outcome:
    if isinstance(step, Outcome):
        return step
    return Outcome(step.after.id, "done" if phase.name == "do" else "undone", step.after.rev)
