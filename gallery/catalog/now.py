"""Pages further down, answered on the event loop: from loaded manifests, through lines
that the page cache holds. Whatever would have to wait for a disk is left to a thread."""

from __future__ import annotations

import bisect
import os
from array import array
from collections import OrderedDict
from dataclasses import dataclass

from gallery.catalog.index import Index, Place, SortKey
from gallery.catalog.query import Query
from gallery.catalog.shard import Shard
from gallery.durable import OpenFile
from gallery.encoding import item_at
from gallery.keys import folder_of
from gallery.lines import CRC_TAIL, EXTS

MAX_FILES = 64
MAX_BLOCK = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some items of an owner's active outputs, newest first, one by one or joined by
    commas; ``last`` is the last one's key, and ``more`` whether others follow."""

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
        totals = shard.totals.get("output")
        active = totals.active if totals else 0
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
    places = index.places(slots)
    low = min(places)[0]
    size = sum(max(places)[:2]) - low
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
    return [_joined(bytes(buffer), low, places, len(str(folder_of(shard.owner, "output", 0))))]


def _joined(block: bytes, low: int, places: list[Place], folder: int) -> bytes:
    """The items at these places with commas between, out of a block that was read from
    ``low`` on; ``folder`` is the length of any folder's name. All are put together at once:
    each by itself would take as long as all the rest of a request."""
    pieces: list[bytes] = []
    for offset, length, record, thumb, ext in places:
        at = offset - low
        start, end, key = at + record, at + length - CRC_TAIL, at + thumb
        name = key + folder
        if block[name + 39 : name + 45] != b'.webp"':  # an older writer's thumbnail
            pieces += (item_at(block, start, end), b",")
            continue
        pieces += (
            block[start : end - 1],
            b',"url":"/outputs/',
            block[key:name],
            block[name + 6 : name + 39],
            _AFTER_ID[ext],
            block[key : name + 44],
            b'"},',
        )
    return b"".join(pieces)[:-1]


_AFTER_ID = [b'.%b","thumb_url":"/outputs/' % ext for ext in EXTS]
