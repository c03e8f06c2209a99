"""What the commands do, without how they show it."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import orjson

from gallery import backends, keys, purge
from gallery.catalog.query import Query
from gallery.checkpoint import Checkpoint
from gallery.draft import DAY_US, Draft
from gallery.dwelling import Dwelling, active
from gallery.errors import GalleryError, StartRefused
from gallery.imaging import Imaging
from gallery.importing import Import
from gallery.library import Library
from gallery.originals import Budget
from gallery.records import Record
from gallery.scrub import Scrub
from gallery.settings import MIB, Settings
from gallery.source import Summary

_DEMO_DAYS = 40


@contextmanager
def opened(
    settings: Settings,
    imaging: Imaging | None = None,
    *,
    only_look: bool = False,
    recover: bool = True,
) -> Iterator[Library]:
    """The library where it lives, beside whatever servers run on it. With ``only_look`` one
    that isn't there is not made; without ``recover`` lost manifests are not rebuilt. Raises
    StartRefused; and Moved from a change that finds it living elsewhere by then."""
    settings = active(settings)
    library = _made(settings, imaging)
    blobs, catalog = library.blobs, library.catalog
    if only_look:
        if backends.known_library(settings) is None:
            raise StartRefused("the catalog knows no library; gallery rebuild makes it")
        blobs.check()
        catalog.start(blobs.library)
    else:
        library.start(recover=recover)
    if imaging:
        imaging.start()
    try:
        blobs.check()
        yield library
    finally:
        if imaging:
            imaging.close()
        library.close()


def _made(settings: Settings, imaging: Imaging | None = None) -> Library:
    dwelling = Dwelling(settings)
    blobs, catalog = backends.stores(settings, dwelling.has_moved)
    dwelling.has_note_in(catalog)
    return Library(blobs, catalog, retention_days=settings.retention_days, imaging=imaging)


def _imaging(settings: Settings) -> Imaging:
    workers = settings.decoders or len(os.sched_getaffinity(0))
    return Imaging(workers=workers, max_pixels=settings.max_pixels)


# -- rebuild ------------------------------------------------------------------------------


def owners(settings: Settings) -> list[str]:
    """Everybody who has something stored, or is known."""
    with opened(settings, recover=False) as library:
        return sorted({*library.blobs.owners(), *library.catalog.owners()})


def rebuild(settings: Settings, owners: list[str], processes: int, done: Callable[[], None]) -> int:
    """Rebuilds these owners in several processes, where several may be; gives the number
    of images. ``done`` is called for each owner. Of a catalog that was lost, a server's next
    start rebuilds the others."""
    with opened(settings, recover=False) as library:
        library.healing.lost()
    there = active(settings)
    count = 1 if backends.alone(there) else processes or len(os.sched_getaffinity(0))
    # Forked, as nothing here has threads yet: what is imported need not be read again.
    context = multiprocessing.get_context("fork")
    images = 0
    with concurrent.futures.ProcessPoolExecutor(count, context, _open, (there,)) as pool:
        for found in pool.map(_rebuild, owners):
            images += found
            done()
    with opened(settings, recover=False) as library:
        library.healing.found(owners)
    return images


_library: Library | None = None


def _open(settings: Settings) -> None:
    """Gives a rebuilding process its library, for as long as it lives."""
    global _library
    _library = _made(settings)
    _library.start(recover=False)


def _rebuild(owner: str) -> int:
    if _library is None:
        raise StartRefused("the process has no library")
    return _library.healing.rebuild(owner)


# -- trash and thumbnails -----------------------------------------------------------------


def trash_plan(library: Library, days: int, owner: str | None) -> purge.Plan:
    """What a purge of the trash older than so many days would take."""
    if owner is not None:
        keys.owner(owner)
    return purge.plan(library, before=library.clock() - days * DAY_US, owner=owner)


def make_thumbnails(settings: Settings, owners: Iterable[str]) -> tuple[int, list[str]]:
    """Makes what is missing; gives the number made, and what could not be."""
    made, failed = 0, []
    with opened(settings, _imaging(settings)) as library:
        for owner in owners:
            for record in _records(library, owner):
                if library.thumbnails.has(record):
                    continue
                try:
                    library.thumbnails.remake(record)
                    made += 1
                except GalleryError as error:
                    failed.append(f"{record.image}: {error}")
    return made, failed


def _records(library: Library, owner: str) -> Iterator[Record]:
    """Every image of an owner, newest first."""
    query = Query(owner, ("active", "trash"), keys.KINDS, size=500)
    page = library.catalog.page(query)
    while True:
        for item in page.items:
            if entry := library.catalog.get(owner, orjson.loads(item)["id"]):
                yield entry.record
        if page.next_cursor is None:
            return
        page = library.catalog.page(query.after(page.next_cursor))


# -- import -------------------------------------------------------------------------------


def take_in(
    settings: Settings, paths: list[str], owner: str, kind: keys.Kind, summary: Summary,
    done: Callable[[], None],
) -> None:  # fmt: skip
    """Imports these files for an owner. A dry run makes nothing, not even a library."""
    imaging = _imaging(settings)
    with opened(settings, imaging, only_look=summary.dry_run) as library:
        taking = Import(library, imaging, owner, kind, summary, done)
        taking.run(paths, threads=2 * (settings.decoders or len(os.sched_getaffinity(0))))


# -- scrub --------------------------------------------------------------------------------


def scrub(library: Library, mib: int, done: Callable[[], None], *, whole: bool) -> Checkpoint:
    """One pass over all originals, at so many MiB a second (0: as fast as it goes). Without
    ``whole`` it only compares sizes."""
    budget = Budget(mib * MIB or None, threading.Event().wait)
    return Scrub(library, budget, whole=whole).whole_pass(done)


def images_of(library: Library) -> int:
    """How many images there are, trash included."""
    totals = (library.catalog.totals(owner).values() for owner in library.catalog.owners())
    return sum(some.active + some.trash for kinds in totals for some in kinds)


# -- demo ---------------------------------------------------------------------------------


def fill_demo(settings: Settings, images: int, owner: str, done: Callable[[], None]) -> None:
    """Draws an owner's images over the last days."""
    from gallery.demo import draw

    imaging, now = _imaging(settings), time.time_ns() // 1000
    context = multiprocessing.get_context("spawn")
    with (
        opened(settings, imaging) as library,
        concurrent.futures.ProcessPoolExecutor(mp_context=context) as pool,
    ):
        for number, (name, data) in enumerate(pool.map(draw, range(images), chunksize=4)):
            age = (images - number) * _DEMO_DAYS * DAY_US // max(images, 1)
            _put(library, imaging, Draft(owner, created_at=now - age, original_filename=name), data)
            done()


def _put(library: Library, imaging: Imaging, draft: Draft, data: bytes) -> None:
    spool = library.blobs.spool()
    try:
        spool.write(data)
        spool.sync()
        library.put(draft, spool, imaging.inspect(spool.path).result())
    finally:
        spool.discard()
