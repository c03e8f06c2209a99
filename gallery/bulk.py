"""One change of many images: carried out once whatever stops it, and undone as a whole.

    operation   its lock { journal: what is asked for;  then for each hundred items
                    the owner's lock { journal: INTENTS;  each item, as the library changes
                                       one;  journal: OUTCOMES } }
    undo        the same, for the items that are still as the operation left them

Whatever a crash leaves, the next who sends the same request goes on with: an item that has
its intent's etag was changed before the end, and is not changed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import orjson

from gallery import keys
from gallery.catalog import Entry, Page
from gallery.changes import Alter, altered, restored, trashed
from gallery.errors import (
    Conflict,
    GalleryError,
    Moved,
    NotFound,
    Unavailable,
    Unprocessable,
)
from gallery.journal import Intent, Journal, Outcome, Phase, Report, Wanted
from gallery.library import Library
from gallery.records import Record

BATCH = 100
MOST = 10_000
MOST_TAGS = 100
_PAUSE = 0.001
"""Seconds between two batches. A lock file is not handed on in turn: who waits for it gets
it only while nobody else wants it."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that is about to be made."""

    before: Record
    after: Record
    intent: Intent


Plan = Callable[[str], Outcome | Planned]


class Bulk:
    """Operations on the images of one owner at a time. Methods block."""

    def __init__(self, library: Library, *, batch: int = BATCH) -> None:
        self._library = library
        self._log = library.catalog.ops
        self._batch = batch

    def run(self, owner: str, wanted: Wanted, op: str | None = None) -> Report:
        """Carries out what is wanted, or the rest of it if ``op`` has begun. Raises
        Unprocessable when ``op`` was another request, or a filter finds too many."""
        op = op or keys.new_id()
        try:
            return self._run(owner, wanted, op)
        except Moved:
            return self._elsewhere().run(owner, wanted, op)

    def _elsewhere(self) -> Bulk:
        """The same where the library lives since it moved. Raises Moved when that is here."""
        if self._library.successor is None or not self._library.has_moved():
            raise Moved
        return Bulk(self._library.successor, batch=self._batch)

    def _bring(self, owner: str, op: str) -> None:
        """Brings what the journal of an operation says more where the library lived before."""
        there = self._library.successor
        theirs = there.catalog.ops.read(owner, op) if there else []
        if len(theirs) > len(self._log.read(owner, op)):
            with self._log.lock(owner, op):
                ours = self._log.read(owner, op)
                if ours == theirs[: len(ours)]:
                    for entry in theirs[len(ours) :]:
                        self._log.append(owner, op, entry)

    def _run(self, owner: str, wanted: Wanted, op: str) -> Report:
        with suppress(Unavailable):  # what is away must not keep anybody from changing anything
            self._bring(owner, op)
        if not self._library.catalog.months(owner) and not self._log.read(owner, op):
            # Who never had images gets no folder for having asked.
            ids = _distinct(wanted.ids or ())
            return Report(op, wanted.action, len(ids), [Outcome(id, "not_found") for id in ids])
        with self._log.lock(owner, op):
            journal = Journal.read(self._log, owner, op)
            if journal is None:
                ids = self._ids(owner, wanted)
                journal = Journal.begin(self._log, owner, op, wanted, ids)
            elif journal.request != wanted.digest():
                raise Unprocessable("This op was another request", code="key_reused")
            alter = _alteration(wanted, self._library.clock)
            self._work_off(journal, journal.do, partial(self._forward, journal, alter))
            return journal.report(journal.do)

    def status(self, owner: str, op: str) -> Report:
        """How far an operation has come. Raises NotFound."""
        journal = self._known(owner, op)
        return journal.report(journal.do)

    def undo(self, owner: str, op: str) -> Report:
        """Gives back what the operation changed, where nobody has changed it since. One
        that was cut short is over then: what it had not come to fails as cancelled. Raises
        NotFound."""
        try:
            return self._undo(owner, op)
        except Moved:
            return self._elsewhere().undo(owner, op)

    def _undo(self, owner: str, op: str) -> Report:
        self._known(owner, op)
        with suppress(Unavailable):
            self._bring(owner, op)
        with self._log.lock(owner, op):
            journal = self._known(owner, op)
            self._work_off(journal, journal.do, partial(self._forward, journal, _cancelled))
            self._work_off(journal, journal.undo, partial(self._back, journal))
            return journal.report(journal.undo)

    def _known(self, owner: str, op: str) -> Journal:
        if not self._log.read(owner, op):
            self._bring(owner, op)
        if journal := Journal.read(self._log, owner, op):
            return journal
        raise NotFound("There is no such operation", code="unknown_operation")

    def _ids(self, owner: str, wanted: Wanted) -> list[str]:
        """What the operation is about, found once, at its beginning."""
        if wanted.query is None:
            return _distinct(wanted.ids or ())
        query = replace(wanted.query, owner=owner, size=_PAGE)
        page = self._library.page(query)
        ids = _ids_on(page)
        while page.next_cursor and len(ids) <= MOST:
            page = self._library.page(query.after(page.next_cursor))
            ids += _ids_on(page)
        if len(ids) > MOST:
            raise Unprocessable(f"The filter finds more than {MOST} images", code="too_many")
        return ids

    # -- a batch at a time ----------------------------------------------------------------

    def _work_off(self, journal: Journal, phase: Phase, plan: Plan) -> None:
        pending = journal.pending(phase)
        for start in range(0, len(pending), self._batch):
            ids = pending[start : start + self._batch]
            self._library.locked(journal.owner, partial(self._carry_out, journal, phase, plan, ids))
            time.sleep(_PAUSE)

    def _carry_out(self, journal: Journal, phase: Phase, plan: Plan, ids: list[str]) -> None:
        """A batch, under the owner's lock. When it fails on the way it can be called again,
        and where that is the fault of one image, the others don't suffer for it."""
        found = [plan(id) for id in ids]
        steps = [step for step in found if isinstance(step, Planned)]
        if steps:
            journal.intend(phase, [step.intent for step in steps])
        try:
            self._library.write_all([(step.before, step.after) for step in steps])
        except Unavailable as error:
            self._check_stores(journal.owner)
            if len(ids) > 1:
                for id in ids:
                    self._carry_out(journal, phase, plan, [id])
                return
            again = plan(ids[0])
            if isinstance(again, Planned):
                again = Outcome(ids[0], "failed", again.before.rev, error.code)
            found = [again]
        journal.settle(phase, [self._outcome(step, phase) for step in found])

    def _outcome(self, step: Outcome | Planned, phase: Phase) -> Outcome:
        if isinstance(step, Outcome):
            return step
        return Outcome(step.after.id, "done" if phase.name == "do" else "undone", step.after.rev)

    def _check_stores(self, owner: str) -> None:
        """Returns when what failed was one image's alone, else raises Unavailable."""
        self._library.blobs.check()
        self._library.catalog.totals(owner)

    def _planned(self, entry: Entry, alter: Alter) -> Outcome | Planned:
        before = entry.record
        try:
            after = altered(before, alter)
        except GalleryError as error:
            return Outcome(before.id, "failed", before.rev, error.code)
        if after is None:
            return Outcome(before.id, "unchanged", before.rev)
        return Planned(before, after, Intent.of(before, after))

    def _current(self, owner: str, id: str) -> Entry | GalleryError:
        """The image, or why there is none to be had."""
        try:
            return self._library.current(owner, id)
        except Unavailable as error:
            self._check_stores(owner)
            return error
        except NotFound as error:
            return error

    # -- what becomes of an item ------------------------------------------------------------

    def _forward(self, journal: Journal, alter: Alter, id: str) -> Outcome | Planned:
        entry = self._current(journal.owner, id)
        if isinstance(entry, NotFound):
            return Outcome(id, "not_found")
        if isinstance(entry, GalleryError):
            return Outcome(id, "failed", None, entry.code)
        if intent := journal.do.intents.get(id):
            rev = entry.record.rev
            if entry.etag == intent.etag:
                return Outcome(id, "done", rev)
            if rev > intent.rev:  # by somebody else, and nobody knows on top of what
                return Outcome(id, "failed", rev, "changed")
        return self._planned(entry, alter)

    def _back(self, journal: Journal, id: str) -> Outcome | Planned:
        done = journal.do.outcomes[id]
        if done.outcome != "done":
            return Outcome(id, "unchanged", done.rev)
        intent, undoing = journal.do.intents.get(id), journal.undo.intents.get(id)
        if intent is None:
            return Outcome(id, "failed", None, "damaged_journal")
        entry = self._current(journal.owner, id)
        if isinstance(entry, NotFound):
            return Outcome(id, "gone")
        if isinstance(entry, GalleryError):
            return Outcome(id, "failed", None, entry.code)
        if undoing and entry.etag == undoing.etag:
            return Outcome(id, "undone", undoing.rev)
        if entry.etag != intent.etag:
            return Outcome(id, "changed", entry.record.rev)
        return self._planned(entry, intent.given_back)


def _ids_on(page: Page) -> list[str]:
    return [item["id"] for item in orjson.loads(b"[%b]" % b",".join(page.items))]


def _distinct(ids: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(ids))


def _alteration(wanted: Wanted, clock: Callable[[], int]) -> Alter:
    """What the action does to one image."""
    tags = wanted.tags
    alterations: dict[str, Alter] = {
        "delete": lambda record: trashed(record, clock()),
        "restore": restored,
        "tag": lambda record: _tagged(record, tags),
        "untag": lambda record: replace(
            record, tags=tuple(tag for tag in record.tags if tag not in tags)
        ),
        "favorite": lambda record: replace(record, favorite=wanted.value),
    }
    return alterations[wanted.action]


def _tagged(record: Record, tags: tuple[str, ...]) -> Record:
    together = tuple(dict.fromkeys((*record.tags, *tags)))
    if len(together) > max(MOST_TAGS, len(record.tags)):
        raise Unprocessable(f"An image has at most {MOST_TAGS} tags", code="too_many_tags")
    return replace(record, tags=together)


def _cancelled(record: Record) -> Record:
    raise Conflict(f"{record.id} was not come to before the undo", code="cancelled")
