"""From a query to SQL.

A list is read along an index in its own order: one index scan for each kind and status
asked for, merged. What is looked for within images is looked for in the newest first,
because what many images have fills a page soon; what few have is found by its terms, in one
period after the other from the newest, until the page is full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from gallery.catalog.facets import MOST, NEWEST
from gallery.catalog.postgres.rows import KEYED, PERIOD_BITS, storable, wanted
from gallery.catalog.query import Query, Words
from gallery.keys import Kind

WALK = 2_000
"""How many of the newest images are looked at before the terms are asked."""

_QUARTER = 900_000_000
"""Microseconds; images are counted by quarters of an hour."""

_ITEM = "substring(raw FOR octet_length(raw) - 1) || links AS item"

Values = dict[str, Any]
Question = tuple[str, Values]


def page(query: Query, walk: int = WALK) -> list[Question]:
    """The questions to put, one after the other until one answers with ``size`` + 1 rows or
    for good. The first row is whether this is for good, total, version, NULL and bytes; the
    others are NULL, time, id and item of an image, and NULL."""
    values = _values(query)
    if not query.filters_content:
        found = _deep(query) if query.offset else _straight(query)
        return [(_with_head(query, found), values)]
    whole = _by_terms(query) if wanted(query) else _straight(query)
    questions = [(_walked(query, walk), values), (_with_head(query, whole), values)]
    return questions if query.offset < walk else questions[-1:]


def _reach(query: Query) -> int:
    return query.offset + query.size + 1


def _shown(query: Query) -> str:
    """The page and one more. Numbers stand in the text: a plan is made for them."""
    return f"LIMIT {query.size + 1} OFFSET {query.offset}"


def _with_head(query: Query, found: str, final: str = "true") -> str:
    """Head and images, in this order, as of one moment."""
    return f"""
        SELECT {final} AS final, total AS at, {_version(query)} AS id, NULL AS item, bytes
        FROM ({_sum(query)}) AS sum
        UNION ALL (SELECT NULL, found.*, NULL FROM ({found}) AS found)"""


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
    """Sorted within each period alone, so that no more of them are asked than fill the page;
    and by a sum, which no index of an owner's has, so that the terms' index is read."""
    at = _at(query)
    newest_period = "period DESC, " if query.order == "created" else ""
    return f"""
        SELECT {at} AS at, id, {_ITEM} FROM {matching(query)}
        ORDER BY {newest_period}{at} + 0 DESC, id DESC {_shown(query)}"""


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
        for kind, status in _lists(query)
    )


# -- conditions -------------------------------------------------------------------------------


def matching(query: Query) -> str:
    """Where the query finds, after its cursor: what follows ``FROM``."""
    conditions = f"""{_owner(query)} AND kind = ANY(%(kinds)s) AND status = ANY(%(statuses)s)
        AND {_range(query)} AND {_after(query)} AND {content(query)}"""
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
    first = f"greatest({_end_of_all(query, 'ASC')}, %(start)s::bigint)"
    last = f"least({_end_of_all(query, 'DESC')}, %(end)s::bigint, {before})"
    return f"""
        SELECT period, {KEYED} AS keyed
        FROM generate_series({first} >> {PERIOD_BITS}, {last} >> {PERIOD_BITS}) AS period
        ORDER BY period DESC"""


def _end_of_all(query: Query, direction: str) -> str:
    """When the first (ASC) or last (DESC) of an owner's images was made, whatever the filters."""
    ends = ", ".join(
        f"""(SELECT created_at FROM images
             WHERE owner = %(owner)s AND kind = '{kind}' AND status = '{status}'
             ORDER BY created_at {direction} LIMIT 1)"""
        for kind, status in _lists(query)
    )
    return f"{'least' if direction == 'ASC' else 'greatest'}({ends})"


def _lists(query: Query) -> Iterator[tuple[str, str]]:
    """Each kind and status that is asked for."""
    return product(dict.fromkeys(query.kinds), dict.fromkeys(query.statuses))


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


def version(owner: str) -> Question:
    query = Query(owner)
    return f"SELECT {_version(query)}", _values(query)


def _version(query: Query) -> str:
    generation = "(SELECT generation FROM library)"
    if query.owner is None:
        return f"{generation} || (SELECT coalesce(sum(version), 0) FROM owners)"
    return f"""{generation} || coalesce(
        (SELECT version FROM owners WHERE owner = %(owner)s), 0)"""


def _sum(query: Query) -> str:
    """How many images there are, and their bytes, as far as that is asked for."""
    if query.count:
        wherever = replace(query, cursor=None)
        sums = "count(*) AS total, coalesce(sum(bytes), 0)::bigint AS bytes"
        return f"SELECT {sums} FROM {matching(wherever)}"
    total = "NULL" if query.filters else _size(query)
    return f"SELECT {total}::bigint AS total, NULL::bigint AS bytes"


def _size(query: Query) -> str:
    """How many images there are, without the filters."""
    counts = " + ".join(dict.fromkeys(query.statuses))
    return f"""(SELECT coalesce(sum({counts}), 0)::bigint FROM counters
        WHERE {_owner(query)} AND kind = ANY(%(kinds)s))"""


def span(query: Query) -> Question:
    """When the first and the last of the query's images were made."""
    if query.filters or query.owner is None:
        ends = f"SELECT min(created_at), max(created_at) FROM {matching(query)}"
    else:
        ends = f"SELECT {_end_of_all(query, 'ASC')}, {_end_of_all(query, 'DESC')}"
    return ends, _values(query)


def histogram(query: Query, edges: list[int]) -> Question:
    """How many images there are from each edge to the next, by the number of the edge."""
    if query.filters or query.owner is None or edges[0] < 0 or any(e % _QUARTER for e in edges):
        found = f"created_at AS at, 1 AS images FROM {matching(query)}"
    else:
        found = f"""quarter * {_QUARTER} AS at, images FROM quarters
            WHERE {_owner(query)} AND kind = ANY(%(kinds)s) AND status = ANY(%(statuses)s)"""
    counts = f"""
        SELECT width_bucket(at, %(edges)s::bigint[]) AS edge, sum(images)::bigint
        FROM (SELECT {found}) AS found GROUP BY edge"""
    return counts, _values(query) | {"edges": edges}


def facets(owner: str, kind: Kind) -> Question:
    """What is counted, a name and how many; the first two have none."""
    newest = f"""
        SELECT tags, workflow_id, aspect_ratio, favorite FROM images
        WHERE owner = %(owner)s AND kind = %(kind)s AND status = 'active'
        ORDER BY created_at DESC, id DESC LIMIT {NEWEST}"""
    names = {
        "tags": "newest, unnest(tags) AS name",
        "workflows": "(SELECT workflow_id AS name FROM newest) AS named",
        "aspect_ratios": "(SELECT aspect_ratio AS name FROM newest) AS named",
    }
    counted = "".join(
        f"""
        UNION ALL (SELECT '{what}', name, count(*) FROM {found} WHERE name <> ''
            GROUP BY name ORDER BY count(*) DESC, name COLLATE "C" LIMIT {MOST})"""
        for what, found in names.items()
    )
    whole = f"""
        WITH newest AS MATERIALIZED ({newest})
        SELECT 'images', '', count(*) FROM newest
        UNION ALL SELECT 'favorites', '', count(*) FROM newest WHERE favorite {counted}"""
    return whole, {"owner": owner, "kind": kind}
