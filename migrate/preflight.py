"""Preflight: whether a move can go well, found out before it begins.

It only looks, and what it tries it takes back: the new place becomes the library's by the copy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from gallery import backends, network, processes
from gallery.errors import GalleryError, StartRefused
from gallery.findings import Finding, Odd, State, tried
from gallery.generation import Stores
from gallery.settings import Settings
from migrate import sides
from migrate.folder import Folder

_RUN_BYTES = 256 << 20
_SPOOLS = 64
"""Bodies that may be on their way at once, of servers and of the move."""


def preflight(settings: Settings, folder: str) -> Iterator[Finding]:
    """Looks at one thing after the other; of what cannot be looked at any more, nothing."""
    yield tried("the library", lambda: _source(settings), "see gallery doctor")
    yield tried("room for the run folder", lambda: _room(folder, _RUN_BYTES))
    incoming = os.path.join(str(settings.outputs), ".gallery", "incoming")
    bodies = _SPOOLS * settings.max_upload_bytes
    yield tried("room for bodies on their way", lambda: _room(incoming, bodies, "warning"))
    yield tried("locks work where the record lies", lambda: _local(str(settings.outputs)))
    try:
        after = sides.other(settings)
        library = backends.known_library(settings)
        yield Finding("the new stores are named", "ok", str(Stores.of(after)))
    except StartRefused as error:
        yield Finding("the new stores are named", "failed", str(error), "set both variables")
        return
    yield from _images(after, library)
    yield from backends.catalog_findings(after, library)
    yield tried("room for the images", lambda: _enough(after, folder))
    yield from _servers(settings, after)


def _source(settings: Settings) -> str:
    with sides.source(settings) as library:
        return f"{library.blobs.library}, {len(library.catalog.owners())} owners"


def _room(path: str, wanted: int, otherwise: State = "failed") -> str:
    """Where it is, or is to be made."""
    while not os.path.isdir(path):
        path = os.path.dirname(os.path.abspath(path))
    free = shutil.disk_usage(path).free
    if free < wanted:
        raise Odd(
            f"{free >> 20} MiB are free, {wanted >> 20} MiB may be needed", "make room", otherwise
        )
    return f"{free >> 20} MiB are free"


def _local(outputs: str) -> str:
    if kind := network.shared(outputs):
        raise Odd(f"{outputs} lies on {kind}", "run every server and the move on one machine")
    return ""


def _images(after: Settings, library: str | None) -> Iterator[Finding]:
    try:
        with contextlib.closing(backends.blobs_place(after, library)) as place:
            yield from place.findings()
    except (StartRefused, GalleryError) as error:
        yield Finding("the new place of the images", "failed", str(error))


def _enough(after: Settings, folder: str) -> str:
    """A bucket has room as long as it is paid for."""
    run = Folder(folder)
    if after.blobs != "file:" or not run.has_plan:
        return "" if after.blobs != "file:" else "plan tells how much is needed"
    return _room(str(after.outputs), run.plan()["bytes"] * 11 // 10)


def _servers(settings: Settings, after: Settings) -> Iterator[Finding]:
    """Before the copy no process can be ready; after it, each has to be."""
    found, stores = [*processes.living(str(settings.outputs))], str(Stores.of(after))
    if not found:
        yield Finding("server processes", "ok", "none is alive on this machine")
    for said in found:
        what = f"server process {said['pid']}"
        if stores in said.get("ready", ()):
            yield Finding(what, "ok", "ready")
        elif "why" in said:
            yield Finding(what, "ok", f"not ready yet: {said['why']}", "look again after the copy")
        else:
            yield Finding(what, "warning", processes.WITHOUT, "restart it before the cutover")
