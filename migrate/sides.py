"""The two sides of a move: a library as it is, and the stores that it moves to."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gallery import backends, dwelling, generation
from gallery.blobs import TEMPORARY, is_there
from gallery.catalog import Apart
from gallery.errors import StartRefused
from gallery.generation import Generation, Stores
from gallery.identity import signing_keys
from gallery.library import Library
from gallery.settings import Settings
from migrate.folder import alone

_HELD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Sides:
    """The same library twice: where its images are, and where they go ``to``, by the name of
    the blobs there."""

    source: Library
    target: Library
    to: str

    def servers(self) -> set[str]:
        """The ids of the server processes that are connected to the source's database."""
        catalog = self.source.catalog
        return catalog.servers() if isinstance(catalog, Apart) else set()

    def check_keys(self) -> None:
        """Keys are read when a server starts, so those that were changed since the copy cannot
        be brought by a turn. Raises StartRefused where visitors would become strangers."""
        here, there = (
            signing_keys(side.blobs, side.catalog) for side in (self.source, self.target)
        )
        if here != there:
            raise StartRefused(
                "the keys that sign cookies are others where the library goes: write them there "
                "as well, as docs/operations.md says, and restart the servers"
            )


def other(settings: Settings) -> Settings:
    """The settings of the other side. Raises StartRefused when no whole one is named."""
    there = generation.other(settings)
    if there is None or not _named_apart(settings, there):
        raise StartRefused("GALLERY_NEXT_BLOBS and GALLERY_NEXT_CATALOG: name both new stores")
    return there


def _named_apart(here: Settings, there: Settings) -> bool:
    blobs = {side.blobs.rstrip("/") for side in (here, there)}
    catalogs = {side.catalog.replace("postgres://", "postgresql://", 1) for side in (here, there)}
    return len(blobs) == len(catalogs) == 2


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """Held by the one process that writes to either side, whatever its run folder. Nobody else
    turns the library meanwhile. Raises StartRefused, also when somebody just has."""
    path = os.path.join(str(settings.outputs), ".gallery", "migration.lock")
    with alone(path, "another process, with another run folder,"):
        found = generation.record_of(settings).read()
        if found and found.stores != Stores.of(settings):
            raise StartRefused(f"the library has just turned to {found.stores}: look again")
        yield


@contextmanager
def source(settings: Settings) -> Iterator[Library]:
    """The library that is there, beside whatever servers run on it. Raises StartRefused."""
    if backends.known_library(settings) is None:
        raise StartRefused("the catalog knows no library: there is nothing to move")
    library = Library(*backends.stores(settings))
    library.start(recover=False)
    try:
        library.blobs.check()
        yield library
    finally:
        library.close()


@contextmanager
def both(settings: Settings, *, claim: bool = False) -> Iterator[Sides]:
    """Both sides. An empty place is refused, or with ``claim`` becomes the library's, with its
    keys. Raises StartRefused for a place that is another library's."""
    with ExitStack() as stack:
        here = stack.enter_context(source(settings))
        _check(backends.known_library(other(settings)), here.blobs.library, claim=claim)
        _note(settings, here)
        there = Library(*backends.stores(other(settings)))
        if claim:
            there.blobs.claim(here.blobs.library, here.blobs.secret())
        stack.callback(there.close)
        there.start(recover=False)
        there.blobs.check()
        _check_apart(here, there)
        yield Sides(here, there, other(settings).blobs)


def _check(known: str | None, library: str, *, claim: bool) -> None:
    """Before the images' new place is marked: the catalog there may be another library's."""
    if known is None and not claim:
        raise StartRefused("the new catalog knows no library: copy is what makes it this one's")
    if known not in (None, library):
        raise StartRefused(f"the new catalog is of another library, {known}")


def _check_apart(here: Library, there: Library) -> None:
    """However they are named: a bucket has more than one way to it, and a database more than
    one address. Raises StartRefused."""
    if type(here.catalog) is type(there.catalog):
        name = f"apart {uuid.uuid4().hex}"
        with there.catalog.notes.lock(name), here.catalog.notes.trying(name) as are_two:
            if not are_two:
                raise StartRefused("GALLERY_CATALOG and GALLERY_NEXT_CATALOG are one database")
    if type(here.blobs) is type(there.blobs):
        key = f"{TEMPORARY}apart-{uuid.uuid4().hex}"
        there.blobs.put(key, b"whether two stores are one")
        try:
            if is_there(here.blobs, key):
                raise StartRefused("GALLERY_BLOBS and GALLERY_NEXT_BLOBS are one place")
        finally:
            there.blobs.delete(key)


def _note(settings: Settings, here: Library) -> None:
    """Both databases say where the library lives, before the other one is anybody's to use. A
    turn that was cut short is over then. Raises StartRefused."""
    record = generation.record_of(settings)
    lives = record.read() or Generation(0, Stores.of(settings))
    _, catalog = backends.stores(other(settings))
    with ExitStack() as stack:
        notes = []
        if isinstance(catalog, Apart):
            stack.callback(catalog.close)
            catalog.start(here.blobs.library)
            notes.append(catalog.notes)
        if isinstance(here.catalog, Apart) and dwelling.noted(here.catalog.notes):
            notes.append(here.catalog.notes)
        for one in notes:
            with record.held(_HELD_SECONDS):
                dwelling.settle(record, one, record.read() or lives)
