"""Whether the two sides are the same library: image by image, from nothing but the stores.

    =   the same on both
    *   different, or not as it should be on one of them
    +   on the source only
    -   on the target only
    !   it could not be told

These are the signs of ``rclone check``. On each side an image is its sidecar, its original and
its row, and each of them has to fit the others. The root hash is made of what the sidecars
say, keys and hashes of the originals included, so it is the same number for the same library
wherever it lies.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, TextIO

from gallery.encoding import MAX_SIDECAR_BYTES, decode_sidecar, encode
from gallery.errors import Damaged, GalleryError, NotFound
from gallery.keys import KINDS, Key
from gallery.library import Library
from gallery.records import Record
from migrate.copying import THREADS
from migrate.objects import hashed
from migrate.pace import Pace
from migrate.progress import Progress
from migrate.sides import Sides
from migrate.walk import Lying, Only, lying

Sign = Literal["=", "*", "+", "-", "!"]
SIGNS: tuple[Sign, ...] = ("=", "*", "+", "-", "!")
_OF_ALL = 1 << 32


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of the image under a key."""

    sign: Sign
    key: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.key}" + (f": {self.why}" if self.why else "")


@dataclass(slots=True)
class Side:
    """An image as one side has it: what its sidecar says, and what does not fit that."""

    record: Record | None = None
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """``root`` and ``other_root`` are the root hashes of source and target."""

    signs: Counter[Sign] = field(default_factory=Counter)
    bytes: int = 0
    hashed: int = 0
    root: str = ""
    other_root: str = ""

    @property
    def exit_code(self) -> int:
        """0: equal; 1: different; 2: it could not be told."""
        if self.signs["!"]:
            return 2
        return int(self.signs["="] != self.signs.total() or self.root != self.other_root)

    def as_json(self) -> dict[str, Any]:
        return {
            "signs": {sign: self.signs[sign] for sign in SIGNS},
            "bytes": self.bytes,
            "hashed": self.hashed,
            "root": self.root,
            "target_root": self.other_root,
        }


