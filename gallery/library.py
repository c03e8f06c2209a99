"""The library: the only thing that changes anything, in the one order that survives a crash.

    put        mark, image, thumbnail, COMMIT, catalog
    change     SIDECAR, catalog           (edit, trash, restore; a foreign edit is adopted first)
    purge      DOOM, catalog, image, thumbnail, mark

The step in capitals commits. All of it happens under the owner's lock, inside synchronous
methods that are called from threads; in a bucket the bytes of a new image arrive before.
``batches`` changes many in the same order, and ``replica`` brings what another library has.
What a crash leaves half done, ``reconcile`` ends.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

from gallery import keys
from gallery.blobs import BlobStore, is_there
from gallery.blobs.abilities import SelfMarked
from gallery.blobs.incoming import Spool
from gallery.catalog import Catalog, Entry, Page
from gallery.catalog.query import Query
from gallery.changes import Alter, Op, altered, change, edited, op_between, restored, trashed
from gallery.draft import DAY_US, Draft, copied, describe
from gallery.encoding import encode, encode_sidecar, with_purge_at
from gallery.errors import (
    Conflict,
    GalleryError,
    Moved,
    NotFound,
    PreconditionFailed,
    StorageFull,
    Unavailable,
    Unprocessable,
    Unsure,
)
from gallery.fallback import Fallback
from gallery.healing import Healing
from gallery.imaging import Imaging, Inspection
from gallery.keys import Folder, Kind
from gallery.landing import Landing
from gallery.quota import UNLIMITED, Quota
from gallery.records import Record, Seen
from gallery.sidecars import Sidecars
from gallery.thumbnails import Thumbnails

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
AHEAD_SECONDS = 1800.0
"""How long ago the bytes of an image may have been sent when it is committed. From an hour on
the walk takes them for those of a put that died."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer to ``put``: ``repeated`` when it had been stored before."""

    entry: Entry
    repeated: bool


def now_us() -> int:
    return time.time_ns() // 1000


