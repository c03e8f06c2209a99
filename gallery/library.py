"""The library: the only thing that changes anything, in the one order that survives a crash.

    put        mark, image, thumbnail, COMMIT, catalog
    change     SIDECAR, catalog           (edit, trash, restore; a foreign edit is adopted first)
    purge      DOOM, catalog, image, thumbnail, mark

The step in capitals commits. All of it happens under the owner's lock, inside synchronous
methods that are called from threads; in a bucket the bytes of a new image arrive before. What
a crash leaves half done, ``reconcile`` ends.
"""

from __future__ import annotations

import functools
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

import orjson

from gallery import keys
from gallery.blobs import BlobStore, Listed
from gallery.blobs.abilities import SelfMarked
from gallery.blobs.incoming import Spool
from gallery.catalog import Catalog, Entry, Page
from gallery.catalog.query import Query
from gallery.draft import DAY_US, Draft, describe
from gallery.errors import (
    Conflict,
    Damaged,
    GalleryError,
    Moved,
    NotFound,
    PreconditionFailed,
    StorageFull,
    TooLarge,
    Unavailable,
    Unprocessable,
    Unsure,
)
from gallery.fallback import Fallback
from gallery.imaging import Imaging, Inspection
from gallery.keys import Folder, Key, Kind
from gallery.landing import Landing
from gallery.records import (
    MAX_INT,
    MAX_SIDECAR_BYTES,
    Change,
    Op,
    Record,
    Seen,
    Totals,
    change,
    decode_sidecar,
    encode,
    encode_sidecar,
    to_text,
    to_us,
)
from gallery.thumbnails import Thumbnails

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Alter = Callable[[Record], Record]
AHEAD_SECONDS = 1800.0
"""How long ago the bytes of an image may have been sent when it is committed. From an hour on
the walk takes them for those of a put that died."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What one owner may have, trash included; None is no limit."""

    bytes: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer to ``put``: ``repeated`` when it had been stored before."""

    entry: Entry
    repeated: bool


def now_us() -> int:
    return time.time_ns() // 1000


def _goes_on(
    method: Callable[Concatenate[Library, P], T],
) -> Callable[Concatenate[Library, P], T]:
    """A change that finds that the library moved is made where it lives now."""

    @functools.wraps(method)
    def run(library: Library, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(library, *args, **kwargs)
        except (Moved, NotFound):
            # What isn't here may have been made there, a moment ago.
            if library.successor is None or not library.has_moved():
                raise
            return run(library.successor, *args, **kwargs)

    return run


class Library:
    """Images of one library, over any blob store and catalog. Methods block."""

    def __init__(
        self,
        blobs: BlobStore,
        catalog: Catalog,
        *,
        quota: Quota = Quota(),
        retention_days: int = 30,
        clock: Callable[[], int] = now_us,
        imaging: Imaging | None = None,
    ) -> None:
        self.blobs = blobs
        self.catalog = catalog
        self.quota = quota
        self.retention_us = retention_days * DAY_US
        self.clock = clock
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
        with suppress(Unavailable):
            if recover and not self.catalog.owners():
                for owner in self.blobs.owners():
                    images = self.rebuild(owner)
                    log.info("rebuilt %s from its sidecars: %d images", owner, images)

    def close(self) -> None:
        self.catalog.close()
        self.blobs.close()

    # -- reading --------------------------------------------------------------------------

    def get(self, owner: str, id: str, kind: Kind | None = None) -> Entry:
        """Raises NotFound for an image the owner does not have, or not of that kind."""
        entry = self.asked(lambda: self.catalog.get(owner, id))
        if entry is None or (kind is not None and entry.record.kind != kind):
            raise NotFound("There is no such image", code="unknown_image")
        return entry

    def page(self, query: Query) -> Page:
        page = self.asked(lambda: self.catalog.page(query))
        if "trash" not in query.statuses:
            return page
        return replace(page, items=[self.with_purge_at(item) for item in page.items])

    def with_purge_at(self, item: bytes) -> bytes:
        """The item with the time when retention will purge it, if it is in the trash."""
        deleted_at = orjson.loads(item).get("deleted_at")
        if deleted_at is None:
            return item
        purge_at = to_text(to_us(deleted_at) + self.retention_us)
        return item[:-1] + b',"purge_at":"%b"}' % purge_at.encode()

    def asked(self, question: Callable[[], T]) -> T:
        """The catalog's answer; manifests found damaged on the way are rebuilt first."""
        try:
            answer = question()
        except Unavailable:
            if not self.heal():
                raise
            return question()
        return question() if self.heal() else answer

    def heal(self) -> bool:
        """Rebuilds, each alone, the months that the catalog could not wholly read. Whether
        there were any that could be."""
        healed = False
        for owner, month in self.catalog.damaged():
            try:
                with self.catalog.lock(owner):
                    self.rebuild_month(owner, month)
            except GalleryError as error:
                log.warning("cannot rebuild the manifest of %s, %s: %s", owner, month, error)
            else:
                healed = True
                log.warning("rebuilt the manifest of %s, %s from its sidecars", owner, month)
        return healed

    # -- put ------------------------------------------------------------------------------

    def check_quota(self, owner: str, size: int) -> None:
        """Raises TooLarge when ``size`` more bytes in one more image would be too much."""
        totals = sum(self.catalog.totals(owner).values(), Totals())
        count = totals.active + totals.trash + 1
        if self.quota.bytes is not None and totals.bytes + size > self.quota.bytes:
            raise TooLarge(
                f"{totals.bytes} of {self.quota.bytes} bytes are used", code="quota_bytes"
            )
        if self.quota.count is not None and count > self.quota.count:
            raise TooLarge(
                f"{count - 1} of {self.quota.count} images are there", code="quota_count"
            )

    @_goes_on
    def put(self, draft: Draft, spool: Spool, inspection: Inspection) -> Stored:
        """Stores an image that was received, synced and inspected. Raises TooLarge beyond
        the quota, StorageFull, and Unprocessable when the id holds another body."""
        record = describe(draft, self.clock(), spool, inspection)
        if draft.id is None and isinstance(self.blobs, SelfMarked):
            return Stored(self._put_ahead(record, spool, inspection.thumbnail), repeated=False)
        with self.catalog.lock(draft.owner):
            if draft.id and (known := self._known(record)):
                if known.record.sha256 != spool.sha256:
                    raise Unprocessable(
                        "This Idempotency-Key was used with another body", code="key_reused"
                    )
                return Stored(known, repeated=True)
            self.check_quota(draft.owner, spool.size)
            self.blobs.room(spool.size)
            thumb = inspection.thumbnail
            return Stored(self._put(record, encode_sidecar(record), spool, thumb), repeated=False)

    @_goes_on
    def take(
        self, record: Record, sidecar: bytes, body: Spool | bytes | None, thumb: bytes | None
    ) -> Entry:
        """Stores an image as another library has it, its sidecar byte for byte, or makes it
        so. Without a body or a thumbnail these stay as they are here."""
        with self.catalog.lock(record.owner):
            known = self.catalog.get(record.owner, record.id)
            if known is None:
                return self._put(record, sidecar, body, thumb)
            seen = self.blobs.replace(record.folder, record.id, sidecar)
            return self._apply(_op_between(known.record, record), record, seen)

    def place(self, known: Record | None, record: Record, sidecar: bytes) -> Change:
        """Like ``take``, for somebody who brings many and is the only one who writes here: the
        sidecar of an image that the catalog knows as that, and whose bytes are here. ``enter``
        tells the catalog what this gives."""
        folder, id = record.folder, record.id
        if known is not None:
            seen = self.blobs.replace(folder, id, sidecar)
            return change(_op_between(known, record), record, seen)
        self.blobs.stage(folder, id, sidecar)
        return change("put", record, self.blobs.commit(folder, id, sidecar))

    def enter(self, changes: Sequence[Change]) -> None:
        """Tells the catalog of one owner's changes, which are of different images."""
        self.locked(changes[0].owner, lambda: self.catalog.apply_all(changes))

    def drop(self, owner: str, id: str) -> bool:
        """Purges an image that another library has no more, whether it was in the trash or
        not. Whether there was one."""
        with self.catalog.lock(owner):
            entry = self.catalog.get(owner, id)
            if entry is None:
                return False
            self.blobs.doom(entry.record.folder, id)
            self.finish_purge(entry.record)
            return True

    def _known(self, record: Record) -> Entry | None:
        """The image, if it is there already: also when it was committed by a process that
        died before the catalog heard of it."""
        if entry := self.catalog.get(record.owner, record.id):
            return entry
        found = self.sidecar(record.folder, record.id)
        return self._apply("put", *found) if found else None

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

            return self._put(record, encode_sidecar(record), body, thumb, decide)

    def _put(
        self, record: Record, sidecar: bytes, body: Spool | bytes | None, thumb: bytes | None,
        decide: Callable[[], None] = lambda: None,
    ) -> Entry:  # fmt: skip
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
        return self._apply("put", record, seen)

    def _sweep_uncommitted(self, folder: Folder, id: str) -> None:
        """A commit may have failed when its rename was done: then the image stays, whole,
        for the walk to find."""
        try:
            self.blobs.stat(folder.sidecar(id))
        except NotFound:
            self.sweep(folder, id)

    def sweep(self, folder: Folder, id: str) -> None:
        """Removes what a put left that was never committed. The caller holds the lock, unless
        the id is its own and new."""
        for ext in keys.MIME_OF:
            self.blobs.delete(folder.image(id, ext))
        for ext in ("webp", "jpg"):
            self.blobs.delete(folder.thumb(id, ext))
        self.blobs.finish(folder, id)

    def _apply(self, op: Op, record: Record, seen: Seen) -> Entry:
        """Tells the catalog. It is small and the change is made already, so on a full disk
        the reserve is for this."""
        try:
            self.catalog.apply(change(op, record, seen))
        except StorageFull:
            if not self.blobs.make_room():
                raise
            self.catalog.apply(change(op, record, seen))
        return Entry(encode(record), seen)

    @_goes_on
    def copy(self, owner: str, id: str, kind: Kind) -> Entry:
        """A copy of an own image as an input or control, with the original as its parent."""
        source = self.get(owner, id).record
        created_at, new_id = self.clock(), keys.new_id()
        record = replace(
            source,
            id=new_id,
            kind=kind,
            created_at=created_at,
            status="active",
            deleted_at=None,
            rev=1,
            parents=(id,),
            thumb=keys.folder_of(owner, kind, created_at).thumb(new_id),
        )
        spool = self.thumbnails.spooled(source.image)
        try:
            spool.sync()
            if spool.sha256 != source.sha256:
                raise Unprocessable("The original is damaged", code="damaged_image")
            thumb = self.thumbnails.get(source)
            with self.catalog.lock(owner):
                self.check_quota(owner, spool.size)
                self.blobs.room(spool.size)
                return self._put(record, encode_sidecar(record), spool, thumb)
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

        def alter(record: Record) -> Record:
            return replace(
                record,
                tags=record.tags if tags is None else tags,
                favorite=record.favorite if favorite is None else favorite,
            )

        return self._change(owner, id, alter, if_match=if_match)

    def trash(self, owner: str, id: str, kind: Kind | None = None) -> Entry:
        return self._change(owner, id, lambda record: trashed(record, self.clock()), kind=kind)

    def restore(self, owner: str, id: str, kind: Kind | None = None) -> Entry:
        return self._change(owner, id, restored, kind=kind)

    @_goes_on
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
        entry = self.current(owner, id)
        if if_match is not None and not {"*", entry.etag} & {*map(str.strip, if_match.split(","))}:
            raise PreconditionFailed(f"The image is at {entry.etag} now")
        before = entry.record
        after = altered(before, alter)
        if after is None:
            return entry
        try:
            seen = self.blobs.replace(after.folder, id, encode_sidecar(after))
        except NotFound as error:
            raise Unavailable(f"{after.folder} is away") from error
        return self._apply(_op_between(before, after), after, seen)

    def write_all(self, steps: Sequence[tuple[Record, Record]]) -> None:
        """Changes each first record to the second, which ``altered`` gave: all the sidecars,
        then the catalog. The caller holds the owner's lock. When it raises, any of them may
        have been changed."""
        sidecars: defaultdict[Folder, dict[str, bytes]] = defaultdict(dict)
        for _, after in steps:
            sidecars[after.folder][after.id] = encode_sidecar(after)
        seen: dict[str, Seen] = {}
        for folder, found in sidecars.items():
            try:
                seen |= self.blobs.replace_all(folder, found)
            except NotFound as error:
                raise Unavailable(f"{folder} is away") from error
        self.catalog.apply_all(
            [change(_op_between(*step), step[1], seen[step[1].id]) for step in steps]
        )

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
        caller holds the owner's lock."""
        entry = self.catalog.get(owner, id)
        if entry is None:
            raise NotFound("There is no such image", code="unknown_image")
        record = entry.record
        with suppress(NotFound):
            there = self.blobs.stat(record.folder.sidecar(id))
            if Seen(there.size, there.mtime_ns) == entry.seen:
                return entry
        if (found := self.sidecar(record.folder, id)) is None:
            return entry
        return self._apply(_op_between(record, found[0]), *found)

    def sidecar(self, folder: Folder, id: str) -> tuple[Record, Seen] | None:
        """The sidecar as it lies there. None when it is gone or damaged, which is logged."""
        try:
            return self.read_sidecar(folder, id)
        except NotFound:
            return None
        except Damaged as error:
            log.warning("sidecar %s: %s", folder.sidecar(id), error)
            return None

    def read_sidecar(self, folder: Folder, id: str) -> tuple[Record, Seen]:
        """The sidecar as it lies there. Raises NotFound and Damaged."""
        key = folder.sidecar(id)
        found = self.blobs.stat(key)
        body = self.blobs.read(key, 0, MAX_SIDECAR_BYTES + 1)
        record = decode_sidecar(body, Key(folder, id, "sidecar", "json"))
        return record, Seen(found.size, found.mtime_ns)

    # -- purge ----------------------------------------------------------------------------

    @_goes_on
    def purge(self, owner: str, id: str, *, rev: int | None = None) -> None:
        """For ever, from the trash only. Raises Conflict for an active image, or when it
        is no longer at ``rev``."""
        self.locked(owner, lambda: self._purge(owner, id, rev))

    def _purge(self, owner: str, id: str, rev: int | None) -> None:
        record = self.current(owner, id).record
        if record.status != "trash":
            raise Conflict("Only what is in the trash can be purged", code="not_in_trash")
        if rev not in (None, record.rev):
            raise Conflict("The image has changed", code="changed")
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
            self.blobs.delete(record.thumb)
            self.blobs.finish(record.folder, record.id)
        except GalleryError as error:
            log.warning("purge of %s: left for the next walk to finish: %s", record.image, error)

    def empty_trash(self, owner: str, count: int) -> int:
        """Purges the owner's whole trash, if it holds ``count`` images as they saw it."""
        seen = self.in_trash(owner)
        if len(seen) != count:
            raise Conflict(f"The trash holds {len(seen)} images now", code="trash_changed")
        purged = 0
        for id, rev in seen:
            with suppress(NotFound, Conflict):
                self.purge(owner, id, rev=rev)
                purged += 1
        return purged

    def in_trash(self, owner: str) -> list[tuple[str, int]]:
        """Id and rev of all that is in the owner's trash."""
        query = Query(owner, ("trash",), keys.KINDS, "deleted", size=500)
        page = self.page(query)
        items = page.items
        while page.next_cursor:
            page = self.page(query.after(page.next_cursor))
            items = items + page.items
        return [(data["id"], data["rev"]) for data in map(orjson.loads, items)]

    # -- the tree's word over the catalog's ------------------------------------------------

    def rebuild(self, owner: str) -> int:
        """Makes the catalog say of an owner what the tree says; gives the number of images."""
        images = 0
        for month in sorted({*self.catalog.months(owner), *self.blobs.months(owner)}):
            with self.catalog.lock(owner):
                images += self.rebuild_month(owner, month)
        return images

    def rebuild_month(self, owner: str, month: str) -> int:
        """Makes the catalog say of a month what the tree says; gives the number of images.
        Where a sidecar is damaged, the catalog's word stays. The caller holds the lock."""
        found: dict[str, tuple[Record, Seen]] = {}  # one, of files copied to another day
        for listed in self.blobs.sidecars(owner, month):
            key = keys.parse(listed.key)
            if key and (read := self._listed_sidecar(listed, key)):
                found[key.id] = read
        self.catalog.rebuild(owner, month, list(found.values()))
        return len(found)

    def _listed_sidecar(self, listed: Listed, key: Key) -> tuple[Record, Seen] | None:
        try:
            raw, seen = self.blobs.fetch(listed, MAX_SIDECAR_BYTES + 1)
            return decode_sidecar(raw, key), seen
        except NotFound:
            return None
        except Damaged as error:
            log.warning("sidecar %s: %s", listed.key, error)
        with suppress(GalleryError):
            if entry := self.catalog.get(key.folder.owner, key.id, key.folder.month):
                return entry.record, entry.seen
        return None


def trashed(record: Record, at: int) -> Record:
    if record.status == "trash":
        return record
    return replace(record, status="trash", deleted_at=at)


def restored(record: Record) -> Record:
    return replace(record, status="active", deleted_at=None)


def altered(before: Record, alter: Alter) -> Record | None:
    """The record's next version, or None when ``alter`` leaves it as it is."""
    after = alter(before)
    return None if after == before else replace(after, rev=min(before.rev + 1, MAX_INT))


def _op_between(before: Record, after: Record) -> Op:
    if before.status == after.status:
        return "edit"
    return "trash" if after.status == "trash" else "restore"
