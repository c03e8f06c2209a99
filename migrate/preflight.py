"""Preflight: whether a move can go well, found out before it begins."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from gallery import backends
from gallery.errors import GalleryError, NotFound, StartRefused
from gallery.library import Library
from gallery.settings import Settings
from migrate import sides

_BODY = b"a round trip"
_FREE_BYTES = 256 << 20
State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to know about it."""

    what: str
    state: State
    why: str = ""

    def __str__(self) -> str:
        return f"{self.state:8} {self.what}" + (f": {self.why}" if self.why else "")


def preflight(settings: Settings, folder: str) -> Iterator[Finding]:
    """Looks at one thing after the other; of what cannot be looked at any more, nothing."""
    after = sides.other(settings)
    yield _tried("the source is a library", lambda: _source(settings))
    yield _tried("room for the run folder", lambda: _room(folder))
    here, there = backends.known_library(settings), None
    try:
        there = backends.known_library(after)
    except StartRefused as error:
        yield Finding("the new catalog answers", "failed", str(error))
        return
    if there not in (None, here):
        yield Finding("the new catalog is empty", "failed", f"it is of library {there}")
        return
    yield Finding("the new catalog answers", "ok", "empty" if there is None else "of this library")
    try:
        with sides.both(settings) as opened:
            yield Finding("the new place is this library's", "ok", str(after.blobs))
            yield _tried("an object makes a round trip", lambda: _round_trip(opened.target))
            yield _tried("a lock can be had there", lambda: _lock(opened.target))
    except (StartRefused, GalleryError) as error:
        yield Finding("the new place is this library's", "failed", str(error))


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except (StartRefused, GalleryError, OSError) as error:
        return Finding(what, "failed", str(error))


def _source(settings: Settings) -> str:
    with sides.source(settings) as library:
        return f"{library.blobs.library}, {len(library.catalog.owners())} owners"


def _room(folder: str) -> str:
    os.makedirs(folder, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES:
        raise StartRefused(f"{free} bytes are free at {folder}")
    return f"{free // (1 << 20)} MiB are free"


def _round_trip(library: Library) -> str:
    key = f".gallery/tmp/preflight-{uuid.uuid4().hex}"
    spool = library.blobs.spool()
    try:
        spool.write(_BODY)
        spool.sync()
        library.blobs.put(key, spool)
    finally:
        spool.discard()
    if library.blobs.read(key) != _BODY:
        raise StartRefused("another body came back than was sent")
    library.blobs.delete(key)
    try:
        library.blobs.stat(key)
    except NotFound:
        return str(getattr(library.blobs, "abilities", ""))
    raise StartRefused("what was removed is still there")


def _lock(library: Library) -> str:
    with library.catalog.lock("preflight"):
        return ""
