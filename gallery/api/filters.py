"""From the parameters of a request to what a catalog is asked."""

from __future__ import annotations

from dataclasses import replace

from gallery.api import days, models
from gallery.catalog.query import Cursor, Query, Words


def filtered(wanted: models.Filter, owner: str | None) -> Query:
    """The images that the filters leave. Raises BadRequest. A time zone is read from a file."""
    start, end = days.span_us(wanted.from_date, wanted.to_date, days.zone(wanted.tz))
    return Query(
        owner=owner,
        statuses=(wanted.status,),
        kinds=(wanted.kind,),
        start=start,
        end=end,
        aspect_ratio=wanted.aspect_ratio,
        tag=wanted.tag,
        workflow_id=wanted.workflow_id,
        favorite=wanted.favorite,
        words=Words.parse(wanted.q) if wanted.q else None,
    )


def to_query(wanted: models.ListQuery, owner: str | None) -> Query:
    """A page of them."""
    cursor = Cursor.decode(wanted.cursor, "created") if wanted.cursor else None
    return replace(
        filtered(wanted, owner),
        page=1 if cursor else wanted.page,
        size=wanted.size,
        cursor=cursor,
        count=wanted.count,
    )
