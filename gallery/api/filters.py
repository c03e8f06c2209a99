"""The parameters that lists share, and what a catalog is asked because of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gallery.api import days
from gallery.api.fields import CalendarDay, Flag, Name, Ratio, Strict
from gallery.catalog.query import Cursor, Query, Words
from gallery.keys import Kind
from gallery.records import Status


class Paging(Strict):
    page: int = Field(1, ge=1, le=10_000_000, description="counted from 1; not with a cursor")
    size: int = Field(50, ge=1, le=200, description="items a page")
    cursor: str | None = Field(
        None, max_length=200, description="next_cursor of the page before; empty for the first"
    )


class Linking(Strict):
    links: Literal["direct"] | None = Field(
        None, description="direct: give links that lead past the server, too"
    )


class Dates(Strict):
    from_date: CalendarDay | None = Field(None, description="first day, inclusive")
    to_date: CalendarDay | None = Field(None, description="last day, inclusive")
    tz: str = Field("UTC", max_length=64, description="time zone of the days, as Asia/Seoul")


class Filter(Dates):
    status: Status = "active"
    kind: Kind = "output"
    aspect_ratio: Ratio | None = None
    tag: Annotated[str, StringConstraints(max_length=100)] | None = None
    workflow_id: Name | None = None
    favorite: Flag | None = None
    q: str | None = Field(
        None, max_length=500, description='words of the prompt; -word excludes, "a phrase"'
    )


class ListQuery(Paging, Linking, Filter):
    count: Flag = Field(False, description="count what matches, and its bytes")


def filtered(wanted: Filter, owner: str | None) -> Query:
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


def to_query(wanted: ListQuery, owner: str | None) -> Query:
    """A page of them."""
    cursor = Cursor.decode(wanted.cursor, "created") if wanted.cursor else None
    return replace(
        filtered(wanted, owner),
        page=1 if cursor else wanted.page,
        size=wanted.size,
        cursor=cursor,
        count=wanted.count,
    )
