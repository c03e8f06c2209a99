"""Cleanup: the side that the library left is emptied, by month, in two steps.

What the library has for certain is set aside first: each object below ``.gallery/aside/``,
under its key, where it is out of everybody's way and could be put back by hand. Only what was
set aside is removed. In a bucket to set aside is a copy that the store makes itself, and the
removal of the object; where the bucket keeps versions, its own rules say for how long.

Whatever isn't certain stays where it is, and is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gallery import keys
from gallery.blobs import ASIDE, is_there
from gallery.blobs.abilities import Renames
from gallery.catalog import Changes, Entry
from gallery.changes import change
from gallery.errors import Damaged, GalleryError, NotFound, PositionGone
from gallery.keys import Folder, Role
from gallery.records import Record
from migrate.copying import THREADS
from migrate.journal import Journal
from migrate.objects import hashed
from migrate.sides import Sides
from migrate.walk import Lying, Only, lying

BATCH = 100
_ROLES: tuple[Role, ...] = ("image", "thumb", "sidecar")
"""The sidecar last: as long as it lies there, the image is found again."""
Owned = tuple[str, str]
"""Owner and month, or owner and id."""


@dataclass(slots=True)
class Cleaned:
    """Images and bytes by owner and month, and what stays, with the reason."""

    images: Counter[Owned] = field(default_factory=Counter)
    bytes: Counter[Owned] = field(default_factory=Counter)
    left: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        months = [
            {"owner": owner, "month": month, "images": count, "bytes": self.bytes[owner, month]}
            for (owner, month), count in sorted(self.images.items())
        ]
        return {"months": months, "left": self.left, "images": self.images.total()}


@dataclass(frozen=True, slots=True)
class Going:
    """An image that may go; ``row`` is what the side that is left knows of it."""

    image: Lying
    row: Entry | None
    bytes: int


class Cleanup:
    """Of the target of ``sides``. ``position`` is the one of the source's feed when all was
    verified last; what changed since is read and hashed now. Without a ``journal`` nothing is
    changed. Methods raise GalleryErrors; then it can be done again."""

    def __init__(self, sides: Sides, position: str, journal: Journal | None) -> None:
        self._here = sides.source
        self._left = sides.target
        self._journal = journal
        self._changed = _changed(self._here.catalog.changes, position)
        self._cleaned = Cleaned()

    # -- setting aside --------------------------------------------------------------------------

    def set_aside(self) -> Cleaned:
        with ThreadPoolExecutor(THREADS, "cleanup") as pool:
            for owner, month in Only().months(self._left):
                strange: list[str] = []
                images = self._images(owner, month, strange)
                self._cleaned.left.update(dict.fromkeys(strange, "not a name of ours"))
                going = [found for found in pool.map(self._judged, images) if found]
                for first in range(0, len(going), BATCH):
                    self._move(owner, month, going[first : first + BATCH])
        return self._cleaned

    def _images(self, owner: str, month: str, strange: list[str]) -> list[Lying]:
        """What lies there of a month, and those rows of which nothing does."""
        images = lying(self._left, owner, month, strange)
        known = {image.id for image in images}
        catalog = self._left.catalog
        for kind in keys.KINDS:
            for id in catalog.seen(owner, month, kind).keys() - known:
                if entry := catalog.get(owner, id, month):
                    images.append(Lying(entry.record.folder, id))
        return images

    def _judged(self, image: Lying) -> Going | None:
        """None for what stays."""
        try:
            row = self._left.catalog.get(image.folder.owner, image.id, image.folder.month)
            record = row.record if row else self._said(image)
            why = self._why_not(image, record)
        except (Damaged, GalleryError) as error:
            why = str(error)
        if why:
            self._cleaned.left[image.folder.sidecar(image.id)] = why
            return None
        return Going(image, row, record.bytes if record else 0)

    def _said(self, image: Lying) -> Record | None:
        """By its sidecar. Raises Damaged."""
        with suppress(NotFound):
            return self._left.sidecars.read(image.folder, image.id)[0]
        return None

    def _why_not(self, image: Lying, record: Record | None) -> str:
        """Why an image has to stay; "" if it need not. Raises GalleryError."""
        if record is None:
            return "nothing says what it is"
        if marks := image.by_role.keys() - {*_ROLES}:
            return f"something is under way: {', '.join(sorted(marks))}"
        return self._why_not_sure(image.folder, image.id, record.sha256)

    def _why_not_sure(self, folder: Folder, id: str, sha256: str) -> str:
        """Whether the library has it for certain: "" or what it hasn't. Raises GalleryError."""
        entry = self._here.catalog.get(folder.owner, id, folder.month)
        if entry is None or entry.record.folder != folder:
            return "the library does not know it"
        record = entry.record
        if record.sha256 != sha256:
            return "the library has another original under this id"
        try:
            size = self._here.blobs.stat(record.image).size
            if size != record.bytes:
                return f"the library's original has {size} bytes instead of {record.bytes}"
            if self._was_changed(record) and hashed(self._here.blobs, record.image) != sha256:
                return "the library's original is another than its record says"
        except NotFound:
            return "the library's original is not there"
        return ""

    def _was_changed(self, record: Record) -> bool:
        owner = record.owner
        return self._changed is None or bool({(owner, record.id), (owner, "")} & self._changed)

    def _move(self, owner: str, month: str, moved: list[Going]) -> None:
        """The rows last: a process that dies before that finds the images once more."""
        if self._journal:
            with self._left.catalog.lock(owner):
                moved = [one for one in moved if self._knows(owner, one.image.id)]
                for one in moved:
                    self._rename(one.image)
                rows = [change("purge", one.row.record) for one in moved if one.row]
                self._left.catalog.apply_all(rows)
            self._journal.append(did="aside", owner=owner, month=month, images=len(moved))
        self._count(owner, month, len(moved), sum(one.bytes for one in moved))

    def _knows(self, owner: str, id: str) -> bool:
        return self._here.catalog.get(owner, id) is not None

    def _rename(self, image: Lying) -> None:
        assert isinstance(self._left.blobs, Renames)  # noqa: S101 - as asked before
        for role in _ROLES:
            if found := image.by_role.get(role):
                with suppress(NotFound):
                    self._left.blobs.rename(found.key, ASIDE + found.key)

    def _count(self, owner: str, month: str, images: int, size: int) -> None:
        self._cleaned.images[owner, month] += images
        self._cleaned.bytes[owner, month] += size

    # -- removing -------------------------------------------------------------------------------

    def remove(self) -> Cleaned:
        """What was set aside: of images that the library has for certain, or has no more."""
        verdicts: dict[tuple[Folder, str], str] = {}
        for found in self._left.blobs.list(ASIDE):
            key = keys.parse(found.key.removeprefix(ASIDE))
            if key is None:
                self._cleaned.left[found.key] = "not a name of ours"
                continue
            image = key.folder, key.id
            if image not in verdicts:
                verdicts[image] = self._why_kept(*image)
                if not verdicts[image]:
                    self._count(key.folder.owner, key.folder.month, 1, 0)
            if verdicts[image]:
                self._cleaned.left[found.key] = verdicts[image]
                continue
            self._cleaned.bytes[key.folder.owner, key.folder.month] += found.size
            if self._journal:
                self._left.blobs.delete(found.key)
        for (owner, month), images in self._cleaned.images.items():
            if self._journal:
                self._journal.append(did="removed", owner=owner, month=month, images=images)
        return self._cleaned

    def _why_kept(self, folder: Folder, id: str) -> str:
        """A catalog alone proves nothing, for it may have been lost: of what was purged nothing
        lies there any more."""
        if entry := self._here.catalog.get(folder.owner, id, folder.month):
            return self._why_not_sure(folder, id, entry.record.sha256)
        names = folder.sidecar(id), *(folder.image(id, ext) for ext in keys.MIME_OF)
        is_purged = not any(is_there(self._here.blobs, name) for name in names)
        return "" if is_purged else "the library does not know it"


def _changed(changes: Callable[..., Changes], position: str) -> set[Owned] | None:
    """Owner and id of what was told since, an id of "" for all of an owner's; None for all."""
    found: set[Owned] = set()
    try:
        for noted in _told(changes, position):
            found.add(noted)
    except PositionGone:
        return None
    return found


def _told(changes: Callable[..., Changes], position: str) -> Iterator[Owned]:
    level = False
    while not level:
        answer = changes(position)
        yield from ((noted.owner, noted.id) for noted in answer.noted)
        position, level = answer.position, answer.level
