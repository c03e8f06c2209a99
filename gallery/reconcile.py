"""The walk: makes the catalog agree with the tree, and ends what a crash left half done.

It compares each sidecar's size and mtime with what the catalog saw, and reads only what
differs. What it does about a difference, per image:

    put mark                      the put was never committed: swept, with what it names
    purge mark                    the purge was committed: finished
    sidecar new or changed        the tree is right: adopted
    sidecar gone, image there     written again from the catalog
    image only                    somebody dropped it: taken in, if it is a whole image;
                                  where images are marks themselves, and this one is of a put
                                  within the last week: never committed, swept
    both gone                     purged from outside, when seen twice a minute apart
    image gone, sidecar there     damage: reported, left alone

Nothing is decided from the listing alone: every act looks again under the owner's lock.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from gallery import keys
from gallery.blobs import Listed, SelfMarked
from gallery.catalog import Entry
from gallery.draft import DAY_US, Draft, describe
from gallery.errors import GalleryError, NotFound, Unavailable
from gallery.imaging import Imaging
from gallery.keys import Folder, Key, Kind, Role
from gallery.library import Library
from gallery.records import Record, Seen, change, encode_sidecar, to_us

log = logging.getLogger(__name__)

SETTLE_SECONDS = 5.0
VANISH_SECONDS = 60.0
PUT_SECONDS = 3600.0
"""An image that is its own put mark may be of a put under way, or one whose commit is still
to arrive, for so long."""
MARKED_SECONDS = 7 * 86_400.0
"""A walk comes sooner than that. What was put earlier and has neither sidecar nor entry was
committed once and lost both: it is taken in like any image, and nobody's pixels are swept."""


@dataclass(slots=True)
class Files:
    """The files of one image, by what they are."""

    folder: Folder
    id: str
    by_role: dict[Role, Listed] = field(default_factory=dict)

    @property
    def sidecar(self) -> Seen | None:
        found = self.by_role.get("sidecar")
        return None if found is None else Seen(found.size, found.mtime_ns)


@dataclass(slots=True)
class Walked:
    """What a walk did, and the damage that it cannot mend: lines for the log."""

    images: int = 0
    mended: int = 0
    damage: list[str] = field(default_factory=list)


