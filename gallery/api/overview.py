"""What an owner's images come to, without the images: the days of the timeline, and what
they can be filtered by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from gallery import responses
from gallery.api import days
from gallery.api.fields import Strict
from gallery.api.filters import Filter, filtered
from gallery.api.operation import Operation, query
from gallery.api.pages import etag_of, names
from gallery.api.services import Services
from gallery.catalog.facets import Counted
from gallery.keys import Kind
from gallery.totals import Totals

Answer = dict[str, object]


class FacetsQuery(Strict):
    kind: Kind = "output"


class Day(BaseModel):
    date: str
    count: int


class Timeline(BaseModel):
    tz: str
    days: list[Day] = Field(description="newest first, without empty days")


class Facet(BaseModel):
    name: str
    count: int


class Facets(BaseModel):
    images: int = Field(description="how many were looked at: the newest")
    complete: bool = Field(description="whether these are all")
    favorites: int
    tags: list[Facet]
    workflows: list[Facet]
    aspect_ratios: list[Facet]


class Overview:
    """Routes of one owner. Their answers take some looking, so a client that has one still is
    told so by what an owner's version says, without any."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library = services.library
        self._catalog = services.library.catalog
        self._threads = services.threads

    async def timeline(self, request: Request) -> Response:
        wanted = query(request, Filter)
        return await self._answered(request, lambda owner: self._timeline(owner, wanted))

    def _timeline(self, owner: str, wanted: Filter) -> Answer:
        tz = days.zone(wanted.tz)
        names: list[date] = []

        def starts(first: int, last: int) -> list[int]:
            names.extend(days.days_between(first, last, tz))
            return [days.start_us(day, tz) for day in names]

        question = filtered(wanted, owner)
        counts = self._library.healing.asked(lambda: self._catalog.timeline(question, starts))
        found = [
            {"date": day.isoformat(), "count": n} for day, n in zip(names, counts, strict=True) if n
        ]
        return {"tz": wanted.tz, "days": found[::-1]}

    async def facets(self, request: Request) -> Response:
        kind = query(request, FacetsQuery).kind
        return await self._answered(request, lambda owner: self._facets(owner, kind))

    def _facets(self, owner: str, kind: Kind) -> Answer:
        found = self._library.healing.asked(lambda: self._catalog.facets(owner, kind))
        whole = self._catalog.totals(owner).get(kind, Totals())
        return {
            "images": found.images,
            "complete": found.images >= whole.active,
            "favorites": found.favorites,
            "tags": _counted(found.tags),
            "workflows": _counted(found.workflows),
            "aspect_ratios": _counted(found.aspect_ratios),
        }

    async def _answered(self, request: Request, answer: Callable[[str], Answer]) -> Response:
        """The version is asked for first: the answer is of no older one."""
        owner = self._services.owner_or_nobody(request)
        version = await self._threads.read(self._catalog.version, owner)
        raw = request.url.path.encode() + request.scope["query_string"]
        etag = etag_of(version, owner, raw).decode()
        headers = {"etag": etag, "cache-control": "private, no-cache"}
        if names(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        return responses.json(await self._threads.read(answer, owner), headers=headers)

    def operations(self) -> list[Operation]:
        return [
            Operation("GET", "/api/v1/timeline", self.timeline, "Counts by day",
                      query=Filter, answer=Timeline, statuses=(304,)),
            Operation("GET", "/api/v1/facets", self.facets, "What can be filtered by",
                      query=FacetsQuery, answer=Facets, statuses=(304,)),
        ]  # fmt: skip


def _counted(names: Counted) -> list[Answer]:
    return [{"name": name, "count": count} for name, count in names]
