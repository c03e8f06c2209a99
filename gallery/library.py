"""The library: the only thing that changes anything. It decides whether a change may be made,
under the owner's lock; ``effects`` makes it, in the one order that survives a crash.

Methods are synchronous, and called from threads. ``batches`` changes many in the same order, and
``replica`` brings what another library has.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

from gallery import keys
from gallery.blobs import BlobStore
from gallery.blobs.abilities import SelfMarked
from gallery.blobs.incoming import Spool
from gallery.catalog import Catalog, Entry, Page
from gallery.catalog.query import Query
from gallery.changes import Alter, altered, edited, restored, trashed
from gallery.draft import DAY_US, Draft, copied, describe
from gallery.effects import Effects
from gallery.encoding import encode_sidecar, with_purge_at
from gallery.errors import (
    Conflict,
    Moved,
    NotFound,
    PreconditionFailed,
    StorageFull,
    Unavailable,
    Unprocessable,
)
from gallery.fallback import Fallback
from gallery.healing import Healing
from gallery.imaging import Imaging, Inspection
from gallery.keys import Kind
from gallery.landing import Landing
from gallery.quota import UNLIMITED, Quota
from gallery.records import Record
from gallery.sidecars import Sidecars
from gallery.thumbnails import Thumbnails

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
        self.effects = Effects(blobs, catalog, self.sidecars, self.thumbnails)
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
        if draft.id:
            self.healing.before(draft.owner, [draft.id])
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
            entry = self.effects.store(record, encode_sidecar(record), spool, thumb, locked)
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
        return self.effects.tell("put", *found) if found else None

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

            return self.effects.store(record, encode_sidecar(record), body, thumb, decide)

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
                return self.effects.store(record, encode_sidecar(record), spool, thumb)
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
        entry = self.effects.changeable(owner, id)
        if if_match is not None and not {"*", entry.etag} & {*map(str.strip, if_match.split(","))}:
            raise PreconditionFailed(f"The image is at {entry.etag} now")
        before = entry.record
        after = altered(before, alter)
        if after is None:
            return entry
        return self.effects.replace(before, after)

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

    # -- purge ----------------------------------------------------------------------------

    @goes_on
    def purge(
        self, owner: str, id: str, *, rev: int | None = None, deleted_at: int | None = None
    ) -> None:
        """For ever, from the trash only. Raises Conflict for an active image, or when it
        is no longer at ``rev``, or in the trash since another time than ``deleted_at``."""
        self.healing.before(owner, [id])
        self.locked(owner, lambda: self._purge(owner, id, rev, deleted_at))

    def _purge(self, owner: str, id: str, rev: int | None, deleted_at: int | None) -> None:
        record = self.effects.current(owner, id).record
        if record.status != "trash":
            raise Conflict("Only what is in the trash can be purged", code="not_in_trash")
        if rev not in (None, record.rev) or deleted_at not in (None, record.deleted_at):
            raise Conflict("The image has changed", code="changed")
        self.effects.purge(record)
