"""Pages further down, answered on the event loop: from loaded manifests, through lines
that the page cache holds. Whatever would have to wait for a disk is left to a thread."""

from __future__ import annotations

import bisect
import os
from array import array
from collections import OrderedDict
from dataclasses import dataclass

from gallery.catalog.index import Index, SortKey
from gallery.catalog.query import Query
from gallery.catalog.shard import Shard
from gallery.durable import OpenFile
from gallery.keys import folder_of
from gallery.records import CRC_TAIL, Totals, item_at

MAX_FILES = 64
MAX_BLOCK = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some items of an owner's active outputs, newest first; ``last`` is the last one's
    key, and ``more`` whether others follow."""

    items: list[bytes]
    last: SortKey
    more: bool


class Files:
    """The manifests that deep pages were read from lately, open. ``add`` is called from
    threads, ``get`` on the loop; the catalog's lock is held around both."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, tuple[str, OpenFile]] = OrderedDict()

    def add(self, shard: Shard) -> None:
        """Opens the manifest, for the next page that is asked for."""
        if self.get(shard) is None:
            self._files[shard.path] = shard.generation, OpenFile(os.open(shard.path, _READ))
            if len(self._files) > MAX_FILES:
                self._files.popitem(last=False)

    def get(self, shard: Shard) -> OpenFile | None:
        generation, file = self._files.get(shard.path, ("", None))
        return file if generation == shard.generation else None

    def clear(self) -> None:
        self._files.clear()


def rows_now(months: dict[str, Shard], query: Query, files: Files) -> Rows | None:
    """The rows of a plain query, if memory and page cache hold them."""
    cursor = query.cursor
    key: SortKey | None = None
    first = "9999-99"
    if cursor is not None:
        key = cursor.at, bytes.fromhex(cursor.id)
        first = folder_of(query.owner or "", "output", cursor.at).month
    skip, need = query.offset, query.size
    items: list[bytes] = []
    last, more = (0, b""), False
    for month in sorted(months, reverse=True):
        shard = months[month]
        active = shard.totals.get("output", Totals()).active
        if month > first or skip >= active:
            skip -= 0 if month > first else active
            continue
        if not need:
            more = True
            break
        index = shard.index
        if index is None:
            return None
        slots = index.views["output", "active"]
        end = len(slots) - skip
        if key is not None and month == first:
            end = bisect.bisect_left(slots, key, key=lambda s: (index.created[s], index.ids[s]))
        start, skip = max(0, end - need), 0
        chosen = slots[start:end][::-1]
        if chosen:
            found = _items_now(shard, index, files, chosen)
            if found is None:
                return None
            items += found
            last = index.created[chosen[-1]], index.ids[chosen[-1]]
        need, more = need - len(chosen), start > 0
    return Rows(items, last, more)


def _items_now(shard: Shard, index: Index, files: Files, slots: array[int]) -> list[bytes] | None:
    file = files.get(shard)
    offset, length, record = index.offset, index.length, index.record
    low = min([offset[slot] for slot in slots])
    size = max([offset[slot] + length[slot] for slot in slots]) - low
    if file is None or not _NOWAIT or size > MAX_BLOCK:
        return None
    info = os.fstat(file.fd)
    if not info.st_nlink or info.st_mtime_ns != shard.mtime_ns:
        return None  # somebody else has written to it: a thread looks at every line
    buffer = bytearray(size)
    try:
        if os.preadv(file.fd, [buffer], low, _NOWAIT) < size:
            return None
    except OSError:  # not in the page cache, or not on this file system
        return None
    block = bytes(buffer)
    return [
        item_at(block, at + record[slot], at + length[slot] - CRC_TAIL)
        for slot in slots
        for at in [offset[slot] - low]
    ]
