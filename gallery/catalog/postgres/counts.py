"""How many images there are: in all, by the query, by day, and of each name; and the version."""

from __future__ import annotations

from dataclasses import replace

from gallery.catalog.facets import MOST, NEWEST
from gallery.catalog.postgres.conditions import Question, end_of_all, matching, owner_is, values_of
from gallery.catalog.query import Query
from gallery.keys import Kind

_QUARTER = 900_000_000
"""Microseconds; images are counted by quarters of an hour."""


def version(owner: str) -> Question:
    query = Query(owner)
    return f"SELECT {version_of(query)}", values_of(query)


def version_of(query: Query) -> str:
    generation = "(SELECT generation FROM library)"
    if query.owner is None:
        return f"{generation} || (SELECT coalesce(sum(version), 0) FROM owners)"
    return f"""{generation} || coalesce(
        (SELECT version FROM owners WHERE owner = %(owner)s), 0)"""


def sum_of(query: Query) -> str:
    """How many images there are, and their bytes, as far as that is asked for."""
    if query.count:
        wherever = replace(query, cursor=None)
        sums = "count(*) AS total, coalesce(sum(bytes), 0)::bigint AS bytes"
        return f"SELECT {sums} FROM {matching(wherever)}"
    total = "NULL" if query.filters else size_of(query)
    return f"SELECT {total}::bigint AS total, NULL::bigint AS bytes"


def size_of(query: Query) -> str:
    """How many images there are, without the filters."""
    counts = " + ".join(dict.fromkeys(query.statuses))
    return f"""(SELECT coalesce(sum({counts}), 0)::bigint FROM counters
        WHERE {owner_is(query)} AND kind = ANY(%(kinds)s))"""


def span(query: Query) -> Question:
    """When the first and the last of the query's images were made."""
    if query.filters or query.owner is None:
        ends = f"SELECT min(created_at), max(created_at) FROM {matching(query)}"
    else:
        ends = f"SELECT {end_of_all(query, 'ASC')}, {end_of_all(query, 'DESC')}"
    return ends, values_of(query)


def histogram(query: Query, edges: list[int]) -> Question:
    """How many images there are from each edge to the next, by the number of the edge."""
    if query.filters or query.owner is None or edges[0] < 0 or any(e % _QUARTER for e in edges):
        found = f"created_at AS at, 1 AS images FROM {matching(query)}"
    else:
        found = f"""quarter * {_QUARTER} AS at, images FROM quarters
            WHERE {owner_is(query)} AND kind = ANY(%(kinds)s) AND status = ANY(%(statuses)s)"""
    counts = f"""
        SELECT width_bucket(at, %(edges)s::bigint[]) AS edge, sum(images)::bigint
        FROM (SELECT {found}) AS found GROUP BY edge"""
    return counts, values_of(query) | {"edges": edges}


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


def totals(owner: str) -> Question:
    """Each kind that the owner has images of, with what ``Totals`` says of them."""
    ends = """
        (SELECT {end} FROM images WHERE owner = counters.owner AND kind = counters.kind
         AND status = '{status}')"""
    oldest, first, last = (
        ends.format(end=end, status=status)
        for end, status in [
            ("min(deleted_at)", "trash"),
            ("min(created_at)", "active"),
            ("max(created_at)", "active"),
        ]
    )
    sums = f"""SELECT kind, active, trash, bytes, {oldest}, {first}, {last} FROM counters
        WHERE owner = %(owner)s AND active + trash > 0"""
    return sums, {"owner": owner}


def whole() -> Question:
    """How many owners have images, how many are active and in the trash, and their bytes."""
    sums = """SELECT count(DISTINCT owner), coalesce(sum(active), 0)::bigint,
            coalesce(sum(trash), 0)::bigint, coalesce(sum(bytes), 0)::bigint
        FROM counters WHERE active + trash > 0"""
    return sums, {}
