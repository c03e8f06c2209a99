"""One manifest: the journal of an owner's images of one month, and its index in memory.

    line 1      {"format":1,"library":…,"owner":…,"month":…,"generation":…,"crc":…}
    then        {"op":…,"id":…,"rev":…,"kind":…,"status":…,"at":…,"deleted":…,"bytes":…,
                 "seen":[size,mtime_ns],"feed":…,"totals":{kind:[…]},"record":{…},"crc":…}

The last line of an image is its state. Lines stay in the file; memory holds where they
are and what they are sorted by (about 200 bytes an image).
"""

from __future__ import annotations

import bisect
import logging
import os
import secrets
import zlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from gallery.catalog.search import PromptText
from gallery.errors import Damaged
from gallery.keys import KINDS, Kind
from gallery.records import (
    Change,
    Record,
    Seen,
    Status,
    Totals,
    TotalsByKind,
    change,
    decode_line,
    encode,
    encode_line,
)

log = logging.getLogger(__name__)

FORMAT = 1
ROW_BYTES = 200
_CHUNK = 256 << 10
_TAIL = 8 << 10
_HEADER = 1 << 10
_MARK = b',"record":'
View = tuple[Kind, Status]
_VIEWS: tuple[View, ...] = tuple((k, s) for k in KINDS for s in ("active", "trash"))
_NUMBER = {view: n for n, view in enumerate(_VIEWS)}
_DEAD = len(_VIEWS)
SortKey = tuple[int, bytes]


class Replaced(Exception):
    """The manifest is not the one that was read before: what is known of it is stale."""

    def __init__(self, shard: Shard) -> None:
        super().__init__(shard.path)
        self.shard = shard


class Index:
    """Where each image's line is, and the images of each kind and status in order.

    An image has a slot; parallel arrays give its sort keys and its line. A slot's times
    and id never change while it is in a view, so views may be copied and walked outside
    the catalog's lock.
    """

    def __init__(self) -> None:
        self.slots: dict[bytes, int] = {}
        self.ids: list[bytes] = []
        self.created = array("q")
        self.deleted = array("q")
        self.bytes = array("q")
        self.offset = array("q")
        self.length = array("I")
        self.seen_size = array("I")
        self.seen_mtime = array("q")
        self.place = bytearray()
        self.views: dict[View, array[int]] = {view: array("I") for view in _VIEWS}
        self.live_bytes = 0
        self.edited: set[int] = set()
        """Slots whose line was replaced since ``Shard.text`` was made."""

    def key(self, slot: int, status: Status) -> SortKey:
        at = self.created if status == "active" else self.deleted
        return at[slot], self.ids[slot]

    def _by(self, status: Status) -> Callable[[int], SortKey]:
        return lambda slot: self.key(slot, status)

    def apply(self, head: dict[str, Any], offset: int, length: int, *, sort: bool = True) -> None:
        """Takes in one line. With ``sort=False`` the views wait for ``sort_views``."""
        id = bytes.fromhex(head["id"])
        slot = self.slots.get(id)
        if slot is not None:
            self._leave(slot, sort=sort)
        if head["op"] == "purge":
            if slot is not None:
                del self.slots[id]
            return
        created, deleted = head["at"], head["deleted"] or 0
        if slot is None or (
            sort and (self.created[slot], self.deleted[slot]) != (created, deleted)
        ):
            slot = self._new_slot(id)
        else:
            self.edited.add(slot)
        self.created[slot], self.deleted[slot] = created, deleted
        self.bytes[slot], self.offset[slot], self.length[slot] = head["bytes"], offset, length
        size, self.seen_mtime[slot] = head["seen"]
        self.seen_size[slot] = min(size, 0xFFFFFFFF)
        self.live_bytes += length
        view: View = (head["kind"], head["status"])
        self.place[slot] = _NUMBER[view]
        if sort:
            bisect.insort(self.views[view], slot, key=self._by(view[1]))

    def _new_slot(self, id: bytes) -> int:
        slot = self.slots[id] = len(self.ids)
        self.ids.append(id)
        for column in (self.created, self.deleted, self.bytes, self.offset, self.seen_mtime):
            column.append(0)
        self.length.append(0)
        self.seen_size.append(0)
        self.place.append(_DEAD)
        return slot

    def _leave(self, slot: int, *, sort: bool) -> None:
        self.live_bytes -= self.length[slot]
        view = _VIEWS[self.place[slot]]
        self.place[slot] = _DEAD
        if sort:
            slots, by = self.views[view], self._by(view[1])
            del slots[bisect.bisect_left(slots, by(slot), key=by)]

    def sort_views(self) -> None:
        """Makes the views at once, after many ``apply(sort=False)``."""
        found: list[list[int]] = [[] for _ in _VIEWS]
        for slot in self.slots.values():
            found[self.place[slot]].append(slot)
        for view, slots in zip(_VIEWS, found, strict=True):
            self.views[view] = array("I", sorted(slots, key=self._by(view[1])))

    def seen(self, slot: int) -> Seen:
        return Seen(self.seen_size[slot], self.seen_mtime[slot])

    def status(self, slot: int) -> View | None:
        place = self.place[slot]
        return None if place == _DEAD else _VIEWS[place]

    def totals_with(self, totals: TotalsByKind, change: Change) -> TotalsByKind:
        """What ``totals`` become with ``change``, before it is taken in."""
        slot = self.slots.get(bytes.fromhex(change.id))
        old = None if slot is None else self.status(slot)
        new = (change.kind, change.record.status) if change.record else None
        out = dict(totals)
        for kind in {v[0] for v in (old, new) if v}:
            before = out.get(kind, Totals())
            gone = self.bytes[slot] if slot is not None and old and old[0] == kind else 0
            come = change.record.bytes if change.record and new and new[0] == kind else 0
            first, last = self._ends((kind, "active"), slot, new, change.record)
            oldest, _ = self._ends((kind, "trash"), slot, new, change.record)
            out[kind] = Totals(
                before.active + (new == (kind, "active")) - (old == (kind, "active")),
                before.trash + (new == (kind, "trash")) - (old == (kind, "trash")),
                before.bytes + come - gone,
                *(oldest, first, last),
            )
        return out

    def _ends(
        self, view: View, without: int | None, new: View | None, record: Record | None
    ) -> tuple[int | None, int | None]:
        """The first and last time of ``view``, without one slot and with one record."""
        slots, status = self.views[view], view[1]
        ends = [s for s in (*slots[:2], *slots[-2:]) if s != without]
        times = [self.key(slot, status)[0] for slot in ends]
        if record is not None and new == view:
            times.append(record.created_at if status == "active" else record.deleted_at or 0)
        return (min(times), max(times)) if times else (None, None)


