"""The two sides of a move: a library as it is, and the stores that it moves to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from gallery import backends
from gallery.errors import StartRefused
from gallery.library import Library
from gallery.settings import Settings


@dataclass(frozen=True, slots=True)
class Sides:
    """The same library twice: where its images are, and where they go."""

    source: Library
    target: Library


def next_settings(settings: Settings) -> Settings:
    """The settings as they will be after the move. Raises StartRefused."""
    blobs = settings.next_blobs or settings.blobs
    catalog = settings.next_catalog or settings.catalog
    if blobs == settings.blobs or catalog == settings.catalog:
        raise StartRefused("GALLERY_NEXT_BLOBS and GALLERY_NEXT_CATALOG: name both new stores")
    return settings.model_copy(update={"blobs": blobs, "catalog": catalog})


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
def both(settings: Settings) -> Iterator[Sides]:
    """Both sides; an empty place becomes the library's, with its keys. Raises StartRefused
    for a place that is another library's."""
    with ExitStack() as stack:
        here = stack.enter_context(source(settings))
        there = Library(*backends.stores(next_settings(settings)))
        there.blobs.claim(here.blobs.library, here.blobs.secret())
        stack.callback(there.close)
        there.start(recover=False)
        there.blobs.check()
        yield Sides(here, there)


def names(settings: Settings) -> dict[str, str]:
    """What the settings name, without what nobody else should read."""
    return {"blobs": settings.blobs, "catalog": without_credentials(settings.catalog)}


def without_credentials(url: str) -> str:
    """Scheme, host and database of a URL: neither users nor passwords, nor parameters."""
    parts = urlsplit(url)
    if not parts.netloc and not parts.query:
        return url
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