class Reconciler:
    """Walks a library. One at a time: the holder of the job lock runs it."""

    def __init__(self, library: Library, imaging: Imaging, *, settle: float = SETTLE_SECONDS,
                 vanish: float = VANISH_SECONDS, put: float = PUT_SECONDS) -> None:  # fmt: skip
        self.library = library
        self.imaging = imaging
        self._settle = settle
        self._vanish = vanish
        self._put = put
        self._gone: dict[tuple[str, str], tuple[str, float]] = {}
        """(owner, id) of images whose files are all gone, their month, and when that was
        first seen (monotonic seconds)."""

    def run(self, stop: Callable[[], bool] = lambda: False) -> Walked:
        """Walks all owners, those with something stored and those the catalog knows."""
        walked = Walked()
        stored = set(self.library.blobs.owners())
        for owner in sorted({*stored, *self.library.catalog.owners()}):
            if stop():
                break
            if owner not in stored:
                self._without_folder(owner, walked)
                continue
            try:
                self.owner(owner, walked)
            except GalleryError as error:
                log.warning("walk: %s was left out: %s", owner, error)
            except Exception:
                log.exception("walk: %s was left out", owner)
        return walked

    def _without_folder(self, owner: str, walked: Walked) -> None:
        """A folder that isn't there says nothing of what was in it: it may be elsewhere."""
        totals = self.library.catalog.totals(owner).values()
        if images := sum(found.active + found.trash for found in totals):
            walked.damage.append(f"users/{owner}: the folder of {images} images is gone")

    def owner(self, owner: str, walked: Walked) -> None:
        """Walks one owner's images."""
        months: set[tuple[Kind, str]] = set()
        for (kind, month), group in by_month(self.library.blobs.list(f"users/{owner}/")):
            months.add((kind, month))
            self._month(owner, month, kind, group, walked)
        for month in self.library.catalog.months(owner):
            for kind in keys.KINDS:
                if (kind, month) not in months:
                    self._month(owner, month, kind, [], walked)

    def _month(
        self, owner: str, month: str, kind: Kind, group: list[Files],
        walked: Walked,
    ) -> None:  # fmt: skip
        seen = self.library.asked(lambda: self.library.catalog.seen(owner, month, kind))
        present = set()
        for files in group:
            if files.by_role.keys() <= {"thumb"}:
                continue
            walked.images += "sidecar" in files.by_role
            present.add(files.id)
            self._gone.pop((owner, files.id), None)
            if self._is_settled(files, seen.get(files.id)):
                if "image" not in files.by_role:
                    walked.damage.append(f"{files.folder.sidecar(files.id)}: its image is gone")
                continue
            self._mend(owner, month, files, walked)
        for id in seen.keys() - present:
            self._missing(owner, id, month, walked)

    def _is_settled(self, files: Files, seen: Seen | None) -> bool:
        marked = files.by_role.keys() & {"put", "purge", "new"}
        return not marked and seen is not None and files.sidecar == seen

    def _mend(self, owner: str, month: str, files: Files, walked: Walked) -> None:
        where = files.folder.sidecar(files.id)
        try:
            if "sidecar" not in files.by_role and "put" not in files.by_role:
                dropped = self._dropped(owner, month, files)
                if dropped:
                    walked.mended += self._alone(files.folder, files.id, dropped)
                    return
            with self.library.catalog.lock(owner):
                walked.mended += self._mend_locked(owner, month, files.folder, files.id)
        except (Unavailable, NotFound) as error:
            log.warning("walk: %s: %s", where, error)

    # -- under the owner's lock -------------------------------------------------------------

    def _mend_locked(self, owner: str, month: str, folder: Folder, id: str) -> bool:
        """Looks again, and does what there is to do. Whether there was."""
        library = self.library
        entry = library.catalog.get(owner, id, month)
        sidecar = library.sidecar(folder, id)
        present = self._there(folder.sidecar(id))
        if not present and self._there(folder.mark(id, "purge")):
            self._finish_purge(folder, id, entry)
            return True
        if not present and self._there(folder.mark(id, "put")):
            library.sweep(folder, id)
            log.info("swept a put that was never committed: %s", folder.sidecar(id))
            return True
        # Beside a sidecar a mark is old: the image was put or restored since.
        library.blobs.finish(folder, id)
        library.blobs.delete(folder.mark(id, "new"))
        if sidecar is not None:
            return self._adopt_sidecar(entry, *sidecar)
        if entry is not None and not present:
            return self._rewrite_sidecar(entry)
        return False

    def _finish_purge(self, folder: Folder, id: str, entry: Entry | None) -> None:
        if entry is not None:
            self.library.finish_purge(entry.record)
        self.library.sweep(folder, id)
        log.info("finished a purge: %s", folder.sidecar(id))

    def _adopt_sidecar(self, entry: Entry | None, record: Record, seen: Seen) -> bool:
        if entry is not None:
            return self.library.current(record.owner, record.id).seen != entry.seen
        self.library.catalog.apply(change("put", record, seen))
        return True

    def _rewrite_sidecar(self, entry: Entry) -> bool:
        record = entry.record
        if not self._there(record.image):
            return False
        seen = self.library.blobs.replace(record.folder, record.id, encode_sidecar(record))
        self.library.catalog.apply(change("edit", record, seen))
        log.info("wrote a lost sidecar again: %s", record.folder.sidecar(record.id))
        return True

    def _there(self, key: str) -> bool:
        try:
            self.library.blobs.stat(key)
        except NotFound:
            return False
        return True

    # -- images that vanished ---------------------------------------------------------------

    def look_again(self) -> None:
        """Looks once more for the images whose files were all gone a while ago."""
        walked = Walked()
        stored = set(self.library.blobs.owners()) if self._gone else set()
        for (owner, id), (month, _) in list(self._gone.items()):
            if owner in stored:
                self._missing(owner, id, month, walked)

    def _missing(self, owner: str, id: str, month: str, walked: Walked) -> None:
        now = time.monotonic()
        _, first = self._gone.setdefault((owner, id), (month, now))
        if now - first < self._vanish:
            return
        with self.library.catalog.lock(owner), suppress(NotFound):
            entry = self.library.catalog.get(owner, id, month)
            del self._gone[owner, id]
            if entry is None:
                return
            record = entry.record
            self.library.blobs.check()
            if not self._there(record.folder.sidecar(id)) and not self._there(record.image):
                self.library.finish_purge(record)
                walked.mended += 1
                log.info("purged what was removed from outside: %s", record.image)

    # -- images that were dropped -----------------------------------------------------------

    def _dropped(self, owner: str, month: str, files: Files) -> Key | None:
        """The key of an image without sidecar that nobody knows and nobody writes to."""
        image = files.by_role.get("image")
        if image is None or "purge" in files.by_role:
            return None
        if self.library.catalog.get(owner, files.id, month) is not None:
            return None
        if time.time() - image.mtime_ns / 1e9 < self._settle:
            return None
        return keys.parse(image.key)

    def _alone(self, folder: Folder, id: str, key: Key) -> bool:
        """Sweeps what a put left that was never committed, and takes in what was dropped.
        Whether there was anything to do yet."""
        blobs = self.library.blobs
        put_at = blobs.put_at(folder.image(id, key.ext)) if isinstance(blobs, SelfMarked) else None
        if put_at is None or time.time() - put_at > MARKED_SECONDS:
            return self._take_in(folder, id, key)
        if time.time() - put_at < self._put:
            return False
        with self.library.catalog.lock(folder.owner):
            known = self.library.catalog.get(folder.owner, id, folder.month)
            if known is not None or self._there(folder.sidecar(id)):
                return False
            self.library.sweep(folder, id)
        log.info("swept a put that was never committed: %s", folder.sidecar(id))
        return True

    def _take_in(self, folder: Folder, id: str, key: Key) -> bool:
        """Gives a dropped image its thumbnail, sidecar and catalog entry. Its own name and
        its day stay as they are."""
        library, image = self.library, folder.image(id, key.ext)
        found = library.blobs.stat(image)
        spool = library.thumbnails.spooled(image)
        try:
            spool.sync()
            try:
                inspection = self.imaging.inspect(spool.path).result()
            except Unavailable:
                raise
            except GalleryError as error:
                log.warning("walk: %s is left alone: %s", image, error)
                return False
            if keys.EXT_OF[inspection.mime] != key.ext:
                log.warning("walk: %s is left alone: it is %s", image, inspection.mime)
                return False
            draft = Draft(folder.owner, folder.kind, id, created_at=_within(folder, found))
            record = describe(draft, library.clock(), spool, inspection)
            if record.folder != folder:
                log.warning("walk: %s is left alone: its day is yet to come", image)
                return False
            with library.catalog.lock(folder.owner):
                if found != library.blobs.stat(image) or self._there(folder.sidecar(id)):
                    return False
                library.blobs.put(record.thumb, inspection.thumbnail)
                seen = library.blobs.replace(folder, id, encode_sidecar(record))
                library.catalog.apply(change("put", record, seen))
        finally:
            spool.discard()
        log.info("took in a dropped image: %s", image)
        return True


def by_month(listed: Iterator[Listed]) -> Iterator[tuple[tuple[Kind, str], list[Files]]]:
    """The images of a listing in the order of keys, a kind and month at a time."""
    parsed = ((key, found) for found in listed if (key := keys.parse(found.key)))
    by_folder = itertools.groupby(parsed, key=lambda pair: pair[0].folder)
    days = ((folder, _files(folder, pairs)) for folder, pairs in by_folder)
    for place, group in itertools.groupby(days, key=lambda day: (day[0].kind, day[0].month)):
        yield place, [files for _, found in group for files in found]


def _files(folder: Folder, pairs: Iterator[tuple[Key, Listed]]) -> list[Files]:
    """The images of one folder, each with its files."""
    images: dict[str, Files] = {}
    for key, found in pairs:
        if key.id not in images:
            images[key.id] = Files(folder, key.id)
        images[key.id].by_role[key.role] = found
    return list(images.values())


def _within(folder: Folder, found: Listed) -> int:
    """The file's time, moved into its folder's day if it lies outside (microseconds)."""
    start = to_us(folder.day.isoformat())
    return min(max(found.mtime_ns // 1000, start), start + DAY_US - 1)
