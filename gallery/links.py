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

from gallery.blobs import LIVES, Linked, Purpose
from gallery.errors import Unavailable
from gallery.records import Record
from gallery.thumbnails import Thumbnails

_ITEM_LINKS = ("url", "thumb_url")
_WEIGHT = 2_000
"""Bytes of memory that a link takes, about."""


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


@dataclass(slots=True)
class _Kept:
    """``there``: whether the thumbnail was found under its key; None before anybody looked."""

    link: Link
    there: bool | None = None


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
        self._most = memory_bytes // _WEIGHT
        self._clock = clock
        self._memory: OrderedDict[tuple[str, Purpose, str | None], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def origin(self) -> str:
        """Scheme, host and port that the links begin with. Raises Unavailable."""
        return self._source.origin()

    def find(
        self, record: Record, key: str, purpose: Purpose, disposition: str | None = None
    ) -> Link | None:
        """A link to the image's original or thumbnail, whichever ``key`` is; None when the
        server has to send it. A lost thumbnail is made again. Raises like Thumbnails."""
        kept = self._kept(key, purpose, disposition)
        if kept is None:
            return None
        if key == record.thumb:
            if kept.there is None:
                kept.there = self._has_thumbnail(record)
            if not kept.there:
                return None
        return kept.link

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
            kept = self._kept(record[name].removeprefix("/outputs/"), "view", None)
            if kept is not None and kept.there is not False:
                record[f"direct_{name}"] = kept.link.url

    def _has_thumbnail(self, record: Record) -> bool:
        """Not when it was made again under another key than an older writer's, or could not
        be stored."""
        if self._thumbnails.has(record):
            return True
        self._thumbnails.remake(record)
        return self._thumbnails.has(record)

    def _kept(self, key: str, purpose: Purpose, disposition: str | None) -> _Kept | None:
        asked, now = (key, purpose, disposition), self._clock()
        kept = self._memory.get(asked)
        if kept is not None and kept.link.is_young(now):
            return kept
        url = self._source.presigned(key, purpose, disposition=disposition)
        if url is None:
            return None
        kept = _Kept(Link(url, now, self._source.lives[purpose]))
        with self._lock:
            self._memory.pop(asked, None)
            self._memory[asked] = kept
            while len(self._memory) > self._most:
                self._memory.popitem(last=False)
        return kept
