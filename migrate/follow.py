"""What changed on the source since a position of its feed, brought to the target.

An image is brought as it is now, whatever the feed tells of it: so it doesn't matter how
often it is told, or that it was copied meanwhile.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from gallery import generation
from gallery.carried import absence_tells
from gallery.catalog import Changes, Noted
from gallery.errors import Damaged, PositionGone, StartRefused
from gallery.keys import KINDS
from gallery.settings import Settings
from migrate.carry import Carrier, Differs
from migrate.copying import THREADS, patiently
from migrate.folder import Folder
from migrate.journal import Journal, put_aside_in
from migrate.pace import Pace, Stopped
from migrate.sides import Sides

log = logging.getLogger(__name__)

BATCH, MOST_IMAGES = 1_000, 5_000
"""Of what one question gives, and of what is brought before the next is asked."""
IDLE_SECONDS, HELD_SECONDS = 0.2, 0.02
Image = tuple[str, str, str]
"""Owner, month and id."""
Say = Callable[[int, float], None]
"""Called with the number of changes that were brought, and how many seconds ago the last one
was made."""


def _quiet(changes: int, seconds: float) -> None:
    pass


@dataclass(slots=True)
class Round:
    """What was told after a position, up to another one, and brought: an image that was changed
    often once. ``level`` when that was all, ``held`` when more is there than could be told."""

    position: str
    level: bool = True
    held: bool = False
    changes: int = 0
    images: dict[Image, None] = field(default_factory=dict)
    last_at: float = 0.0
    """When the last of the changes was made."""
    began: float = field(default_factory=time.time)
    seconds: float = 0.0

    @property
    def behind(self) -> float:
        """How long ago that was written which is yet to be brought, at most."""
        return self.seconds if self.level else max(self.seconds, time.time() - self.last_at)


class Follow:
    """Raises StartRefused for an image that cannot be brought, Stopped, and GalleryErrors."""

    def __init__(self, sides: Sides, journal: Journal, pace: Pace) -> None:
        self._sides = sides
        self._journal = journal
        self._pace = pace
        self._carrier = Carrier(sides, pace, journal)
        self.brought: dict[Image, None] = {}
        """What was told to have changed, since this was emptied last."""
        self._aside: set[Image] = set()

    def recover(self, entries: Iterable[dict[str, Any]]) -> None:
        """Ends what earlier processes had begun, before anything else."""
        self._carrier.recover(self._read(entries))

    def _read(self, entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """They may be more than fit into memory."""
        for entry in entries:
            self._aside |= put_aside_in([entry])
            yield entry

    def run(
        self, position: str, entries: Iterable[dict[str, Any]] = (), *, for_ever: bool = False,
        say: Say = _quiet,
    ) -> str:  # fmt: skip
        """Follows until it is level, or until it is stopped; gives the position reached.
        ``entries`` are the journal's so far."""
        self.recover(entries)
        while not self._pace.stopped:
            done = self.round(position)
            position = done.position
            if done.changes:
                say(done.changes, time.time() - done.last_at)
            if done.level and not done.held and not for_ever:
                break
            if done.level:
                time.sleep(IDLE_SECONDS if for_ever else HELD_SECONDS)
        self._journal.sync()
        return position

    def round(self, position: str) -> Round:
        """Brings all that is there after a position, or a good part of it."""
        began, done = time.monotonic(), self._told(position)
        with ThreadPoolExecutor(THREADS, "follow") as pool:
            for _ in pool.map(self._images, _by_id(done.images)):
                pass
        self.brought.update(done.images)
        if done.position != position:
            self._journal.append(did="follow", position=done.position)
        done.seconds = time.monotonic() - began
        return done

    def _told(self, position: str) -> Round:
        done = Round(position)
        while True:
            changes = self._after(done.position)
            self._take_in(done, changes.noted)
            done.position, done.level, done.held = changes.position, changes.level, changes.held
            if done.level or len(done.images) >= MOST_IMAGES:
                return done

    def _take_in(self, done: Round, noted: list[Noted]) -> None:
        """Each image once. A month of which more can have changed than was told, all of it."""
        for change in noted:
            if change.id:
                done.images[change.owner, change.month, change.id] = None
            else:
                done.images.update(dict.fromkeys(self._of_month(change.owner, change.month)))
        if noted:
            done.changes += len(noted)
            done.last_at = noted[-1].at / 1e6

    def _after(self, position: str) -> Changes:
        def ask() -> Changes:
            return self._sides.source.catalog.changes(position, limit=BATCH)

        try:
            return patiently(ask, self._pace)
        except PositionGone as error:
            raise StartRefused(
                "the feed no longer holds what happened since then: make a plan and copy once "
                "more; what is there already is only looked at"
            ) from error

    def _of_month(self, owner: str, month: str) -> list[Image]:
        """What either side knows of a month, as far as it can be told what was purged."""
        sides = [self._sides.source]
        if absence_tells(self._sides.source.catalog.notes):
            sides.append(self._sides.target)
        return [
            (owner, month, id)
            for side in sides
            for kind in KINDS
            for id in side.catalog.seen(owner, month, kind)
        ]

    def _images(self, images: Iterable[Image]) -> None:
        for image in images:
            self._image(image)

    def _image(self, image: Image) -> None:
        owner, month, id = image
        if self._pace.stopped:
            raise Stopped
        try:
            patiently(lambda: self._carrier.by_id(owner, id, month), self._pace)
        except (Damaged, Differs) as error:
            if image not in self._aside:
                raise StartRefused(f"{owner}, {id}: {error}") from error
            log.warning("%s, %s stays aside: %s", owner, id, error)


def _by_id(images: Iterable[Image]) -> list[list[Image]]:
    """What was purged and put again in another month is told of both, and is one image: two
    threads would undo each other's work."""
    found = defaultdict(list)
    for owner, month, id in images:
        found[owner, id].append((owner, month, id))
    return [*found.values()]


def left_at(settings: Settings, folder: Folder, plan: dict[str, Any]) -> str:
    """Where to go on following in this move. Raises Unavailable."""
    return position_in(folder.entries(), plan, generation.record_of(settings).turns())


def position_in(entries: Iterable[dict[str, Any]], plan: dict[str, Any], number: int = 0) -> str:
    """Where to go on following: where that was left, where the library turned last, or where
    the plan began. A turn that the record's ``number`` does not tell of never happened."""
    position: str = plan["position"]
    for entry in entries:
        if entry["did"] in ("plan", "follow") or (
            entry["did"] == "turn" and entry["number"] <= number
        ):
            position = entry["position"]
    return position