def goes_on(
    method: Callable[Concatenate[Library, P], T],
) -> Callable[Concatenate[Library, P], T]:
    """A change that finds that the library moved is made where it lives now."""

    @functools.wraps(method)
    def run(library: Library, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(library, *args, **kwargs)
        except (Moved, NotFound):
            # What isn't here may have been made there, a moment ago.
            there = library.elsewhere()
            if there is None:
                raise
            return run(there, *args, **kwargs)

    return run


class Library:
    """Images of one library, over any blob store and catalog. Methods block."""

    def __init__(
        self,
        blobs: BlobStore,
        catalog: Catalog,
        *,
        quota: Quota = UNLIMITED,
        retention_days: int = 30,
        clock: Callable[[], int] = now_us,
        imaging: Imaging | None = None,
    ) -> None:
        self.blobs = blobs
        self.catalog = catalog
        self.quota = quota
        self.retention_us = retention_days * DAY_US
        self.clock = clock
        self.sidecars = Sidecars(blobs)
        self.healing = Healing(blobs, catalog, self.sidecars)
        self.thumbnails = Thumbnails(blobs, imaging)
        self.landing = Landing(blobs)
        self.has_moved: Callable[[], bool] = lambda: False
        self.successor: Library | None = None
        """Where it is when it moved from these stores."""
        self.fallback: Fallback | None = None
        """What may still be read where it lived before."""

    # -- opening --------------------------------------------------------------------------

    def start(self, *, recover: bool = True) -> None:
        """Opens the stores. A catalog that knows nobody, beside a tree that does, was lost:
        it is rebuilt first (unless not to ``recover``), for nobody's images may be missing
        from a first page. Raises StartRefused."""
        self.blobs.start()
        self.catalog.start(self.blobs.library)
        if recover:
            with suppress(Unavailable):
                self.healing.recover()

    def close(self) -> None:
        self.catalog.close()
        self.blobs.close()

    def elsewhere(self) -> Library | None:
        """Where it lives since it moved from these stores; None as long as it has not."""
        return self.successor if self.successor is not None and self.has_moved() else None

    # -- reading --------------------------------------------------------------------------

    def get(self, owner: str, id: str, kind: Kind | None = None) -> Entry:
        """Raises NotFound for an image the owner does not have, or not of that kind."""
        entry = self.healing.asked(lambda: self.catalog.get(owner, id))
        if entry is None or (kind is not None and entry.record.kind != kind):
            raise NotFound("There is no such image", code="unknown_image")
        return entry

    def page(self, query: Query) -> Page:
        page = self.healing.asked(lambda: self.catalog.page(query))
        if "trash" not in query.statuses:
            return page
        return replace(page, items=[with_purge_at(item, self.retention_us) for item in page.items])

    # -- put ------------------------------------------------------------------------------

    def check_quota(self, owner: str, size: int) -> None:
        """Raises TooLarge when ``size`` more bytes in one more image would be too much."""
        self.quota.check(self.catalog.totals(owner).values(), size)

    @goes_on
    def put(self, draft: Draft, spool: Spool, inspection: Inspection) -> Stored:
        """Stores an image that was received, synced and inspected. Raises TooLarge beyond
        the quota, StorageFull, and Unprocessable when the id holds another body."""
        record = describe(draft, self.clock(), spool, inspection)
        if draft.id is None and isinstance(self.blobs, SelfMarked):
            return Stored(self._put_ahead(record, spool, inspection.thumbnail), repeated=False)
        with self.catalog.lock(draft.owner):
            if draft.id and (known := self._known(draft, record)):
                if known.record.sha256 != spool.sha256:
                    raise Unprocessable(
                        "This Idempotency-Key was used with another body", code="key_reused"
                    )
                return Stored(known, repeated=True)
            self.check_quota(draft.owner, spool.size)
            self.blobs.room(spool.size)
            locked = functools.partial(self.catalog.check_lock, draft.owner)
            thumb = inspection.thumbnail
            entry = self.store(record, encode_sidecar(record), spool, thumb, locked)
            return Stored(entry, repeated=False)

    def _known(self, draft: Draft, record: Record) -> Entry | None:
        """The image, if it is there already: also when it was committed by a process that
        died before the catalog heard of it. One that says no time of its own has that of its
        first attempt, which may have been yesterday's."""
        if entry := self.catalog.get(record.owner, record.id):
            return entry
        found = self.sidecars.find(record.folder, record.id)
        if found is None and draft.created_at is None:
            yesterday = keys.folder_of(record.owner, record.kind, record.created_at - DAY_US)
            found = self.sidecars.find(yesterday, record.id)
        return self.tell("put", *found) if found else None

    def _put_ahead(self, record: Record, body: Spool, thumb: bytes) -> Entry:
        """Where an image says itself that it is being put, its bytes are sent before the lock
        is asked for: a new id is nobody else's, and its owner's other uploads need not wait."""
        self.blobs.room(body.size)
        began = time.time()
        with ExitStack() as held:

            def decide() -> None:
                held.enter_context(self.catalog.lock(record.owner))
                self.check_quota(record.owner, record.bytes)
                if time.time() - began > AHEAD_SECONDS:
                    raise Unavailable(f"{record.image} was sent too long ago")

            return self.store(record, encode_sidecar(record), body, thumb, decide)

    def store(
        self, record: Record, sidecar: bytes, body: Spool | bytes | None, thumb: bytes | None,
        decide: Callable[[], None] = lambda: None,
    ) -> Entry:  # fmt: skip
        """The steps of a put. The caller holds the owner's lock, or takes it in ``decide``,
        when all but the commit is done: where a repeat may be under way, that makes sure that it
        was not lost. Without a body or a thumbnail none is written."""
        folder = record.folder
        try:
            self.blobs.stage(folder, record.id, sidecar)
            if body is not None:
                self.blobs.put(record.image, body)
            if thumb is not None:
                self.blobs.put(record.thumb, thumb)
            decide()
            seen = self.blobs.commit(folder, record.id, sidecar)
        except Unsure:
            raise  # if it was committed after all, its files must stay
        except GalleryError:
            with suppress(GalleryError):
                self._sweep_uncommitted(folder, record.id)
            raise
        return self.tell("put", record, seen)

    def _sweep_uncommitted(self, folder: Folder, id: str) -> None:
        """A commit may have failed when its rename was done: then the image stays, whole,
        for the walk to find. And with a lock that was lost, what lies there may be another's."""
        self.catalog.check_lock(folder.owner)
        if not is_there(self.blobs, folder.sidecar(id)):
            self.sweep(folder, id)

    def sweep(self, folder: Folder, id: str) -> None:
        """Removes what a put left that was never committed. The caller holds the lock, unless
        the id is its own and new."""
        for ext in keys.MIME_OF:
            self.blobs.delete(folder.image(id, ext))
        for ext in ("webp", "jpg"):
            self.blobs.delete(folder.thumb(id, ext))
        self.blobs.finish(folder, id)

    def tell(self, op: Op, record: Record, seen: Seen) -> Entry:
        """Tells the catalog of a change that is made already. The caller holds the owner's
        lock. What is told is small, so on a full disk the reserve is for this."""
        try:
            self.catalog.apply(change(op, record, seen))
        except StorageFull:
            if not self.blobs.make_room():
                raise
            self.catalog.apply(change(op, record, seen))
        return Entry(encode(record), seen)

    @goes_on
    def copy(self, owner: str, id: str, kind: Kind) -> Entry:
        """A copy of an own image as an input or control, with the original as its parent."""
        source = self.get(owner, id).record
        record = copied(source, kind, self.clock())
        spool = self.thumbnails.spooled(source.image)
        try:
            spool.sync()
            if spool.sha256 != source.sha256:
                raise Unprocessable("The original is damaged", code="damaged_image")
            thumb = self.thumbnails.get(source)
            with self.catalog.lock(owner):
                self.check_quota(owner, spool.size)
                self.blobs.room(spool.size)
                return self.store(record, encode_sidecar(record), spool, thumb)
        finally:
            spool.discard()

    # -- edit, trash, restore -------------------------------------------------------------

    def edit(
        self,
        owner: str,
        id: str,
        *,
        tags: tuple[str, ...] | None = None,
        favorite: bool | None = None,
        if_match: str | None = None,
    ) -> Entry:
        """Raises PreconditionFailed when ``if_match`` names another version."""
        alter = functools.partial(edited, tags=tags, favorite=favorite)
        return self._change(owner, id, alter, if_match=if_match)

    def trash(self, owner: str, id: str, kind: Kind | None = None) -> Entry:
        return self._change(owner, id, lambda record: trashed(record, self.clock()), kind=kind)

    def restore(self, owner: str, id: str, kind: Kind | None = None) -> Entry:
        return self._change(owner, id, restored, kind=kind)

    @goes_on
    def _change(
        self,
        owner: str,
        id: str,
        alter: Alter,
        *,
        kind: Kind | None = None,
        if_match: str | None = None,
    ) -> Entry:
        self.get(owner, id, kind)
        return self.locked(owner, lambda: self._replace(owner, id, alter, if_match))

    def _replace(self, owner: str, id: str, alter: Alter, if_match: str | None) -> Entry:
        entry = self.changeable(owner, id)
        if if_match is not None and not {"*", entry.etag} & {*map(str.strip, if_match.split(","))}:
            raise PreconditionFailed(f"The image is at {entry.etag} now")
        before = entry.record
        after = altered(before, alter)
        if after is None:
            return entry
        self.catalog.check_lock(owner)
        try:
            seen = self.blobs.replace(after.folder, id, encode_sidecar(after))
        except NotFound as error:
            raise Unavailable(f"{after.folder} is away") from error
        return self.tell(op_between(before, after), after, seen)

    def locked(self, owner: str, act: Callable[[], T]) -> T:
        """A small change, under the owner's lock. It goes on when the disk is full: the
        reserve is given up for it."""
        with self.catalog.lock(owner):
            try:
                return act()
            except StorageFull:
                if not self.blobs.make_room():
                    raise
                return act()

    def current(self, owner: str, id: str) -> Entry:
        """The image as its sidecar says, which is adopted if somebody else wrote it. The
        caller holds the owner's lock, and makes sure that it still does before it writes: a
        store that is elsewhere may take a minute to answer."""
        entry = self._cataloged(owner, id)
        with suppress(NotFound):
            return self._as_it_lies(entry)
        return entry

    def changeable(self, owner: str, id: str) -> Entry:
        """The same, of an image that has files. Raises Unavailable where all are gone: a sidecar
        that is written then would make damage of what was removed, or is away."""
        entry = self._cataloged(owner, id)
        with suppress(NotFound):
            return self._as_it_lies(entry)
        if not is_there(self.blobs, entry.record.image):
            raise Unavailable(f"{entry.record.image} is away")
        return entry

    def _cataloged(self, owner: str, id: str) -> Entry:
        entry = self.catalog.get(owner, id)
        if entry is None:
            raise NotFound("There is no such image", code="unknown_image")
        return entry

    def _as_it_lies(self, entry: Entry) -> Entry:
        """Raises NotFound when its sidecar is gone; of a damaged one the catalog's word holds."""
        record = entry.record
        there = self.blobs.stat(record.folder.sidecar(record.id))
        if Seen(there.size, there.mtime_ns) == entry.seen:
            return entry
        found = self.sidecars.find(record.folder, record.id)
        return self.tell(op_between(record, found[0]), *found) if found else entry

    # -- purge ----------------------------------------------------------------------------

    @goes_on
    def purge(
        self, owner: str, id: str, *, rev: int | None = None, deleted_at: int | None = None
    ) -> None:
        """For ever, from the trash only. Raises Conflict for an active image, or when it
        is no longer at ``rev``, or in the trash since another time than ``deleted_at``."""
        self.locked(owner, lambda: self._purge(owner, id, rev, deleted_at))

    def _purge(self, owner: str, id: str, rev: int | None, deleted_at: int | None) -> None:
        record = self.current(owner, id).record
        if record.status != "trash":
            raise Conflict("Only what is in the trash can be purged", code="not_in_trash")
        if rev not in (None, record.rev) or deleted_at not in (None, record.deleted_at):
            raise Conflict("The image has changed", code="changed")
        self.catalog.check_lock(owner)
        try:
            self.blobs.doom(record.folder, id)
        except NotFound as error:
            raise Unavailable(f"{record.folder} is away") from error
        self.finish_purge(record)

    def finish_purge(self, record: Record) -> None:
        """What follows a purge's commit. The caller holds the owner's lock."""
        self.catalog.apply(change("purge", record))
        try:
            self.blobs.delete(record.image)
            self.thumbnails.remove(record)
            self.blobs.finish(record.folder, record.id)
        except GalleryError as error:
            log.warning("purge of %s: left for the next walk to finish: %s", record.image, error)
