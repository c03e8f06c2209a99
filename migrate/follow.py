"""What changed on the source since a position of its feed, brought to the target.

An image is brought as it is now, whatever the feed tells of it: so it doesn't matter how
often it is told, or that it was copied meanwhile.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gallery.catalog import Changes, Noted
from gallery.errors import Damaged, PositionGone, StartRefused
from gallery.keys import KINDS
from migrate.carry import Carrier, Differs
from migrate.copying import THREADS, patiently
from migrate.journal import Journal
from migrate.pace import Pace, Stopped
from migrate.sides import Sides

log = logging.getLogger(__name__)

BATCH = 1_000
IDLE_SECONDS, HELD_SECONDS = 0.2, 0.02
Image = tuple[str, str, str]
"""Owner, month and id."""
Say = Callable[[int, float], None]
"""Called with the number of changes that were brought, and how many seconds ago the last one
was made."""


def _quiet(changes: int, seconds: float) -> None:
    pass


class Follow:
    """Raises StartRefused for an image that cannot be brought, and GalleryErrors."""

    def __init__(self, sides: Sides, journal: Journal, pace: Pace) -> None:
        self._sides = sides
        self._journal = journal
        self._pace = pace
        self._carrier = Carrier(sides, pace, journal)
        self.brought: dict[Image, None] = {}
        """What was told to have changed, since this was emptied last."""

    def run(
        self, position: str, entries: Iterable[dict[str, Any]] = (), *, for_ever: bool = False,
        say: Say = _quiet,
    ) -> str:  # fmt: skip
        """Follows until it is level, or until it is stopped; gives the position reached.
        ``entries`` are the journal's so far."""
        self._carrier.recover(entries)
        with ThreadPoolExecutor(THREADS, "follow") as pool:
            while True:
                changes = self._after(position)
                if changes.noted:
                    self._bring(pool, changes.noted)
                    say(len(changes.noted), time.time() - changes.noted[-1].at / 1e6)
                if changes.position != position:
                    position = changes.position
                    self._journal.append(did="follow", position=position)
                if changes.level and not changes.held and not for_ever:
                    break
                if changes.level:
                    time.sleep(IDLE_SECONDS if for_ever else HELD_SECONDS)
                if self._pace.stopped:
                    break
        self._journal.sync()
        return position

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

    def _bring(self, pool: ThreadPoolExecutor, noted: Iterable[Noted]) -> None:
        """Each image once. A month of which more can have changed than was told, all of it."""
        images: dict[Image, None] = {}
        for change in noted:
            if change.id:
                images[change.owner, change.month, change.id] = None
            else:
                images.update(dict.fromkeys(self._of_month(change.owner, change.month)))
        for _ in pool.map(self._image, images):
            pass
        self.brought.update(images)

    def _of_month(self, owner: str, month: str) -> list[Image]:
        """What either side knows of a month."""
        sides = (self._sides.source, self._sides.target)
        return [
            (owner, month, id)
            for side in sides
            for kind in KINDS
            for id in side.catalog.seen(owner, month, kind)
        ]

    def _image(self, image: Image) -> None:
        owner, month, id = image
        if self._pace.stopped:
            raise Stopped
        try:
            patiently(lambda: self._carrier.by_id(owner, id, month), self._pace)
        except (Damaged, Differs) as error:
            raise StartRefused(f"{owner}, {id}: {error}") from error


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
