"""The owner's images: lists, one image, trash and restore, timeline and usage."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send

from gallery import keys, responses
from gallery.api import days, models
from gallery.api.operation import Operation, body, parse_query, query
from gallery.api.services import Services, set_cookie
from gallery.catalog import Entry, Immediate, Page
from gallery.catalog.query import Cursor, Query, Words
from gallery.errors import Conflict, Forbidden, NotFound, PreconditionFailed
from gallery.keys import Kind
from gallery.records import Totals, item

_JSON = (b"content-type", b"application/json")
_NO_CACHE = (b"cache-control", b"private, no-cache")


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
            return await _send_page(scope, send, Page([], 0, None, ""), asked, raw)
        page = self._immediate.page_now(asked) if self._immediate else None
        if page is None:
            page = await self._threads.read(self._library.page, asked)
        return await _send_page(scope, send, page, asked, raw)

    async def trash(self, request: Request) -> Response:
        wanted = query(request, models.TrashQuery)
        kinds: tuple[Kind, ...] = (wanted.kind,) if wanted.kind else keys.KINDS
        question = Query(
            self._services.owner_or_nobody(request),
            ("trash",), kinds, "deleted", wanted.page, wanted.size,
        )  # fmt: skip
        if wanted.cursor:
            question = question.after(wanted.cursor)
        page = await self._threads.read(self._library.page, question)
        return page_response(request, page, question)

    # -- one image --------------------------------------------------------------------------

    async def one(self, request: Request) -> Response:
        owner, id = self._owner_and_id(request)
        entry = await self._threads.read(self._library.get, owner, id)
        if _names(request.headers.get("if-none-match"), entry.etag):
            return Response(status_code=304, headers={"etag": entry.etag})
        return self.entry_response(entry)

    async def edit(self, request: Request) -> Response:
        owner, id = self._owner_and_id(request)
        wanted = await body(request, models.Edit)
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
        wanted = await body(request, models.EmptyTrash)
        owner = self._services.owner_or_nobody(request)
        purged = await self._threads.write(self._library.empty_trash, owner, wanted.count)
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

    async def timeline(self, request: Request) -> Response:
        wanted = query(request, models.TimelineQuery)
        owner = self._services.owner_or_nobody(request)
        answer = await self._threads.read(self._timeline, owner, wanted)
        return responses.json(answer)

    def _timeline(self, owner: str, wanted: models.TimelineQuery) -> dict[str, object]:
        tz = days.zone(wanted.tz)
        names: list[date] = []

        def starts(first: int, last: int) -> list[int]:
            names.extend(days.days_between(first, last, tz))
            return [days.start_us(day, tz) for day in names]

        question = Query(owner, kinds=(wanted.kind,))
        counts = self._library.asked(lambda: self._catalog.timeline(question, starts))
        found = [
            {"date": day.isoformat(), "count": n} for day, n in zip(names, counts, strict=True) if n
        ]
        return {"tz": wanted.tz, "days": found[::-1]}

    # -- shared -------------------------------------------------------------------------------

    def _owner_and_id(self, request: Request) -> tuple[str, str]:
        return self._services.owner_or_nobody(request), image_id(request)

    def entry_response(self, entry: Entry, status: int = 200) -> Response:
        """A record as one answer: like an item of a list, with its version."""
        answer = self._library.with_purge_at(item(entry.raw))
        headers = {"etag": entry.etag, "cache-control": "private, no-cache"}
        return responses.json(answer, status, headers)

    def operations(self) -> list[Operation]:
        one = "/api/v1/images/{id}"
        image, page = models.Image, models.ImagePage
        return [
            Operation("GET", one, self.one, "One image", answer=image, statuses=(304,),
                      errors=(NotFound,)),
            Operation("PATCH", one, self.edit, "Edit tags or favourite", body=models.Edit,
                      answer=image, errors=(NotFound, PreconditionFailed, Forbidden)),
            Operation("POST", f"{one}/delete", self.delete, "Move to the trash", answer=image,
                      errors=(NotFound, Forbidden)),
            Operation("POST", f"{one}/restore", self.restore, "Take out of the trash",
                      answer=image, errors=(NotFound, Forbidden)),
            Operation("POST", f"{one}/purge", self.purge, "Delete for ever, from the trash",
                      status=204, errors=(NotFound, Conflict, Forbidden)),
            Operation("GET", "/api/v1/trash", self.trash, "The trash, newest deletion first",
                      query=models.TrashQuery, answer=page, statuses=(304,)),
            Operation("POST", "/api/v1/trash/empty", self.empty_trash, "Purge the whole trash",
                      body=models.EmptyTrash, answer=models.Emptied,
                      errors=(Conflict, Forbidden)),
            Operation("GET", "/api/v1/me", self.me, "Owner, counts and quota",
                      answer=models.Me),
            Operation("GET", "/api/v1/timeline", self.timeline, "Counts by day",
                      query=models.TimelineQuery, answer=models.Timeline),
        ]  # fmt: skip


def image_id(request: Request) -> str:
    """The id in the path. Raises NotFound for what can be nobody's."""
    id = request.path_params["id"]
    if not keys.is_id(id):
        raise NotFound("There is no such image", code="unknown_image")
    return str(id)


