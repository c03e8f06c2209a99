"""The index of one manifest in memory: where each image's line is, and what it is sorted by.

About 200 bytes an image; the lines themselves stay in the file.
"""

from __future__ import annotations

import bisect
import operator
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gallery.changes import Change
from gallery.keys import KINDS, Kind
from gallery.lines import Marks
from gallery.records import Record, Seen, Status
from gallery.totals import Totals, TotalsByKind

View = tuple[Kind, Status]
_VIEWS: tuple[View, ...] = tuple((k, s) for k in KINDS for s in ("active", "trash"))
_NUMBER = {view: n for n, view in enumerate(_VIEWS)}
_DEAD = len(_VIEWS)
SortKey = tuple[int, bytes]
Place = tuple[int, int, int, int, int]
"""Where a line is and how long, and its marks (``lines.Marks``)."""


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
        self.record = array("H")
        self.thumb = array("I")
        self.ext = bytearray()
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

    def apply(
        self, head: dict[str, Any], offset: int, length: int, marks: Marks, *, sort: bool = True
    ) -> None:
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
        self.record[slot], self.thumb[slot], self.ext[slot] = marks
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
        self.record.append(0)
        self.thumb.append(0)
        self.ext.append(0)
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

    def places(self, slots: Sequence[int]) -> list[Place]:
        """Of each slot: where its line is, and the marks in it. At once, because a lookup
        for each of them would take longer than reading the lines."""
        columns = (self.offset, self.length, self.record, self.thumb, self.ext)
        get = operator.itemgetter(*slots, *slots[:1])  # one more: of a single one it makes no tuple
        return list(zip(*map(get, columns), strict=True))[:-1]

    def counts(self) -> Iterator[tuple[Kind, tuple[int, int]]]:
        """How many are active and in the trash, of each kind."""
        for kind in KINDS:
            yield kind, (len(self.views[kind, "active"]), len(self.views[kind, "trash"]))

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
