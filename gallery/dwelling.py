"""Whether a library lives in the stores that a process has open, and which those are at a start.

The record (``generation.py``) alone commits a turn. A catalog on another machine has a note of
it, for processes there that don't have the tree:

    {"number": 2, "blobs": "file:", "catalog": "manifest:", "done": false}

A turn closes the fence, holds the record, and writes: the note, not done; the record; the note,
done. Nothing that was acknowledged is lost, wherever that stops:

- Who writes to a database asks for its note after the fence was passed. The note "not done" goes
  over the connection that keeps the fence closed: once it is written, nobody is within, and
  whoever enters later sees it, even where the fence was lost meanwhile.
- Without the tree, a note that is not done, or names other stores, lets nobody write.
- With the tree, the record decides. Where the note differs from it, a turn is under way or was
  cut short: nobody writes until the record can be held, which its process's end allows. Then
  the record stays as it is, and the note is made to say the same.
- A place that a library is to move to gets its note, which names the place where the library
  lives, before anybody can use it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import orjson

from gallery import backends, generation
from gallery.catalog import Apart, Catalog
from gallery.catalog.notes import Notes
from gallery.errors import GalleryError, StartRefused, Unavailable
from gallery.generation import Generation, Record, Stores
from gallery.settings import Settings

log = logging.getLogger(__name__)

NOTE = "generation"
_SETTLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Noted:
    """What a note says: that the library lives there, or (not ``done``) may do so soon."""

    generation: Generation
    done: bool

    @classmethod
    def parsed(cls, body: bytes | None) -> Noted | None:
        """Raises Unavailable."""
        if body is None:
            return None
        try:
            data = orjson.loads(body)
            return cls(Generation.parsed(data), bool(data["done"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the note {NOTE} cannot be read: {error!r}") from error


def noted(notes: Notes) -> Noted | None:
    return Noted.parsed(notes.read(NOTE))


def note(notes: Notes, where: Generation, *, done: bool) -> None:
    """The caller holds the record."""
    notes.write(NOTE, orjson.dumps(where.as_json() | {"done": done}))


def agree(here: Generation, there: Noted | None) -> bool:
    """Whether a note may be as it is beside what the record says. One that is a number ahead and
    not done is of a turn that never happened."""
    if there is None or there.generation == here:
        return True
    return not there.done and there.generation.number == here.number + 1


def _disagreement(record: Record, here: Generation, there: Noted) -> str:
    return (
        f"{record.path} has the library in {here}, the database in {there.generation}: "
        "set GALLERY_OUTPUTS to the folder that it moved with, or bring that file back"
    )


# -- at a start -----------------------------------------------------------------------------


def active(settings: Settings) -> Settings:
    """The settings with the pair of stores where the library lives now. Raises StartRefused
    when that is neither of those that are named, or record and database disagree; and
    Unavailable."""
    record, first = generation.record_of(settings), Stores.of(settings)
    found = record.read()
    if found is None and not record.has_tree():
        return _as_noted(settings)
    pairs = list(_pairs(settings))
    while (now := record.read()) != found:  # it turned meanwhile
        found, pairs = now, list(_pairs(settings))
    here = found or Generation(0, first)
    for _, there in pairs:
        if there and not agree(here, there):
            raise StartRefused(_disagreement(record, here, there))
    for pair, _ in pairs:
        if Stores.of(pair) == here.stores:
            return pair
    raise StartRefused(f"the library moved to {here.stores}, which no setting names")


def _as_noted(settings: Settings) -> Settings:
    """Without a tree the newest note is right: if it is done, and there is one."""
    pairs = list(_pairs(settings))
    notes = [there for _, there in pairs if there]
    if not notes:
        return settings
    newest = max(notes, key=lambda there: (there.generation.number, not there.done))
    for pair, _ in pairs:
        if newest.done and Stores.of(pair) == newest.generation.stores:
            return pair
    raise StartRefused(
        f"the library {'lives in' if newest.done else 'was to turn to'} {newest.generation}, says "
        f"the database: name these stores, and the folder that it moved with (GALLERY_OUTPUTS)"
    )


def _pairs(settings: Settings) -> Iterator[tuple[Settings, Noted | None]]:
    """The pairs that are named, each with its note, if it can be reached. The one that is not in
    use may be away."""
    other = generation.other(settings)
    for pair in (settings, other):
        if pair is None:
            continue
        there = None
        try:
            there = Noted.parsed(backends.noted(pair, NOTE))
        except StartRefused as error:
            if other is not None:  # else the start says so
                log.warning(
                    "%s cannot be asked where the library lives: %s", Stores.of(pair), error
                )
        yield pair, there


# -- while it runs --------------------------------------------------------------------------


class Dwelling:
    """A pair of stores as one process has it open. ``first`` are the stores where the library
    lives while nothing is written down."""

    def __init__(self, settings: Settings, first: Stores | None = None) -> None:
        self._stores = Stores.of(settings)
        self._first = first or self._stores
        self._record = generation.record_of(settings)
        self._notes: Notes | None = None

    def has_note_in(self, catalog: Catalog) -> None:
        """To be called when the stores are made."""
        if isinstance(catalog, Apart):
            self._notes = catalog.notes

    def has_left(self) -> bool:
        """Whether the record has the library elsewhere: at once, and no more than that."""
        with suppress(Unavailable):
            found = self._record.read()
            return (found.stores if found else self._first) != self._stores
        return False

    def has_moved(self) -> bool:
        """Whether nothing can be changed here any more, as a writer asks within the fence.
        Raises Unavailable while that cannot be told."""
        if self._notes is None:
            found = self._record.read()
            return (found.stores if found else self._first) != self._stores
        here, there = self._here(), noted(self._notes)
        if here is None:
            return self._is_noted_elsewhere(there)
        if here.stores != self._stores:
            return True
        if there and there != Noted(here, done=True):
            self.settle()
            return self.has_left()
        return False

    def _here(self) -> Generation | None:
        """What the record says; None without a tree, or while that is away."""
        with suppress(Unavailable):
            found = self._record.read()
            if found or self._record.has_tree():
                return found or Generation(0, self._first)
        return None

    def _is_noted_elsewhere(self, there: Noted | None) -> bool:
        if there is None:
            return self._stores != self._first
        if not there.done:
            raise Unavailable(f"the library may turn to {there.generation}")
        return there.generation.stores != self._stores

    def begin(self) -> None:
        """At a start, which happens also while the note cannot be written."""
        try:
            self.settle()
        except GalleryError as error:
            log.warning("the note of where the library lives stays as it is: %s", error)

    def settle(self) -> None:
        """Has the note say what the record says, unless a turn is under way. Raises
        Unavailable when they disagree."""
        if self._notes is None or self._here() is None:
            return
        with self._record.held(_SETTLE_SECONDS):
            here = self._here()
            if here is not None and (here.number or noted(self._notes)):
                settle(self._record, self._notes, here)


def settle(record: Record, notes: Notes, here: Generation) -> None:
    """The note says what the record says. The caller holds that. Raises Unavailable when a
    note is there that cannot be of this library's past."""
    there = noted(notes)
    if there and not agree(here, there):
        raise Unavailable(_disagreement(record, here, there))
    if there != Noted(here, done=True):
        note(notes, here, done=True)


def turn(record: Record, catalogs: tuple[Catalog, ...], after: Generation, seconds: float) -> None:
    """Writes down that the library lives elsewhere now. The caller keeps all writers waiting.
    Raises GalleryError when it doesn't."""
    notes = [catalog.notes for catalog in catalogs if isinstance(catalog, Apart)]
    with record.held(seconds):
        try:
            for one in notes:
                note(one, after, done=False)
            record.write(after)
        finally:
            if now := record.read():
                for one in notes:
                    _end(one, now)


def _end(notes: Notes, now: Generation) -> None:
    try:
        note(notes, now, done=True)
    except GalleryError as error:
        log.warning("the note of %s is left for the next writer to end: %s", now, error)
