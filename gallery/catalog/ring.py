"""The ring: the newest active outputs of the owners who are looking, ready to send.

For each owner it holds the JSON of their newest images without a gap, down to a floor; a
page above the floor is a slice and a join. It is a cache: an owner who isn't in it, or a
page below the floor, is answered from the manifests, and nobody can tell which it was.
"""

from __future__ import annotations

import bisect
from collections import OrderedDict
from dataclasses import dataclass, field

from gallery.catalog.index import SortKey

OWNER_ITEMS = 1_000
_OVERHEAD = 200


@dataclass(slots=True)
class _Held:
    """One owner's items, oldest first. ``whole``: there are none below the floor."""

    keys: list[SortKey] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    whole: bool = False
    bytes: int = 0


class Ring:
    """At most ``items`` images and ``bytes`` bytes, those of the owners seen last. Not
    thread-safe: the catalog's lock is held around every call."""

    def __init__(self, items: int, bytes: int) -> None:
        self._max_items = items
        self._max_bytes = bytes
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._items = 0
        self._bytes = 0

    @property
    def room(self) -> int:
        """How many items of one owner are worth giving to ``fill``."""
        return min(OWNER_ITEMS, self._max_items)

    def fill(self, owner: str, newest: list[tuple[SortKey, bytes]], *, whole: bool) -> None:
        """Holds an owner's newest images, given newest first; ``whole`` if that is all."""
        self.forget(owner)
        held = _Held(whole=whole)
        for key, item in reversed(newest):
            held.keys.append(key)
            held.items.append(item)
            held.bytes += len(item) + _OVERHEAD
        self._held[owner] = held
        self._items += len(held.items)
        self._bytes += held.bytes
        self._shrink()

    def has(self, owner: str) -> bool:
        return owner in self._held

    def page(self, owner: str, offset: int, size: int) -> tuple[list[bytes], SortKey] | None:
        """Items ``offset`` to ``offset + size``, newest first, with the key of the last;
        None when they are not all held."""
        held = self._held.get(owner)
        if held is None:
            return None
        end = len(held.items) - offset
        start = end - size
        if start < 0 and not held.whole:
            return None
        if end <= 0:
            return [], (0, b"")
        start = max(start, 0)
        self._held.move_to_end(owner)
        return held.items[start:end][::-1], held.keys[start]

    def position(self, owner: str, key: SortKey) -> int | None:
        """How many held images are at or above ``key``: the offset after it. None below
        the floor."""
        held = self._held.get(owner)
        if held is None or (not held.whole and (not held.keys or key < held.keys[0])):
            return None
        return len(held.keys) - bisect.bisect_left(held.keys, key)

    def put(self, owner: str, key: SortKey, item: bytes) -> None:
        """An image appeared or changed."""
        held = self._held.get(owner)
        if held is None:
            return
        at = bisect.bisect_left(held.keys, key)
        if at < len(held.keys) and held.keys[at] == key:
            self._grow(held, 0, len(item) - len(held.items[at]))
            held.items[at] = item
        elif at > 0 or held.whole:
            held.keys.insert(at, key)
            held.items.insert(at, item)
            self._grow(held, 1, len(item) + _OVERHEAD)
            self._shrink()

    def move(self, owner: str, key: SortKey) -> None:
        """An image has this key now: it is let go of where it is held under another, for
        its time may have been changed by hand."""
        held = self._held.get(owner)
        if held is None or _has(held, key):
            return
        for old in [old for old in held.keys if old[1] == key[1]]:
            self.remove(owner, old)

    def remove(self, owner: str, key: SortKey) -> None:
        held = self._held.get(owner)
        if held is not None and _has(held, key):
            at = bisect.bisect_left(held.keys, key)
            self._grow(held, -1, -len(held.items[at]) - _OVERHEAD)
            del held.keys[at], held.items[at]

    def forget(self, owner: str) -> None:
        if held := self._held.pop(owner, None):
            self._items -= len(held.items)
            self._bytes -= held.bytes

    def clear(self) -> None:
        self._held.clear()
        self._items = self._bytes = 0

    def _grow(self, held: _Held, items: int, bytes: int) -> None:
        held.bytes += bytes
        self._items += items
        self._bytes += bytes

    def _shrink(self) -> None:
        """Lets go of the owners seen longest ago; the last one keeps its newest half."""
        while self._items > self._max_items or self._bytes > self._max_bytes:
            owner, held = next(iter(self._held.items()))
            if len(self._held) > 1 or len(held.items) <= 1:
                self.forget(owner)
                continue
            half = len(held.items) // 2
            for item in held.items[:half]:
                self._grow(held, -1, -len(item) - _OVERHEAD)
            del held.keys[:half], held.items[:half]
            held.whole = False


def _has(held: _Held, key: SortKey) -> bool:
    at = bisect.bisect_left(held.keys, key)
    return at < len(held.keys) and held.keys[at] == key