class Compare:
    """Looks at both sides. ``sample`` is the share of originals that are read and hashed on
    both; of the others the sizes are compared. ``say`` is given each verdict; to ``hashes`` goes
    what the originals of the source are to be."""

    def __init__(
        self, sides: Sides, pace: Pace, progress: Progress, say: Callable[[Verdict], None], *,
        sample: float = 1.0, threads: int = THREADS, hashes: TextIO | None = None,
    ) -> None:  # fmt: skip
        self._hashes = hashes
        self._sides = sides
        self._pace = pace
        self._progress = progress
        self._say = say
        self._below = int(sample * _OF_ALL)
        self._threads = threads
        self._report = Report()

    def run(self, only: Only) -> Report:
        roots = hashlib.sha256(), hashlib.sha256()
        with ThreadPoolExecutor(self._threads, "verify") as pool:
            for owner, month in only.months(self._sides.source, self._sides.target):
                found = self._month(pool, owner, month)
                for root, of_month in zip(roots, found, strict=True):
                    if of_month is not None:
                        root.update(f"{owner} {month} {of_month}\n".encode())
        self._report.root, self._report.other_root = (root.hexdigest() for root in roots)
        return self._report

    def _month(self, pool: Executor, owner: str, month: str) -> list[str | None]:
        """The hash of what each side has of a month, in the order of keys; None of nothing."""
        hashes = hashlib.sha256(), hashlib.sha256()
        counts = [0, 0]
        images = _images(self._sides, owner, month)
        for (place, here, there), verdict in self._judged(pool, images):
            self._say(verdict)
            self._report.signs[verdict.sign] += 1
            for number, side in enumerate((here, there)):
                if side.record is not None:
                    hashes[number].update(f"{place}\n".encode() + encode(side.record) + b"\n")
                    counts[number] += 1
            self._list(here)
            size = here.record.bytes if here.record else 0
            self._report.bytes += size
            self._progress.add(1, size)
        return [
            digest.hexdigest() if count else None
            for digest, count in zip(hashes, counts, strict=True)
        ]

    def _list(self, here: Side) -> None:
        """A line as ``sha256sum -c`` reads it."""
        if self._hashes is not None and here.record is not None:
            self._hashes.write(f"{here.record.sha256}  {here.record.image}\n")

    def _judged(
        self, pool: Executor, images: dict[str, tuple[Lying | None, Lying | None]]
    ) -> Iterator[tuple[tuple[str, Side, Side], Verdict]]:
        def judge(place: str) -> tuple[tuple[str, Side, Side], Verdict]:
            self._pace.begin()
            return self._judge(place, *images[place])

        yield from pool.map(judge, sorted(images))

    def _judge(
        self, place: str, here: Lying | None, there: Lying | None
    ) -> tuple[tuple[str, Side, Side], Verdict]:
        try:
            ours = self._side(self._sides.source, here)
            theirs = self._side(self._sides.target, there)
        except GalleryError as error:
            return (place, Side(), Side()), Verdict("!", place, str(error))
        return (place, ours, theirs), _verdict(place, ours, theirs)

    # -- one side ---------------------------------------------------------------------------

    def _side(self, library: Library, image: Lying | None) -> Side:
        """Raises Unavailable."""
        side = Side()
        if image is None or "sidecar" not in image.by_role:
            if image is not None and not image.by_role:
                side.faults.append("nothing lies there of what the catalog knows")
            elif image is not None and "image" in image.by_role:
                side.faults.append("an image without sidecar")
            return side
        key = Key(image.folder, image.id, "sidecar", "json")
        try:
            raw = library.blobs.read(image.folder.sidecar(image.id), 0, MAX_SIDECAR_BYTES + 1)
            side.record = decode_sidecar(raw, key)
        except NotFound:
            return Side()  # purged meanwhile
        except Damaged as error:
            side.faults.append(f"its sidecar is damaged ({error})")
            return side
        self._row(library, side, side.record)
        self._original(library, side, side.record)
        return side

    def _row(self, library: Library, side: Side, record: Record) -> None:
        entry = library.catalog.get(record.owner, record.id, record.month)
        if entry is None:
            side.faults.append("the catalog does not know it")
        elif entry.raw != encode(record):
            side.faults.append("the catalog says something else than its sidecar")

    def _original(self, library: Library, side: Side, record: Record) -> None:
        try:
            size = library.blobs.stat(record.image).size
            if size != record.bytes:
                side.faults.append(f"its original has {size} bytes instead of {record.bytes}")
            elif int(record.id[:8], 16) < self._below:
                self._pace.spend(size)
                if hashed(library.blobs, record.image) != record.sha256:
                    side.faults.append("its original is another than its sidecar says")
                self._report.hashed += 1
        except NotFound:
            side.faults.append("its original is not there")


def _images(sides: Sides, owner: str, month: str) -> dict[str, tuple[Lying | None, Lying | None]]:
    """What lies on either side of a month, by the keys of sidecars; and the rows of which
    nothing lies there."""
    found: dict[str, list[Lying | None]] = {}
    for number, library in enumerate((sides.source, sides.target)):
        known = {id for kind in KINDS for id in library.catalog.seen(owner, month, kind)}
        for image in lying(library, owner, month, []):
            if image.by_role.keys() - {"thumb"}:
                name = image.folder.sidecar(image.id)
                found.setdefault(name, [None, None])[number] = image
                known.discard(image.id)
        for id in known:
            if entry := library.catalog.get(owner, id, month):
                folder = entry.record.folder
                found.setdefault(folder.sidecar(id), [None, None])[number] = Lying(folder, id)
    return {name: (pair[0], pair[1]) for name, pair in found.items()}


def _verdict(place: str, ours: Side, theirs: Side) -> Verdict:
    faults = [f"source: {fault}" for fault in ours.faults]
    faults += [f"target: {fault}" for fault in theirs.faults]
    if ours.record is None and theirs.record is None:
        return Verdict("*" if faults else "=", place, "; ".join(faults))
    if theirs.record is None:
        return Verdict("+", place, "; ".join(faults))
    if ours.record is None:
        return Verdict("-", place, "; ".join(faults))
    if ours.record != theirs.record:
        faults.append(f"the sidecars say {_different(ours.record, theirs.record)} differently")
    return Verdict("*" if faults else "=", place, "; ".join(faults))


def _different(one: Record, other: Record) -> str:
    names = (name for name in Record.__slots__ if getattr(one, name) != getattr(other, name))
    return ", ".join(names)
