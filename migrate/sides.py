"""The two sides of a move: a library as it is, and the stores that it moves to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gallery import backends, generation
from gallery.errors import StartRefused
from gallery.library import Library
from gallery.settings import Settings


@dataclass(frozen=True, slots=True)
class Sides:
    """The same library twice: where its images are, and where they go."""

    source: Library
    target: Library


def other(settings: Settings) -> Settings:
    """The settings of the other side. Raises StartRefused when no whole one is named."""
    there = generation.other(settings)
    if there is None or settings.blobs == there.blobs or settings.catalog == there.catalog:
        raise StartRefused("GALLERY_NEXT_BLOBS and GALLERY_NEXT_CATALOG: name both new stores")
    return there


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
        there = Library(*backends.stores(other(settings)))
        if claim:
            there.blobs.claim(here.blobs.library, here.blobs.secret())
        stack.callback(there.close)
        there.start(recover=False)
        there.blobs.check()
        yield Sides(here, there)


def _check(known: str | None, library: str, *, claim: bool) -> None:
    """Before the images' new place is marked: the catalog there may be another library's."""
    if known is None and not claim:
        raise StartRefused("the new catalog knows no library: copy is what makes it this one's")
    if known not in (None, library):
        raise StartRefused(f"the new catalog is of another library, {known}")