@dataclass(slots=True)
class Shard:
    """What is known of one manifest: always its last line, and its index when in use."""

    path: str
    owner: str
    month: str
    generation: str = ""
    end: int = 0
    crc: str = ""
    totals: TotalsByKind = field(default_factory=dict)
    index: Index | None = None
    text: PromptText | None = None
    damaged: bool = False

    @property
    def version(self) -> str:
        return f"{self.month}.{self.generation}.{self.end}.{self.crc}"

    def weight(self) -> int:
        """The bytes of memory that unloading it would free."""
        rows = 0 if self.index is None else len(self.index.ids) * ROW_BYTES
        return rows + (0 if self.text is None else self.text.weight)


def head_of(line: bytes) -> dict[str, Any]:
    """What stands before the record in a line, whose checksum is checked. Raises Damaged."""
    mark = line.find(_MARK)
    if mark < 0:
        return decode_line(line)
    if not _is_whole(line):
        raise Damaged("checksum")
    try:
        head: dict[str, Any] = orjson.loads(line[:mark] + b"}")
    except orjson.JSONDecodeError as error:
        raise Damaged(str(error)) from error
    return head


def line_of(change: Change, feed: str, totals: TotalsByKind) -> bytes:
    """The manifest line of ``change``."""
    record = change.record
    head = {
        "op": change.op,
        "id": change.id,
        "rev": change.rev,
        "kind": change.kind,
        "status": record.status if record else None,
        "at": change.at,
        "deleted": record.deleted_at if record else None,
        "bytes": record.bytes if record else 0,
        "seen": [change.seen.size, change.seen.mtime_ns],
        "feed": feed,
        "totals": {kind: t.as_list() for kind, t in totals.items()},
    }
    return encode_line(head, encode(record) if record else None)


def header(library: str, owner: str, month: str) -> tuple[str, bytes]:
    """A new generation, and the first line that carries it."""
    generation = secrets.token_hex(8)
    data = {"format": FORMAT, "library": library, "owner": owner, "month": month}
    return generation, encode_line(data | {"generation": generation})


def read_generation(fd: int) -> str:
    """The generation in the header, or "" when there is none that can be read."""
    first, newline, _ = os.pread(fd, _HEADER, 0).partition(b"\n")
    try:
        return str(decode_line(first)["generation"]) if newline else ""
    except (Damaged, KeyError):
        return ""


def lines(fd: int, start: int) -> Iterator[tuple[int, bytes]]:
    """Each complete line from ``start`` on, with its offset; an unfinished one is left."""
    rest = b""
    while chunk := os.pread(fd, _CHUNK, start + len(rest)):
        whole, newline, tail = (rest + chunk).rpartition(b"\n")
        if not newline:
            rest += chunk
            continue
        for line in whole.split(b"\n"):
            yield start, line
            start += len(line) + 1
        rest = tail


