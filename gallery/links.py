"""Links that lead past the server: to the bucket itself, or to a CDN in front of it.

A link that was given is given again until half of its life is over, so that browsers find in
their caches what they had from it; none is given with less than half of its life left.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from gallery.blobs.abilities import LIVES, Linked, Purpose
from gallery.errors import Unavailable
from gallery.records import Record
from gallery.remembered import Memory
from gallery.thumbnails import Thumbnails

_ITEM_LINKS = ("url", "thumb_url")
_WEIGHT, _LOOK_WEIGHT = 1_600, 400
"""Bytes of memory that a link takes, and what was seen of a thumbnail, about."""
_LOOK_SECONDS = 1_800
"""How long a look for a thumbnail counts."""


class Cdn:
    """Fulfils Linked with links that are not signed: a CDN serves the keys below ``base``, and
    a key is all the secret there is."""

    lives = LIVES

    def __init__(self, base: str) -> None:
        self._base = base

    def origin(self) -> str:
        parts = urlsplit(self._base)
        return f"{parts.scheme}://{parts.netloc}"

    def presigned(
        self,
        key: str,
        purpose: Purpose,  # noqa: ARG002 - it works for ever, whatever it is for
        *,
        disposition: str | None = None,
    ) -> str | None:
        return f"{self._base}/{quote(key)}" if disposition is None else None


@dataclass(frozen=True, slots=True)
class Link:
    """``made`` when, and good for ``life`` seconds."""

    url: str
    made: float
    life: float

    def left(self, now: float) -> float:
        return self.made + self.life - now

    def is_young(self, now: float) -> bool:
        """Whether it can be given again. The clock may have been set back."""
        return 0 <= now - self.made < self.life / 2


@dataclass(frozen=True, slots=True)
class _Look:
    """Whether a thumbnail was found under its key, and when."""

    there: bool
    at: float


class Links:
    """The links of a library, of which at most ``memory_bytes`` are remembered. Finding one
    may block: a signature takes its time, and a thumbnail is looked for."""

    def __init__(
        self,
        source: Linked,
        thumbnails: Thumbnails,
        *,
        memory_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._thumbnails = thumbnails
        looks = memory_bytes // 5
        self._most = (memory_bytes - looks) // _WEIGHT
        self._clock = clock
        self._memory: OrderedDict[tuple[str, Purpose, str | None], Link] = OrderedDict()
        self._looks: Memory[_Look] = Memory(looks)
        self._lock = threading.Lock()

    def origin(self) -> str:
        """Scheme, host and port that the links begin with. Raises Unavailable."""
        return self._source.origin()

    def forget(self, owner: str, id: str) -> None:
        """An image changed; with two empty strings, any may have: its thumbnail is looked for
        again. Links stay as they were. From any thread."""
        self._looks.forget(owner, id)

    def find(
        self, record: Record, key: str, purpose: Purpose, disposition: str | None = None
    ) -> Link | None:
        """A link to the image's original or thumbnail, whichever ``key`` is; None when the
        server has to send it. A lost thumbnail is made again. Raises like Thumbnails."""
        link = self._kept(key, purpose, disposition)
        if link is None or (key == record.thumb and not self._is_there(record)):
            return None
        return link

    def added(self, items: list[bytes]) -> list[bytes]:
        """Items of a list, each with the links for viewing that it can have."""
        records = orjson.loads(b"[%b]" % b",".join(items))
        try:
            for record in records:
                self._link(record)
        except Unavailable:
            return items  # lists do without the bucket
        return [orjson.dumps(record) for record in records]

    def _link(self, record: dict[str, Any]) -> None:
        for name in _ITEM_LINKS:
            key = record[name].removeprefix("/outputs/")
            link, look = self._kept(key, "view", None), self._looks.get(key)
            if link is not None and (look is None or look.there):
                record[f"direct_{name}"] = link.url

    def _is_there(self, record: Record) -> bool:
        """The thumbnail, as it was seen in the last half an hour, unless the image changed."""
        look, now = self._looks.get(record.thumb), self._clock()
        if look is None or not 0 <= now - look.at < _LOOK_SECONDS:
            changes = self._looks.changes
            look = _Look(self._has_thumbnail(record), now)
            image = (record.owner, record.id)
            self._looks.keep(record.thumb, image, look, _LOOK_WEIGHT, changes)
        return look.there

    def _has_thumbnail(self, record: Record) -> bool:
        """Not when it was made again under another key than an older writer's, or could not
        be stored."""
        if self._thumbnails.has(record):
            return True
        self._thumbnails.remake(record)
        return self._thumbnails.has(record)

    def _kept(self, key: str, purpose: Purpose, disposition: str | None) -> Link | None:
        asked, now = (key, purpose, disposition), self._clock()
        kept = self._memory.get(asked)
        if kept is not None and kept.is_young(now):
            return kept
        url = self._source.presigned(key, purpose, disposition=disposition)
        if url is None:
            return None
        kept = Link(url, now, self._source.lives[purpose])
        with self._lock:
            self._memory.pop(asked, None)
            self._memory[asked] = kept
            while len(self._memory) > self._most:
                self._memory.popitem(last=False)
        return kept
