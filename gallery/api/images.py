"""The owner's images: lists, one image, trash and restore, and usage."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send

from gallery import keys, responses
from gallery.api.answers import Image, ImagePage
from gallery.api.fields import Body, Tags, Whole
from gallery.api.filters import Linking, ListQuery, Paging, to_query
from gallery.api.operation import Operation, body, parse_query, query
from gallery.api.pages import names, page_response, send_page
from gallery.api.services import NOBODY, Services, set_cookie
from gallery.catalog import Entry, Immediate, Page
from gallery.catalog.query import Query
from gallery.encoding import item, with_purge_at
from gallery.errors import Conflict, Forbidden, NotFound, PreconditionFailed
from gallery.keys import Kind
from gallery.purge import empty_trash
from gallery.totals import Totals


class TrashQuery(Paging, Linking):
    kind: Kind | None = Field(None, description="all kinds unless given")


class Edit(Body):
    """What to change; what is left out stays."""

    tags: Tags | None = None
    favorite: bool | None = None


class EmptyTrash(Body):
    count: Whole = Field(ge=0, description="how many images the trash was seen to hold")


class Emptied(BaseModel):
    purged: int


class Counts(BaseModel):
    active: int
    trash: int
    bytes: int


class QuotaState(BaseModel):
    bytes: int | None
    count: int | None


class Me(BaseModel):
    owner: str
    counts: dict[str, Counts]
    bytes: int
    count: int
    quota: QuotaState
    retention_days: int
    max_upload_bytes: int


class Images:
    """Routes of a visitor's own images."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library = services.library
        self._threads = services.threads
        self._catalog = services.library.catalog
        self._immediate = self._catalog if isinstance(self._catalog, Immediate) else None

    # -- the list ---------------------------------------------------------------------------

    async def list_page(self, scope: Scope, send: Send) -> int:
        """``GET /api/v1/images`` on the bare ASGI scope: the hottest route there is. A page
        that memory holds is answered without leaving the event loop."""
        visitor = self._services.identity.visitor(scope["headers"])
        raw = scope["query_string"]
        owner = visitor.owner if visitor else None
        if b"tz=" in raw:  # a time zone is read from a file
            asked = await self._threads.read(list_query, raw, owner)
        else:
            parse = _remembered_query if len(raw) <= _REMEMBERED_BYTES else list_query
            asked = parse(raw, owner)
        if owner is None:
            return await send_page(scope, send, Page([], 0, None, NOBODY), asked, raw)
        page = self._immediate.page_now(asked) if self._immediate else None
        if page is None:
            page = await self._threads.read(self._library.page, asked)
        if b"links=" in raw and parse_query(raw, ListQuery).links:
            page = await self.with_links(page)
        return await send_page(scope, send, page, asked, raw)

    async def with_links(self, page: Page) -> Page:
        """The page with links that lead past the server, if there are any. It has no version
        then, for it goes bad with them though no image changes."""
        if self._services.links is None:
            return page
        items = await self._threads.fetch(self._services.links.added, page.items)
        return replace(page, items=items, version="")

    async def trash(self, request: Request) -> Response:
        wanted = query(request, TrashQuery)
        kinds: tuple[Kind, ...] = (wanted.kind,) if wanted.kind else keys.KINDS
        question = Query(
            self._services.owner_or_nobody(request),
            ("trash",), kinds, "deleted", wanted.page, wanted.size,
        )  # fmt: skip
        if wanted.cursor:
            question = question.after(wanted.cursor)
        page = await self._threads.read(self._library.page, question)
        if wanted.links:
            page = await self.with_links(page)
        return page_response(request, page, question)

    # -- one image --------------------------------------------------------------------------

    async def one(self, request: Request) -> Response:
        owner, id = self._owner_and_id(request)
        wanted = query(request, Linking)
        entry = await self._threads.read(self._library.get, owner, id)
        if wanted.links and self._services.links:
            answer = with_purge_at(item(entry.raw), self._library.retention_us)
            [body] = await self._threads.fetch(self._services.links.added, [answer])
            return responses.json(body, headers={"etag": entry.etag, "cache-control": "no-store"})
        if names(request.headers.get("if-none-match"), entry.etag):
            return Response(status_code=304, headers={"etag": entry.etag})
        return self.entry_response(entry)

    async def edit(self, request: Request) -> Response:
        owner, id = self._owner_and_id(request)
        wanted = await body(request, Edit)
        tags = None if wanted.tags is None else tuple(wanted.tags)
        match = request.headers.get("if-match")
        entry = await self._threads.write(
            self._library.edit, owner, id,
            tags=tags, favorite=wanted.favorite, if_match=match,
        )  # fmt: skip
        return self.entry_response(entry)

    async def delete(self, request: Request) -> Response:
        owner, id = self._owner_and_id(request)
        return self.entry_response(await self._threads.write(self._library.trash, owner, id))

    async def restore(self, request: Request) -> Response:
        owner, id = self._owner_and_id(request)
        return self.entry_response(await self._threads.write(self._library.restore, owner, id))

    async def purge(self, request: Request) -> Response:
        owner, id = self._owner_and_id(request)
        await self._threads.read(self._library.get, owner, id)
        await self._threads.write(self._library.purge, owner, id)
        return Response(status_code=204)

    async def empty_trash(self, request: Request) -> Response:
        wanted = await body(request, EmptyTrash)
        owner = self._services.owner_or_nobody(request)
        purged = await self._threads.write(empty_trash, self._library, owner, wanted.count)
        return responses.json({"purged": purged})

    # -- the whole ----------------------------------------------------------------------------

    async def me(self, request: Request) -> Response:
        owner, cookie = self._services.identify(request)
        totals = await self._threads.read(self._catalog.totals, owner)
        whole = sum(totals.values(), Totals())
        quota = self._library.quota
        answer = {
            "owner": owner,
            "counts": {
                kind: {"active": t.active, "trash": t.trash, "bytes": t.bytes}
                for kind in keys.KINDS
                for t in [totals.get(kind, Totals())]
            },
            "bytes": whole.bytes,
            "count": whole.active + whole.trash,
            "quota": {"bytes": quota.bytes, "count": quota.count},
            "retention_days": self._services.settings.retention_days,
            "max_upload_bytes": self._services.settings.max_upload_bytes,
        }
        response = responses.json(answer, headers={"cache-control": "no-store"})
        return set_cookie(response, cookie)

    # -- shared -------------------------------------------------------------------------------

    def _owner_and_id(self, request: Request) -> tuple[str, str]:
        return self._services.owner_or_nobody(request), image_id(request)

    def entry_response(self, entry: Entry, status: int = 200) -> Response:
        """A record as one answer: like an item of a list, with its version."""
        answer = with_purge_at(item(entry.raw), self._library.retention_us)
        headers = {"etag": entry.etag, "cache-control": "private, no-cache"}
        return responses.json(answer, status, headers)

    def operations(self) -> list[Operation]:
        one = "/api/v1/images/{id}"
        return [
            Operation("GET", one, self.one, "One image", query=Linking, answer=Image,
                      statuses=(304,), errors=(NotFound,)),
            Operation("PATCH", one, self.edit, "Edit tags or favourite", body=Edit,
                      answer=Image, errors=(NotFound, PreconditionFailed, Forbidden)),
            Operation("POST", f"{one}/delete", self.delete, "Move to the trash", answer=Image,
                      errors=(NotFound, Forbidden)),
            Operation("POST", f"{one}/restore", self.restore, "Take out of the trash",
                      answer=Image, errors=(NotFound, Forbidden)),
            Operation("POST", f"{one}/purge", self.purge, "Delete for ever, from the trash",
                      status=204, errors=(NotFound, Conflict, Forbidden)),
            Operation("GET", "/api/v1/trash", self.trash, "The trash, newest deletion first",
                      query=TrashQuery, answer=ImagePage, statuses=(304,)),
            Operation("POST", "/api/v1/trash/empty", self.empty_trash, "Purge the whole trash",
                      body=EmptyTrash, answer=Emptied,
                      errors=(Conflict, Forbidden)),
            Operation("GET", "/api/v1/me", self.me, "Owner, counts and quota",
                      answer=Me),
        ]  # fmt: skip


def image_id(request: Request) -> str:
    """The id in the path. Raises NotFound for what can be nobody's."""
    id = request.path_params["id"]
    if not keys.is_id(id):
        raise NotFound("There is no such image", code="unknown_image")
    return str(id)


def list_query(raw: bytes, owner: str | None) -> Query:
    """What a query string asks of an owner. Raises BadRequest."""
    return to_query(parse_query(raw, ListQuery), owner)


_remembered_query = lru_cache(8192)(list_query)
_REMEMBERED_BYTES = 512
"""Longer query strings are not remembered: strangers may send anything."""