def summarize(shard: Shard) -> None:
    """Reads the header and the last line. A shard whose last line is bad is loaded whole."""
    fd = os.open(shard.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        size = os.fstat(fd).st_size
        shard.generation = read_generation(fd)
        start = max(0, size - _TAIL)
        tail = os.pread(fd, _TAIL, start)
        found = tail[: tail.rfind(b"\n") + 1]
        last = found[found.rfind(b"\n", 0, -1) + 1 :]
        shard.end = start + len(found)
        head = head_of(last[:-1])
        shard.totals, shard.crc = _totals(head), _crc(last[:-1])
    except (Damaged, KeyError, TypeError, ValueError):
        load(shard)
    finally:
        os.close(fd)


def load(shard: Shard) -> None:
    """Reads the whole manifest into an index. Bad lines are skipped and logged."""
    shard.index, shard.end, shard.totals, shard.crc = Index(), 0, {}, ""
    read_on(shard, sort=False)
    shard.index.sort_views()


def read_on(shard: Shard, *, sort: bool = True) -> list[tuple[dict[str, Any], bytes]]:
    """Takes in the lines after ``shard.end``; gives each with its head. A shard that was
    replaced (another generation) is left as it is, for the caller to notice."""
    taken: list[tuple[dict[str, Any], bytes]] = []
    fd = os.open(shard.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        generation = read_generation(fd)
        if shard.end == 0:
            shard.generation = generation
        elif generation != shard.generation:
            return taken
        for offset, line in lines(fd, shard.end):
            shard.end = offset + len(line) + 1
            if offset and (head := _take(shard, offset, line, sort=sort)) and sort:
                taken.append((head, line))
    finally:
        os.close(fd)
    if not shard.generation and shard.end:
        _bad(shard, 0, "header")
    return taken


def _take(shard: Shard, offset: int, line: bytes, *, sort: bool) -> dict[str, Any] | None:
    try:
        head = head_of(line)
        if shard.index is not None:
            shard.index.apply(head, offset, len(line), sort=sort)
        shard.totals, shard.crc = _totals(head), _crc(line)
    except (Damaged, KeyError, TypeError, ValueError, OverflowError) as error:
        _bad(shard, offset, str(error))
        return None
    return head


def _bad(shard: Shard, offset: int, why: str) -> None:
    if not shard.damaged:
        log.warning("%s: bad line at byte %d (%s); it is skipped", shard.path, offset, why)
    shard.damaged = True


def _totals(head: dict[str, Any]) -> TotalsByKind:
    return {kind: Totals(*values) for kind, values in head["totals"].items()}


def _crc(line: bytes) -> str:
    return line[-10:-2].decode("ascii")


def read_lines(shard: Shard, spans: list[tuple[int, int]]) -> list[bytes]:
    """The lines at (offset, length). Raises Replaced, also when one is no longer whole:
    who reads the manifest anew will skip it and say so."""
    if not spans:
        return []
    try:
        fd = os.open(shard.path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError as error:
        raise Replaced(shard) from error
    try:
        if read_generation(fd) != shard.generation:
            raise Replaced(shard)
        found = _read_spans(fd, spans)
    finally:
        os.close(fd)
    if not all(map(_is_whole, found)):
        raise Replaced(shard)
    return found


def _read_spans(fd: int, spans: list[tuple[int, int]]) -> list[bytes]:
    """Neighbours are read at once."""
    low = min(offset for offset, _ in spans)
    high = max(offset + length for offset, length in spans)
    if high - low > _TAIL + 4 * sum(length for _, length in spans):
        return [os.pread(fd, length, offset) for offset, length in spans]
    block = os.pread(fd, high - low, low)
    return [block[offset - low : offset - low + length] for offset, length in spans]


def _is_whole(line: bytes) -> bool:
    return line[-18:] == b',"crc":"%08x"}' % zlib.crc32(line[:-18])


def whole(
    shard: Shard, library: str, records: list[tuple[Record, Seen]], feed: str
) -> Iterator[bytes]:
    """The lines of a manifest that holds just these records. Sets the shard's generation
    and end to match."""
    shard.generation, first = header(library, shard.owner, shard.month)
    shard.end = len(first)
    yield first
    totals: TotalsByKind = {}
    for record, seen in sorted(records, key=lambda pair: (pair[0].created_at, pair[0].id)):
        totals[record.kind] = totals.get(record.kind, Totals()) + Totals.of(record)
        line = line_of(change("put", record, seen), feed, totals)
        shard.end += len(line)
        yield line
