"""The plan of a move: how much there is, how long it will take, and all that is not as it
should be, before anything is copied."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gallery.encoding import MAX_SIDECAR_BYTES, decode_sidecar
from gallery.errors import Damaged, NotFound
from gallery.keys import Key
from gallery.library import Library
from gallery.records import Record
from migrate.pace import Pace
from migrate.progress import Progress
from migrate.walk import Lying, Only, lying

_PIECE = 8 << 20
_UNDER_WAY = frozenset({"put", "purge", "new"})


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that is not as it should be: ``what`` is one of a fixed set of phrases."""

    what: str
    name: str

    def __str__(self) -> str:
        return f"{self.what}: {ascii(self.name)[1:-1]}"


@dataclass(slots=True)
class Survey:
    """Counts by (owner, kind, status, month), with bytes; and what is wrong."""

    images: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    bytes: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    anomalies: list[Anomaly] = field(default_factory=list)
    read: int = 0

    def by(self, place: int) -> dict[str, dict[str, int]]:
        """Images and bytes by owner (0), kind (1), status (2) or month (3)."""
        sums: dict[str, dict[str, int]] = {}
        for which, count in self.images.items():
            part = sums.setdefault(which[place], {"images": 0, "bytes": 0})
            part["images"] += count
            part["bytes"] += self.bytes[which]
        return dict(sorted(sums.items()))

    def as_json(self) -> dict[str, Any]:
        return {
            "images": self.images.total(),
            "bytes": self.bytes.total(),
            "owners": self.by(0),
            "kinds": self.by(1),
            "statuses": self.by(2),
            "months": self.by(3),
            "anomalies": [{"what": found.what, "name": found.name} for found in self.anomalies],
        }


class Surveyor:
    """Looks at all of a library. With ``hashes`` each original is read and compared with
    its sidecar; without, only its size is."""

    def __init__(self, library: Library, pace: Pace, progress: Progress, *, hashes: bool) -> None:
        self._library = library
        self._pace = pace
        self._progress = progress
        self._hashes = hashes
        self._survey = Survey()

    def run(self, only: Only) -> Survey:
        places: dict[tuple[str, str], str] = {}
        for owner, month in only.months(self._library):
            strange: list[str] = []
            for image in lying(self._library, owner, month, strange):
                self._pace.begin()
                self._image(image, places)
            for name in strange:
                self._note("not a name of ours", name)
        return self._survey

    def _note(self, what: str, name: str) -> None:
        self._survey.anomalies.append(Anomaly(what, name))

    def _image(self, image: Lying, places: dict[tuple[str, str], str]) -> None:
        roles = image.by_role.keys()
        if "sidecar" not in roles:
            if "image" in roles and not roles & _UNDER_WAY:
                self._note("image without sidecar", image.by_role["image"].key)
            return
        name = image.folder.sidecar(image.id)
        first = places.setdefault((image.folder.owner, image.id), name)
        if first != name:
            self._note(f"its id is also that of {first}", name)
            return
        for record in self._record(name, Key(image.folder, image.id, "sidecar", "json")):
            if "image" not in roles:
                self._note("sidecar without image", name)
            elif not self._is_whole(record):
                self._note("not what its sidecar says", record.image)
            which = (record.owner, record.kind, record.status, record.month)
            self._survey.images[which] += 1
            self._survey.bytes[which] += record.bytes
            self._progress.add(1, record.bytes)

    def _record(self, name: str, key: Key) -> Iterator[Record]:
        """The record, unless there is none by now, or none that can be read."""
        try:
            yield decode_sidecar(self._library.blobs.read(name, 0, MAX_SIDECAR_BYTES + 1), key)
        except NotFound:
            return
        except Damaged as error:
            self._note(f"damaged sidecar ({error})", name)

    def _is_whole(self, record: Record) -> bool:
        """Whether the original is what its record says; also when it was purged meanwhile."""
        blobs = self._library.blobs
        try:
            if not self._hashes:
                return blobs.stat(record.image).size == record.bytes
            digest, size = hashlib.sha256(), 0
            while data := blobs.read(record.image, size, _PIECE):
                self._pace.spend(len(data))
                digest.update(data)
                size += len(data)
                self._survey.read += len(data)
        except NotFound:
            return not _exists(self._library, record)
        return size == record.bytes and digest.hexdigest() == record.sha256


def _exists(library: Library, record: Record) -> bool:
    try:
        library.blobs.stat(record.folder.sidecar(record.id))
    except NotFound:
        return False
    return True
