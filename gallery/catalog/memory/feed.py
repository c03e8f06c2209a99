"""What changed, in a list that is never cut: a position counts what stands before it."""

from __future__ import annotations

import secrets
import time
from typing import Literal

from gallery.catalog import Changes, Noted
from gallery.changes import Op
from gallery.errors import PositionGone
from gallery.keys import Kind


class MemoryFeed:
    """Its callers take turns."""

    def __init__(self) -> None:
        self._generation = secrets.token_hex(8)
        self._noted: list[Noted] = []

    def append(
        self,
        op: Op | Literal["load"],
        owner: str,
        month: str,
        id: str = "",
        kind: Kind | None = None,
        rev: int = 0,
    ) -> None:
        position = self._position(len(self._noted) + 1)
        at = time.time_ns() // 1000
        self._noted.append(Noted(position, op, owner, month, id, kind, rev, at))

    def changes(self, since: str | None, owner: str | None, limit: int) -> Changes:
        """As a catalog's. Raises PositionGone."""
        end = self._position(len(self._noted))
        later = self._noted[self._after(since) :] if since is not None else []
        found = [noted for noted in later if owner in (None, noted.owner)]
        if len(found) <= limit:
            return Changes(found, end, level=True)
        return Changes(found[:limit], found[limit - 1].position, level=False)

    def _position(self, count: int) -> str:
        return f"{self._generation}.1.{count}"

    def _after(self, since: str) -> int:
        """How many changes had been noted at a position. Raises PositionGone."""
        head, _, count = since.rpartition(".")
        if head != f"{self._generation}.1" or not count.isdecimal():
            raise PositionGone(since)
        if int(count) > len(self._noted):
            raise PositionGone(since)
        return int(count)
