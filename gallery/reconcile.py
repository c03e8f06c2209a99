"""Makes the catalog agree with the tree, and ends what a crash left half done.

The walk compares each sidecar's size and mtime with what the catalog saw; whatever differs
is looked at, by ``mend``'s table. The watcher has single images looked at when their files
change. An image that is gone from beside its sidecar is damage: reported, left alone.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gallery import keys
from gallery.arrivals import SETTLE_SECONDS, SETTLED, Look, Watched
from gallery.blobs import Listed
from gallery.bucketed import PUT_SECONDS
from gallery.errors import GalleryError, NotFound, Unavailable
from gallery.imaging import Imaging
from gallery.inbox import Inbox
from gallery.keys import Folder, Inboxed, Key, Kind, Role
from gallery.library import Library
from gallery.mend import Mender
from gallery.records import Seen

log = logging.getLogger(__name__)

VANISH_SECONDS = 60.0
AWAY_SECONDS = 5.0
RETRY_SECONDS = 60.0

Image = tuple[Folder, str]
Thing = Image | Inboxed
"""What can be looked at: an image by folder and id, or a file in an inbox."""
Note = Callable[[Thing], None]


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
    """What a walk did, what it noted to be looked at, and the damage that it cannot mend:
    lines for the log."""

    images: int = 0
    mended: int = 0
    noted: int = 0
    damage: list[str] = field(default_factory=list)


class Reconciler:
    """Looks at images, one or all. One walk at a time: the holder of the job lock runs it.
    No two looks at the same image at a time. What comes through an inbox may have
    ``max_bytes``."""

    def __init__(self, library: Library, imaging: Imaging, *, settle: float = SETTLE_SECONDS,
                 vanish: float = VANISH_SECONDS, put: float = PUT_SECONDS,
                 max_bytes: int | None = None) -> None:  # fmt: skip
        self.library = library
        self._settle = settle
        self._memory = Watched()
        self.mender = Mender(library, imaging, self._memory, settle=settle, vanish=vanish, put=put)
        self._inbox = Inbox(library, imaging, self._memory, settle=settle, max_bytes=max_bytes)

    # -- the walk -----------------------------------------------------------------------------

    def run(self, stop: Callable[[], bool] = lambda: False, note: Note | None = None) -> Walked:
        """Walks all owners, those with something stored and those the catalog knows. What
        differs is looked at at once, or given to ``note`` to be looked at."""
        walk = _Walk(self, note)
        stored = set(self.library.blobs.owners())
        for owner in sorted({*stored, *self.library.catalog.owners()}):
            if stop():
                break
            if owner not in stored:
                walk.without_folder(owner)
                continue
            try:
                walk.owner(owner)
            except GalleryError as error:
                log.warning("walk: %s was left out: %s", owner, error)
            except Exception:
                log.exception("walk: %s was left out", owner)
        return walk.walked

    # -- one look -----------------------------------------------------------------------------

    def look(self, thing: Thing) -> float | None:
        """Looks at one thing, and does what there is to do; gives the seconds after which
        to look again, if that is needed. Raises nothing that is about the thing."""
        return self.looked(thing).again

    def looked(self, thing: Thing) -> Look:
        try:
            self.library.blobs.check()
        except Unavailable:
            return Look(again=AWAY_SECONDS)
        name = str(thing) if isinstance(thing, Inboxed) else thing[0].sidecar(thing[1])
        try:
            return (
                self._inbox.look(thing) if isinstance(thing, Inboxed) else self.mender.look(*thing)
            )
        except NotFound:  # it went away meanwhile, which will be noticed
            return SETTLED
        except GalleryError as error:
            self._memory.say(name, str(error))
            return Look(again=RETRY_SECONDS)

    def forget(self, sidecar: str) -> None:
        """To be told when an image was seen to be in order."""
        self._memory.forget(sidecar)

    def is_damage(self, files: Files, seen: Seen | None) -> bool:
        """Whether a sidecar waits for its image in vain: a new one's may be on its way. Its
        time may lie in the future, and in a bucket is none: then it is how long it was seen."""
        lies = files.by_role.get("sidecar")
        if lies is None or seen is not None:
            return lies is not None
        age = self._memory.age(lies.key, (lies.size, lies.mtime_ns))
        return max(age, time.time() - lies.mtime_ns / 1e9) >= self._settle


class _Walk:
    """One walk over a library."""

    def __init__(self, reconciler: Reconciler, note: Note | None) -> None:
        self.walked = Walked()
        self._reconciler = reconciler
        self._library = reconciler.library
        self._note = note

    def without_folder(self, owner: str) -> None:
        """A folder that isn't there says nothing of what was in it: it may be elsewhere."""
        totals = self._library.catalog.totals(owner).values()
        if images := sum(found.active + found.trash for found in totals):
            self.walked.damage.append(f"users/{owner}: the folder of {images} images is gone")

    def owner(self, owner: str) -> None:
        """Walks one owner's images, and then the inbox."""
        self._library.catalog.catch_up(owner)
        months: set[tuple[Kind, str]] = set()
        inbox: list[Inboxed] = []
        listed = _without_inbox(self._library.blobs.list(f"users/{owner}/"), inbox)
        for (kind, month), group in by_month(listed):
            months.add((kind, month))
            self._month(owner, month, kind, group)
        for month in self._library.catalog.months(owner):
            for kind in keys.KINDS:
                if (kind, month) not in months:
                    self._month(owner, month, kind, [])
        for file in inbox:
            self._see(file)

    def _month(self, owner: str, month: str, kind: Kind, group: list[Files]) -> None:
        catalog = self._library.catalog
        seen = self._library.healing.asked(lambda: catalog.seen(owner, month, kind))
        present = set()
        for files in group:
            if files.by_role.keys() <= {"thumb"}:
                continue
            self.walked.images += "sidecar" in files.by_role
            present.add(files.id)
            self._files(files, seen.get(files.id))
        for id in seen.keys() - present:
            if entry := catalog.get(owner, id, month):
                self._see((entry.record.folder, id))

    def _files(self, files: Files, seen: Seen | None) -> None:
        where = files.folder.sidecar(files.id)
        try:
            if files.by_role.keys() & {"put", "purge", "new"}:
                done = self._reconciler.mender.finish(files.folder, files.id)
                self.walked.mended += done.mended
                if done.mended:
                    return
            if "image" not in files.by_role and self._reconciler.is_damage(files, seen):
                self.walked.damage.append(f"{where}: its image is gone")
            if seen is None or files.sidecar != seen:
                self._see((files.folder, files.id))
            else:
                self._reconciler.forget(where)
        except (Unavailable, NotFound) as error:
            log.warning("walk: %s: %s", where, error)

    def _see(self, thing: Thing) -> None:
        if self._note is None:
            self.walked.mended += self._reconciler.looked(thing).mended
        else:
            self.walked.noted += 1
            self._note(thing)


def _without_inbox(listed: Iterator[Listed], inbox: list[Inboxed]) -> Iterator[Listed]:
    """What is listed, but for the files of the inbox, which are put into ``inbox``."""
    for found in listed:
        if file := keys.inboxed(found.key):
            inbox.append(file)
        else:
            yield found


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
