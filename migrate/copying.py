"""The copy: every image to the other side, several at a time, to be gone on with at any point."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from gallery import keys
from gallery.blobs import QUARANTINE
from gallery.carried import absence_tells
from gallery.errors import Damaged, NotFound, Unavailable
from gallery.keys import Folder, Key
from migrate.carry import Carrier, Differs, Outcome
from migrate.journal import Journal
from migrate.objects import read_into
from migrate.pace import Pace, Stopped
from migrate.progress import Progress
from migrate.sides import Sides
from migrate.survey import Anomaly
from migrate.walk import Only

log = logging.getLogger(__name__)

THREADS = 16
TRIES = 6
_FIRST_WAIT = 0.5
Policy = Literal["strict", "quarantine"]
T = TypeVar("T")


@dataclass(slots=True)
class Done:
    """What earlier runs have done: whole months, and single images of others; with the sums
    of each month. ``all`` when they came to the end of everything, ``earlier`` when images were
    there before they began; ``begun`` are those that they may have sent a part of."""

    months: set[tuple[str, str]] = field(default_factory=set)
    images: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    begun: set[str] = field(default_factory=set)
    all: bool = False
    earlier: bool = False

    @classmethod
    def of(cls, entries: Iterable[dict[str, Any]]) -> Done:
        done = cls()
        for entry in entries:
            place = entry.get("owner", ""), entry.get("month", "")
            if entry["did"] == "plan":
                done = cls()
            elif entry["did"] == "earlier":
                done.earlier = True
            elif entry["did"] == "copied":
                done.all = True
            elif entry["did"] == "send":
                done.begun.add(entry["image"])
            elif entry["did"] == "sent":
                done.begun.discard(entry["image"])
            elif entry["did"] == "image":
                done.images[place].add(entry["id"])
                done.counts[place] += 1
                done.bytes[place] += entry.get("bytes", 0)
            elif entry["did"] == "month":
                done.months.add(place)
                done.images.pop(place, None)
            elif entry["did"] == "quarantine":
                done.doubt(*place)
        return done

    def doubt(self, owner: str, month: str) -> None:
        """Something there is not as it should be: a month that was done is looked at again."""
        place = owner, month
        if place in self.months:
            self.months.discard(place)
            self.counts.pop(place, None)
            self.bytes.pop(place, None)

    def sums(self, only: Only) -> tuple[int, int]:
        """Images and bytes of a part."""
        places = [place for place in self.counts if only.has(*place)]
        return sum(map(self.counts.get, places)), sum(map(self.bytes.get, places))  # type: ignore[arg-type]


@dataclass(slots=True)
class Copied:
    """What a copy came to. ``stopped`` when it did not come to its end."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    anomalies: list[Anomaly] = field(default_factory=list)
    stopped: bool = False


@dataclass(slots=True)
class _Month:
    """A month that is copied. ``left`` counts its images under way, and its listing."""

    owner: str
    month: str
    left: int = 1
    whole: bool = True


