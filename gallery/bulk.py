"""One change of many images: carried out once whatever stops it, and undone as a whole.

    operation   its lock { journal: what is asked for;  then each hundred items, as ``batches``
                           changes them }
    undo        the same, for the items that are still as the operation left them

Whatever a crash leaves, the next who sends the same request goes on with.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import orjson

from gallery import keys
from gallery.batches import Batches
from gallery.catalog import Page
from gallery.changes import Alter, restored, trashed
from gallery.errors import Conflict, Moved, NotFound, StorageFull, Unavailable, Unprocessable
from gallery.journal import Journal, Outcome, Report, Wanted
from gallery.library import Library
from gallery.records import Record

BATCH = 100
MOST = 10_000
MOST_TAGS = 100
_PAGE = 500


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
        except StorageFull:
            if not self._library.blobs.make_room():
                raise
            return self.run(owner, wanted, op)

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
            self._batches(journal).do(_alteration(wanted, self._library.clock))
            return journal.report(journal.do)

    def status(self, owner: str, op: str) -> Report:
        """How far an operation has come. Raises NotFound."""
        journal = self._known(owner, op)
        return journal.report(journal.do)

    def undo(self, owner: str, op: str, *, as_left: bool = False) -> Report:
        """Gives back what the operation changed, where nobody has changed it since; with
        ``as_left`` also where it is again as the operation left it. One that was cut short is
        over then: what it had not come to fails as cancelled. Raises NotFound."""
        try:
            return self._undo(owner, op, as_left)
        except Moved:
            return self._elsewhere().undo(owner, op, as_left=as_left)

    def _undo(self, owner: str, op: str, as_left: bool) -> Report:
        self._known(owner, op)
        with suppress(Unavailable):
            self._bring(owner, op)
        with self._log.lock(owner, op):
            journal = self._known(owner, op)
            batches = self._batches(journal)
            batches.do(_cancelled)
            batches.undo(as_left=as_left)
            return journal.report(journal.undo)

    def _batches(self, journal: Journal) -> Batches:
        return Batches(self._library, journal, self._batch)

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

    # -- where the library moved ------------------------------------------------------------

    def _elsewhere(self) -> Bulk:
        """The same where the library lives since it moved. Raises Moved when that is here."""
        there = self._library.elsewhere()
        if there is None:
            raise Moved
        return Bulk(there, batch=self._batch)

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