def list_query(raw: bytes, owner: str | None) -> Query:
    """What a query string asks of an owner. Raises BadRequest."""
    return to_query(parse_query(raw, models.ListQuery), owner)


_remembered_query = lru_cache(8192)(list_query)
_REMEMBERED_BYTES = 512
"""Longer query strings are not remembered: strangers may send anything."""


def to_query(wanted: models.ListQuery, owner: str | None) -> Query:
    start, end = days.span_us(wanted.from_date, wanted.to_date, days.zone(wanted.tz))
    cursor = Cursor.decode(wanted.cursor, "created") if wanted.cursor else None
    return Query(
        owner=owner,
        statuses=(wanted.status,),
        kinds=(wanted.kind,),
        page=1 if cursor else wanted.page,
        size=wanted.size,
        cursor=cursor,
        count=wanted.count,
        start=start,
        end=end,
        aspect_ratio=wanted.aspect_ratio,
        tag=wanted.tag,
        workflow_id=wanted.workflow_id,
        favorite=wanted.favorite,
        words=Words.parse(wanted.q) if wanted.q else None,
    )


def page_body(page: Page, number: int, size: int) -> bytes:
    """A page as JSON, joined from its ready-made items."""
    return b'{"items":[%b],"page":%d,"size":%d,"total":%b,"next_cursor":%b}' % (
        b",".join(page.items),
        number,
        size,
        b"null" if page.total is None else b"%d" % page.total,
        b'"%b"' % page.next_cursor.encode() if page.next_cursor else b"null",
    )


def _etag(page: Page, question: Query, raw: bytes) -> bytes:
    """Of whose page it is, too: two owners' versions may be alike, and their URLs are."""
    of = f"{page.version}\n{question.owner}\n"
    found = hashlib.blake2b(of.encode() + raw, digest_size=12)
    return b'"%b"' % found.hexdigest().encode()


async def _send_page(scope: Scope, send: Send, page: Page, question: Query, raw: bytes) -> int:
    etag = _etag(page, question, raw)
    headers = [_JSON, _NO_CACHE, (b"etag", etag)]
    status, content = 200, b""
    for name, value in scope["headers"]:
        if name == b"if-none-match" and etag in value:
            status = 304
    if status == 200:
        content = page_body(page, question.page, question.size)
        headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
    return status


def page_response(request: Request, page: Page, question: Query) -> Response:
    """A page as an answer, 304 when the client has it."""
    raw = request.url.path.encode() + request.scope["query_string"]
    etag = _etag(page, question, raw).decode()
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if _names(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return responses.json(page_body(page, question.page, question.size), headers=headers)


def _names(header: str | None, etag: str) -> bool:
    return header is not None and (header.strip() == "*" or etag in header)
