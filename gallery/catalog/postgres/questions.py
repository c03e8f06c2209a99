"""From a query to SQL.

A list is read along an index in its own order: one index scan for each kind and status
asked for, merged. What is looked for within images is looked for in the newest first,
because what many images have fills a page soon; what few have is found by its terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from gallery.catalog.postgres.rows import storable, wanted
from gallery.catalog.query import Query, Words

Walks = tuple[int, int]
WALKS = (2_000, 32_000)
"""How many of the newest images are looked at, first and then, before the terms are asked.
The second walk is for what the first has met often enough to expect a full page."""

_ITEM = "substring(raw FOR octet_length(raw) - 1) || links AS item"

Values = dict[str, Any]
Question = tuple[str, Values]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A question that may answer a page. It is worth asking when the one before has given
    at least so many images."""

    sql: str
    values: Values
    worth: int = 0


def page(query: Query, walks: Walks = WALKS) -> list[Attempt]:
    """The questions to put, one after the other until one answers with ``size`` + 1 rows or
    for good. A row is version, total and whether this is for good, and time, id and item
    of an image, which are NULL where there is none."""
    values = _values(query)
    if not query.filters_content:
        found = _deep(query) if query.offset else _straight(query)
        return [Attempt(_with_head(query, found), values)]
    whole = _by_terms(query) if wanted(query) else _straight(query)
    attempts = [
        Attempt(_walked(query, walks[0]), values),
        Attempt(_walked(query, walks[1]), values, _reach(query) * walks[0] // walks[1] + 1),
        Attempt(_with_head(query, whole), values),
    ]
    return attempts if query.offset < walks[0] else attempts[-1:]


def _reach(query: Query) -> int:
    return query.offset + query.size + 1


def _shown(query: Query) -> str:
    """The page and one more. Numbers stand in the text: a plan is made for them."""
    return f"LIMIT {query.size + 1} OFFSET {query.offset}"


def _with_head(query: Query, found: str, final: str = "true") -> str:
    """Rows, version and total as of one moment."""
    head = f"{_version(query)} AS version, {_total(query)} AS total, {final} AS final"
    return f"""
        SELECT head.*, found.at, found.id, found.item FROM (SELECT {head}) AS head
        LEFT JOIN ({found}) AS found ON true
        ORDER BY found.at DESC, found.id DESC"""


def _straight(query: Query) -> str:
    return f"""
        SELECT at, id, {_ITEM} FROM ({_arms(query, _reach(query), content(query))}) AS arms
        ORDER BY at DESC, id DESC {_shown(query)}"""


def _deep(query: Query) -> str:
    """Passes over keys in the index; the rows are fetched when it is known which."""
    return f"""
        SELECT at, id, {_ITEM} FROM (
            SELECT at, id, owner FROM ({_arms(query, _reach(query))}) AS arms
            ORDER BY at DESC, id DESC {_shown(query)}
        ) AS keys JOIN images USING (id, owner)"""


def _walked(query: Query, walk: int) -> str:
    """For good, if there are no more images than it walks over."""
    found = f"""
        SELECT at, id, {_ITEM} FROM (
            SELECT * FROM ({_arms(query, walk)}) AS arms
            ORDER BY at DESC, id DESC LIMIT {walk}
        ) AS newest WHERE {content(query)}
        ORDER BY at DESC, id DESC {_shown(query)}"""
    return _with_head(query, found, f"{_size(query)} <= {walk}")


def _by_terms(query: Query) -> str:
    """Sorted by a sum, which no index of an owner's has, so that the terms' index is read."""
    at = _at(query)
    return f"""
        SELECT {at} AS at, id, {_ITEM} FROM images
        WHERE {matching(query)} AND {_after(query)}
        ORDER BY {at} + 0 DESC, id DESC {_shown(query)}"""


def _arms(query: Query, limit: int, more: str = "true") -> str:
    at = _at(query)
    columns = (
        f"{at} AS at, id, owner, raw, links, tags, workflow_id, aspect_ratio, favorite, prompt"
    )
    return " UNION ALL ".join(
        f"""(SELECT {columns} FROM images
             WHERE {_owner(query)} AND kind = '{kind}' AND status = '{status}'
               AND {_range(query)} AND {_after(query)} AND {more}
             ORDER BY {at} DESC, id DESC LIMIT {limit})"""
        for kind, status in product(dict.fromkeys(query.kinds), dict.fromkeys(query.statuses))
    )


# -- conditions -------------------------------------------------------------------------------


def matching(query: Query) -> str:
    """All that the query finds, wherever its cursor is."""
    terms = "terms @> %(terms)s::int[]" if wanted(query) else "true"
    return f"""{_owner(query)} AND kind = ANY(%(kinds)s) AND status = ANY(%(statuses)s)
        AND {_range(query)} AND {terms} AND {content(query)}"""


def _at(query: Query) -> str:
    return _time(query, "created_at" if query.order == "created" else "deleted_at")


def _time(query: Query, column: str) -> str:
    """As it stands in the indexes of one owner's images, and in those of everybody's."""
    return column if query.owner is not None else f"({column} + 0)"


def _owner(query: Query) -> str:
    return "true" if query.owner is None else "owner = %(owner)s"


def _after(query: Query) -> str:
    return "true" if query.cursor is None else f"({_at(query)}, id) < (%(at)s::bigint, %(id)s)"


def _range(query: Query) -> str:
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


def _values(query: Query) -> Values:
    values: Values = {
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


# -- counts -----------------------------------------------------------------------------------


def _version(query: Query) -> str:
    generation = "(SELECT generation FROM library)"
    if query.owner is None:
        return f"{generation} || (SELECT coalesce(sum(version), 0) FROM owners)"
    return f"""{generation} || coalesce(
        (SELECT version FROM owners WHERE owner = %(owner)s), 0)"""


def _total(query: Query) -> str:
    if query.filters:
        return f"(SELECT count(*) FROM images WHERE {matching(query)})" if query.count else "NULL"
    return _size(query)


def _size(query: Query) -> str:
    """How many images there are, without the filters."""
    counts = " + ".join(dict.fromkeys(query.statuses))
    return f"""(SELECT coalesce(sum({counts}), 0)::bigint FROM counters
        WHERE {_owner(query)} AND kind = ANY(%(kinds)s))"""


def span(query: Query) -> Question:
    """When the first and the last of the query's images were made."""
    ends = f"SELECT min(created_at), max(created_at) FROM images WHERE {matching(query)}"
    return ends, _values(query)


def histogram(query: Query, edges: list[int]) -> Question:
    """How many images there are from each edge to the next, by the number of the edge."""
    counts = f"""
        SELECT width_bucket(created_at, %(edges)s::bigint[]) AS edge, count(*)
        FROM images WHERE {matching(query)} GROUP BY edge"""
    return counts, _values(query) | {"edges": edges}