class Copy:
    """``strict`` ends at the first image that is not as it should be; ``quarantine`` puts
    what lies there of such a one aside on the target, lists it, and goes on. ``again`` doubts
    that the target still has what it was sent."""

    def __init__(
        self, sides: Sides, journal: Journal, pace: Pace, progress: Progress, *,
        policy: Policy = "strict", threads: int = THREADS, again: bool = False,
    ) -> None:  # fmt: skip
        self._sides = sides
        self._journal = journal
        self._pace = pace
        self._progress = progress
        self._policy = policy
        self._threads = threads
        self._carrier = Carrier(sides, pace, journal, doubtful=again)
        self._lock = threading.Lock()
        self._copied = Copied()

    def run(self, only: Only, done: Done) -> Copied:
        """No more images are begun than there are threads. Raises GalleryError when a store
        stays away: then it can be gone on with."""
        if not done.counts and self._sides.target.catalog.owners():
            self._journal.append(did="earlier")
            done.earlier = True
        self._carrier.begun = done.begun
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(self._threads, "copy") as pool:
            try:
                for month, key in self._sidecars(only, done):
                    if len(under_way) >= self._threads:
                        ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                        _raise_of(ended)
                    self._pace.begin()
                    with self._lock:
                        month.left += 1
                    under_way.add(pool.submit(self._image, month, key))
                _raise_of(under_way)
            except Stopped:
                self._copied.stopped = True
        if only.is_all and not self._copied.stopped:
            self._journal.append(did="copied")
        self._journal.sync()
        return self._copied

    def _sidecars(self, only: Only, done: Done) -> Iterator[tuple[_Month, Key]]:
        """What is yet to be copied."""
        both = (self._sides.source, self._sides.target)
        tells = done.earlier and absence_tells(self._sides.source.catalog.notes)
        for owner, name in only.months(*both if done.earlier else both[:1]):
            if (owner, name) in done.months:
                continue
            month, known = _Month(owner, name), done.images.pop((owner, name), set())
            for listed in self._sides.source.blobs.sidecars(owner, name):
                key = keys.parse(listed.key)
                if key and key.role == "sidecar" and key.id not in known:
                    known.add(key.id)
                    yield month, key
            if tells:
                yield from ((month, key) for key in self._purged(owner, name, known))
            self._ended(month)

    def _purged(self, owner: str, month: str, known: set[str]) -> Iterator[Key]:
        """What an earlier copy brought, and the source has no more: the feed that told of it
        may be gone. After a turn that left something behind that cannot be told."""
        source, target = self._sides.source.catalog, self._sides.target.catalog
        for kind in keys.KINDS:
            for id in target.seen(owner, month, kind).keys() - known:
                if source.get(owner, id) is None and (entry := target.get(owner, id, month)):
                    yield Key(entry.record.folder, id, "sidecar", "json")

    def _ended(self, month: _Month, *, whole: bool = True) -> None:
        with self._lock:
            month.left -= 1
            month.whole = month.whole and whole
            is_done = month.whole and not month.left
        if is_done:
            self._journal.append(did="month", owner=month.owner, month=month.month)

    def _image(self, month: _Month, key: Key) -> None:
        month_is_whole = False
        try:
            carried = patiently(lambda: self._carrier.carry(key.folder, key.id), self._pace)
            self._journal.append(
                did="image", owner=month.owner, month=month.month, id=key.id,
                bytes=carried.bytes, what=carried.outcome,
            )  # fmt: skip
            self._progress.add(1, carried.bytes)
            with self._lock:
                self._copied.outcomes[carried.outcome] += 1
            month_is_whole = True
        except (Damaged, Differs) as error:
            self._anomaly(key.folder, key.id, str(error))
        finally:
            self._ended(month, whole=month_is_whole)

    def _anomaly(self, folder: Folder, id: str, why: str) -> None:
        """Ends the copy, or puts the image aside. Its month is not done: it may be mended."""
        log.error("%s: %s", folder.sidecar(id), why)
        with self._lock:
            self._copied.anomalies.append(Anomaly(why, folder.sidecar(id)))
        if self._policy == "strict":
            self._pace.stop()
            return
        for key in [folder.sidecar(id), *(folder.image(id, ext) for ext in keys.MIME_OF)]:
            self._set_aside(key)
        self._journal.append(did="quarantine", owner=folder.owner, month=folder.month, id=id)

    def _set_aside(self, key: str) -> None:
        spool = self._sides.target.blobs.spool()
        try:
            read_into(spool, self._sides.source.blobs, key)
            spool.sync()
            self._sides.target.blobs.put(QUARANTINE + key, spool)
        except NotFound:
            pass
        finally:
            spool.discard()


def _raise_of(ended: Iterable[Future[None]]) -> None:
    for one in ended:
        one.result()


def patiently(act: Callable[[], T], pace: Pace) -> T:
    """What ``act`` gives; done again, ever later, while a store is away. Raises Unavailable
    when it stays away, and Stopped."""
    seconds = _FIRST_WAIT
    for _ in range(TRIES - 1):
        try:
            return act()
        except Unavailable as error:
            log.warning("%s; again in %.1f s", error, seconds)
        time.sleep(seconds)
        if pace.stopped:
            raise Stopped
        seconds *= 2
    return act()
