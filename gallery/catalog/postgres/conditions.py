"""What a query asks of an image, as conditions in SQL and the values in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from gallery.catalog.postgres.asking import Values
from gallery.catalog.postgres.rows import KEYED, PERIOD_BITS, storable, wanted
from gallery.catalog.query import Query, Words

Question = tuple[str, Values]
"""SQL, and the values in it."""


def matching(query: Query) -> str:
    """Where the query finds, after its cursor: what follows ``FROM``."""
    conditions = f"""{owner_is(query)} AND kind = ANY(%(kinds)s) AND status = ANY(%(statuses)s)
        AND {in_range(query)} AND {after_cursor(query)} AND {content(query)}"""
    if not wanted(query):
        return f"images WHERE {conditions}"
    # The offset keeps the planner from looking through the images first.
    return f"""({_periods(query)}) AS periods CROSS JOIN LATERAL (
            SELECT * FROM images
            WHERE terms @> keyed AND created_at >> {PERIOD_BITS} = period AND {conditions} OFFSET 0
        ) AS images WHERE true"""


def _periods(query: Query) -> str:
    """The periods that may have what the query finds, newest first, and its terms in each."""
    before = "%(at)s::bigint" if query.cursor and query.order == "created" else "NULL"
    first = f"greatest({end_of_all(query, 'ASC')}, %(start)s::bigint)"
    last = f"least({end_of_all(query, 'DESC')}, %(end)s::bigint, {before})"
    return f"""
        SELECT period, {KEYED} AS keyed
        FROM generate_series({first} >> {PERIOD_BITS}, {last} >> {PERIOD_BITS}) AS period
        ORDER BY period DESC"""


def end_of_all(query: Query, direction: str) -> str:
    """When the first (ASC) or last (DESC) of an owner's images was made, whatever the filters."""
    ends = ", ".join(
        f"""(SELECT created_at FROM images
             WHERE owner = %(owner)s AND kind = '{kind}' AND status = '{status}'
             ORDER BY created_at {direction} LIMIT 1)"""
        for kind, status in lists(query)
    )
    return f"{'least' if direction == 'ASC' else 'greatest'}({ends})"


def lists(query: Query) -> Iterator[tuple[str, str]]:
    """Each kind and status that is asked for."""
    return product(dict.fromkeys(query.kinds), dict.fromkeys(query.statuses))


def at_of(query: Query) -> str:
    return _time(query, "created_at" if query.order == "created" else "deleted_at")


def _time(query: Query, column: str) -> str:
    """As it stands in the indexes of one owner's images, and in those of everybody's."""
    return column if query.owner is not None else f"({column} + 0)"


def owner_is(query: Query) -> str:
    return "true" if query.owner is None else "owner = %(owner)s"


def after_cursor(query: Query) -> str:
    return "true" if query.cursor is None else f"({at_of(query)}, id) < (%(at)s::bigint, %(id)s)"


def in_range(query: Query) -> str:
    made = _time(query, "created_at")
    start = "true" if query.start is None else f"{made} >= %(start)s::bigint"
    end = "true" if query.end is None else f"{made} < %(end)s::bigint"
    return f"{start} AND {end}"


def content(query: Query) -> str:
    """The same as ``Query.match_content``, as conditions."""
    words = query.words or Words((), ())
    named = [
        n for n in ("workflow_id", "aspect_ratio", "favorite") if getattr(query, n) is not None
    ]
    conditions = [
        *(f"{name} = %({name})s" for name in named),
        *(["%(tag)s = ANY(tags)"] if query.tag is not None else []),
        *(f"position(%(present{n})s in prompt) > 0" for n in range(len(words.present))),
        *(f"position(%(absent{n})s in prompt) = 0" for n in range(len(words.absent))),
    ]
    return " AND ".join(conditions) or "true"


def values_of(query: Query) -> dict[str, Any]:
    values: dict[str, Any] = {
        "owner": query.owner,
        "kinds": list(query.kinds),
        "statuses": list(query.statuses),
        "start": query.start,
        "end": query.end,
        "at": query.cursor and query.cursor.at,
        "id": query.cursor and query.cursor.id,
        "favorite": query.favorite,
        "workflow_id": query.workflow_id and storable(query.workflow_id),
        "aspect_ratio": query.aspect_ratio and storable(query.aspect_ratio),
        "tag": query.tag and storable(query.tag),
        "terms": wanted(query),
    }
    for name in ("present", "absent"):
        for n, word in enumerate(getattr(query.words, name, ())):
            values[f"{name}{n}"] = word
    return values
