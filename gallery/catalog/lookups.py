"""What is asked of an owner without a query: one image, the totals, what lies in the trash.

The answers are of what is held by now. Any of it may raise Replaced, and is asked again
(``Mirror.ask``).
"""

from __future__ import annotations

from gallery.catalog import Entry, Expired
from gallery.catalog.held import Held
from gallery.catalog.shard import Shard
from gallery.keys import Kind
from gallery.records import Seen
from gallery.totals import TotalsByKind


def get(held: Held, owner: str, id: str, month: str | None) -> Entry | None:
    with held.lock:
        months = held.owner(owner).months
        wanted = [months[m] for m in sorted(months, reverse=True) if month in (None, m)]
    for shard in wanted:
        if entry := held.entry(shard, held.load(shard), id):
            return entry
    return None


def totals(held: Held, owner: str) -> TotalsByKind:
    with held.lock:
        return dict(held.owner(owner).sums()[0])


def version(held: Held, owner: str) -> str:
    with held.lock:
        return held.owner(owner).sums()[1]


def seen(held: Held, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
    index = held.load(held.shard(owner, month))
    with held.lock:
        slots = [*index.views[kind, "active"], *index.views[kind, "trash"]]
        return {index.ids[slot].hex(): index.seen(slot) for slot in slots}


def expired(held: Held, owner: str, before: int) -> list[Expired]:
    with held.lock:
        shards = list(held.owner(owner).months.values())
    found: list[Expired] = []
    for shard in shards:
        oldest = (totals.oldest_deleted for totals in shard.totals.values())
        if any(at is not None and at < before for at in oldest):
            found += _expired(held, shard, before)
    return found


def _expired(held: Held, shard: Shard, before: int) -> list[Expired]:
    index = held.load(shard)
    with held.lock:
        trash = [
            slot for view, slots in index.views.items() if view[1] == "trash" for slot in slots
        ]
        return [
            Expired(shard.owner, index.ids[slot].hex(), index.deleted[slot])
            for slot in trash
            if index.deleted[slot] < before
        ]
