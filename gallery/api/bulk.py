"""Changes of many images at once, and their undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from gallery import keys, responses
from gallery.api.fields import Body, Id, Tags
from gallery.api.filters import Filter, filtered
from gallery.api.operation import Operation, body
from gallery.api.services import Services
from gallery.bulk import MOST, Bulk
from gallery.errors import Forbidden, NotFound, StorageFull, Unprocessable
from gallery.journal import Action, Report, Result, Wanted

_COUNTED: tuple[Result, ...] = ("done", "unchanged", "not_found", "failed")
_COUNTED_BACK: tuple[Result, ...] = ("undone", "changed", "gone", "unchanged", "failed")


class BulkFilter(Filter):
    """As a list is filtered: an empty one is every active output."""

    model_config = ConfigDict(strict=True)


class BulkChange(Body):
    """What to do, and to which images: named, or found by a filter."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["ids"]}, {"required": ["filter"]}]}
    )

    action: Action
    ids: Annotated[list[Id], Field(min_length=1, max_length=MOST)] | SkipJsonSchema[None] = Field(
        None, description="any own images, of every kind"
    )
    filter: BulkFilter | SkipJsonSchema[None] = Field(None, description="as a list's, by name")
    tags: Annotated[Tags, Field(min_length=1)] | SkipJsonSchema[None] = Field(
        None, description="with tag and untag alone"
    )
    value: bool | SkipJsonSchema[None] = Field(
        None, description="with favorite alone; true unless given"
    )
    op: Id | SkipJsonSchema[None] = Field(
        None, description="the operation's id: sent again, the rest is done"
    )

    @model_validator(mode="after")
    def _fits(self) -> BulkChange:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("either ids or filter is wanted")
        if (self.tags is not None) != (self.action in ("tag", "untag")):
            raise ValueError("tags go with tag and untag")
        if self.value is not None and self.action != "favorite":
            raise ValueError("value goes with favorite")
        return self

    def wanted(self, owner: str) -> Wanted:
        """Raises BadRequest. A time zone is read from a file."""
        query = None
        if self.filter is not None:
            query = filtered(self.filter, owner)
        return Wanted(
            action=self.action,
            ids=None if self.ids is None else tuple(self.ids),
            query=query,
            tags=tuple(self.tags or ()),
            value=self.value is not False,
        )


class ItemOutcome(BaseModel):
    id: Id
    outcome: Literal["done", "unchanged", "not_found", "failed"]
    rev: int | None
    code: str | None = Field(None, description="why it failed")


class BulkReport(BaseModel):
    op: Id
    action: Action
    total: int
    done: int
    unchanged: int
    not_found: int
    failed: int
    finished: bool
    outcomes: list[ItemOutcome] = Field(description="so far, in the order of the request")


class UndoWanted(Body):
    as_left: bool = Field(
        False, description="also what has another rev, and is again as the operation left it"
    )


class ItemUndone(BaseModel):
    id: Id
    outcome: Literal["undone", "changed", "gone", "unchanged", "failed"]
    rev: int | None
    code: str | None = Field(None, description="why it failed")


class UndoReport(BaseModel):
    op: Id
    action: Action
    total: int
    undone: int
    changed: int
    gone: int
    unchanged: int
    failed: int
    finished: bool
    outcomes: list[ItemUndone]


class BulkChanges:
    """Routes of a visitor's operations."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._threads = services.threads
        self._bulk = Bulk(services.library)

    async def change(self, request: Request) -> Response:
        wanted = await body(request, BulkChange)
        owner = self._services.owner_or_nobody(request)

        def run() -> Report:
            return self._bulk.run(owner, wanted.wanted(owner), wanted.op)

        return responses.json(await self._threads.bulk(_answer, run, _COUNTED))

    async def status(self, request: Request) -> Response:
        ask = partial(self._bulk.status, self._services.owner_or_nobody(request), _op(request))
        return responses.json(await self._threads.read(_answer, ask, _COUNTED), headers=_NO_STORE)

    async def undo(self, request: Request) -> Response:
        wanted = await body(request, UndoWanted, required=False)
        owner = self._services.owner_or_nobody(request)
        undo = partial(self._bulk.undo, owner, _op(request), as_left=wanted.as_left)
        return responses.json(await self._threads.bulk(_answer, undo, _COUNTED_BACK))

    def operations(self) -> list[Operation]:
        one = "/api/v1/ops/{id}"
        return [
            Operation("POST", "/api/v1/images/bulk", self.change, "Change many images",
                      body=BulkChange, answer=BulkReport,
                      errors=(Unprocessable, StorageFull, Forbidden)),
            Operation("GET", one, self.status, "How far a change of many images has come",
                      answer=BulkReport, errors=(NotFound,)),
            Operation("POST", f"{one}/undo", self.undo, "Undo a change of many images",
                      body=UndoWanted, body_required=False, answer=UndoReport,
                      errors=(NotFound, StorageFull, Forbidden)),
        ]  # fmt: skip


_NO_STORE = {"cache-control": "no-store"}


def _answer(act: Callable[[], Report], counted: tuple[Result, ...]) -> bytes:
    """In the thread that acts: ten thousand outcomes take a while to write down."""
    return orjson.dumps(act().as_json(counted))


def _op(request: Request) -> str:
    id = request.path_params["id"]
    if not keys.is_id(id):
        raise NotFound("There is no such operation", code="unknown_operation")
    return str(id)
