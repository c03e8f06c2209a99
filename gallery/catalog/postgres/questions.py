"""From a query to the SQL of its page.

A list is read along an index in its own order: one index scan for each kind and status
asked for, merged. What is looked for within images is looked for in the newest first,
because what many images have fills a page soon; what few have is found by its terms, in one
period after the other from the newest, until the page is full.
"""

from __future__ import annotations

from gallery.catalog.postgres.conditions import (
    Question,
    after_cursor,
    at_of,
    content,
    in_range,
    lists,
    matching,
    owner_is,
    values_of,
)
from gallery.catalog.postgres.counts import size_of, sum_of, version_of
from gallery.catalog.postgres.rows import wanted
from gallery.catalog.query import Query

WALK = 2_000
"""How many of the newest images are looked at before the terms are asked."""

_ITEM = "substring(raw FOR octet_length(raw) - 1) || links AS item"


def page(query: Query, walk: int = WALK) -> list[Question]:
    """The questions to put, one after the other until one answers with ``size`` + 1 rows or
    for good. The first row is whether this is for good, total, version, NULL and bytes; the
    others are NULL, time, id and item of an image, and NULL."""
    values = values_of(query)
    if not query.filters_content:
        found = _deep(query) if query.offset else _straight(query)
        return [(_with_head(query, found), values)]
    whole = _by_terms(query) if wanted(query) else _straight(query)
    surely: Question = (_with_head(query, whole), values)
    return [(_walked(query, walk), values), surely] if query.offset < walk else [surely]


def _reach(query: Query) -> int:
    return query.offset + query.size + 1


def _shown(query: Query) -> str:
    """The page and one more. Numbers stand in the text: a plan is made for them."""
    return f"LIMIT {query.size + 1} OFFSET {query.offset}"


def _with_head(query: Query, found: str, final: str = "true") -> str:
    """Head and images, in this order, as of one moment."""
    return f"""
        SELECT {final} AS final, total AS at, {version_of(query)} AS id, NULL AS item, bytes
        FROM ({sum_of(query)}) AS sum
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
    return _with_head(query, found, f"{size_of(query)} <= {walk}")


def _by_terms(query: Query) -> str:
    """Sorted within each period alone, so that no more of them are asked than fill the page;
    and by a sum, which no index of an owner's has, so that the terms' index is read."""
    at = at_of(query)
    newest_period = "period DESC, " if query.order == "created" else ""
    return f"""
        SELECT {at} AS at, id, {_ITEM} FROM {matching(query)}
        ORDER BY {newest_period}{at} + 0 DESC, id DESC {_shown(query)}"""


def _arms(query: Query, limit: int, more: str = "true") -> str:
    at = at_of(query)
    columns = (
        f"{at} AS at, id, owner, raw, links, tags, workflow_id, aspect_ratio, favorite, prompt"
    )
    return " UNION ALL ".join(
        f"""(SELECT {columns} FROM images
             WHERE {owner_is(query)} AND kind = '{kind}' AND status = '{status}'
               AND {in_range(query)} AND {after_cursor(query)} AND {more}
             ORDER BY {at} DESC, id DESC LIMIT {limit})"""
        for kind, status in lists(query)
    )
