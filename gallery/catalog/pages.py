"""Pages, and whatever else is asked with a query: answered in a thread, which may wait.

What the ring can hold it is given first. All else is a ``Selection`` of the months that the
query reaches. Any of it may raise Replaced, and is asked again (``Mirror.ask``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import orjson

from gallery.catalog import Page
from gallery.catalog.at_hand import AtHand, is_plain
from gallery.catalog.facets import NEWEST, Facets, facets
from gallery.catalog.held import Held
from gallery.catalog.query import Cursor, Query
from gallery.catalog.select import Row, Selection
from gallery.encoding import item
from gallery.keys import Kind, folder_of
from gallery.totals import Totals

_FILL = 200


def page(held: Held, at_hand: AtHand, query: Query) -> Page:
    if is_plain(query):
        _fill(held, at_hand, query)
        with held.lock:
            owner = held.owner(query.owner or "")
            if found := at_hand.ring_page(owner, query):
                return found
    selection, version = _select(held, query)
    rows = selection.rows(query.size + 1)
    rows, more = rows[: query.size], len(rows) > query.size
    if is_plain(query):
        for month in {_month(row) for row in rows}:
            at_hand.keep_open(held.shard(query.owner or "", month))
    cursor = None
    if more:
        at, id = rows[-1][0]
        cursor = Cursor(at, id.hex()).encode(query.order)
    total, size = _sum(held, query)
    return Page([item(raw) for _, raw in rows], total, cursor, version, size)


def _fill(held: Held, at_hand: AtHand, query: Query) -> None:
    """Gives the ring an owner who is not in it, or not deep enough for the query."""
    owner, end = query.owner or "", query.offset + query.size
    want = min(at_hand.ring_wants(), max(_FILL, 2 * end))
    with held.lock:
        if want < end or query.cursor or at_hand.ring_page(held.owner(owner), query):
            return
    selection, version = _select(held, Query(owner, size=want))
    rows = selection.rows(want + 1)
    at_hand.ring_fill(owner, version, rows[:want], whole=len(rows) <= want)


def timeline(held: Held, query: Query, starts: Callable[[int, int], list[int]]) -> list[int]:
    return _select(held, replace(query, page=1, cursor=None))[0].histogram(starts)


def newest_facets(held: Held, owner: str, kind: Kind) -> Facets:
    selection, _ = _select(held, Query(owner, kinds=(kind,)))
    return facets(map(orjson.loads, selection.newest(NEWEST)))


def _select(held: Held, query: Query) -> tuple[Selection, str]:
    """The images that a query asks for, and the version of all that its owners have."""
    names = _owners(held, query)
    with held.lock:
        states = [held.owner(name) for name in names]
        version = "|".join(state.sums()[1] for state in states)
        shards = [shard for state in states for shard in state.months.values()]
    return Selection(query, shards, held), version


def _sum(held: Held, query: Query) -> tuple[int | None, int | None]:
    """How many images there are, and their bytes, as far as that is asked for."""
    if query.count:
        return _select(held, replace(query, page=1, cursor=None))[0].sum()
    return None if query.filters else _total(held, query), None


def _total(held: Held, query: Query) -> int:
    total = 0
    for name in _owners(held, query):
        with held.lock:
            totals, _ = held.owner(name).sums()
        for kind in query.kinds:
            sums = totals.get(kind, Totals())
            total += sum(getattr(sums, status) for status in query.statuses)
    return total


def _owners(held: Held, query: Query) -> list[str]:
    return [query.owner] if query.owner else held.folder.owners()


def _month(row: Row) -> str:
    return folder_of("", "output", row[0][0]).month
