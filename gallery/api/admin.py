"""What administrators do, with their token: see all, trash, restore, purge."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import Literal

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from gallery import keys, responses
from gallery.api import days
from gallery.api.answers import Image, ImagePage
from gallery.api.fields import Body, Flag, OwnerName, Strict, Whole
from gallery.api.filters import Dates, Paging
from gallery.api.images import Images, image_id
from gallery.api.operation import Operation, body, query
from gallery.api.pages import page_response
from gallery.api.services import Services
from gallery.catalog.query import Query
from gallery.draft import DAY_US
from gallery.errors import Conflict, NotFound
from gallery.library import Library
from gallery.purge import Plan, plan, signed, verified
from gallery.records import to_text
from gallery.totals import Totals


class AdminListQuery(Paging, Dates):
    user_id: OwnerName | None = Field(None, description="an owner; everybody unless given")
    include: Literal["trash"] | None = Field(None, description="trash adds trashed images")


class UsersQuery(Strict):
    page: int = Field(1, ge=1, le=10_000_000)
    size: int = Field(100, ge=1, le=1_000)
    name: str = Field("", max_length=100, description="a part of their names")
    sort: Literal["user_id", "active", "trash", "bytes", "first", "last"] = "user_id"
    order: Literal["asc", "desc"] = "asc"


class OwnerQuery(Strict):
    user_id: OwnerName | None = Field(None, description="whose image; needed if ids repeat")


class PurgeQuery(Strict):
    dry_run: Flag = Field(False, description="only say what would be purged")


class PurgeTrash(Body):
    older_than_days: Whole = Field(0, ge=0, le=36_500, description="days since the deletion")
    user_id: OwnerName | None = None
    digest: str | None = Field(None, max_length=500, description="as the dry run gave it")


class User(BaseModel):
    user_id: str
    active: int
    trash: int
    bytes: int
    first: str | None = Field(description="created_at of the oldest active image")
    last: str | None


class UserPage(BaseModel):
    items: list[User]
    page: int
    size: int
    total: int


class PurgePlan(BaseModel):
    count: int
    bytes: int
    users: dict[str, int] = Field(description="images of each owner")
    purged: int
    digest: str | None = Field(description="to be echoed by the real call within an hour")


class Admin:
    """Routes under ``/api/v1/admin``."""

    def __init__(self, services: Services, images: Images) -> None:
        self._services = services
        self._library = services.library
        self._threads = services.threads
        self._images = images

    async def users(self, request: Request) -> Response:
        self._services.require_admin(request)
        wanted = query(request, UsersQuery)
        return responses.json(await self._threads.read(_users, self._library, wanted))

    async def images(self, request: Request) -> Response:
        self._services.require_admin(request)
        wanted = query(request, AdminListQuery)
        tz = await self._threads.read(days.zone, wanted.tz)
        start, end = days.span_us(wanted.from_date, wanted.to_date, tz)
        question = Query(
            wanted.user_id,
            ("active", "trash") if wanted.include else ("active",),
            keys.KINDS,
            page=wanted.page,
            size=wanted.size,
            start=start,
            end=end,
        )
        if wanted.cursor:
            question = question.after(wanted.cursor)
        page = await self._threads.read(self._library.page, question)
        return page_response(request, page, question)

    async def delete(self, request: Request) -> Response:
        owner, id = await self._found(request)
        return self._images.entry_response(
            await self._threads.write(self._library.trash, owner, id)
        )

    async def restore(self, request: Request) -> Response:
        owner, id = await self._found(request)
        return self._images.entry_response(
            await self._threads.write(self._library.restore, owner, id)
        )

    async def _found(self, request: Request) -> tuple[str, str]:
        """Whose image the path names. Raises NotFound, and Conflict if several people's."""
        self._services.require_admin(request)
        wanted, id = query(request, OwnerQuery), image_id(request)
        if wanted.user_id:
            return wanted.user_id, id
        owners = await self._threads.read(self._library.catalog.find, id)
        if not owners:
            raise NotFound("There is no such image", code="unknown_image")
        if len(owners) > 1:
            raise Conflict("Several owners have this id: name one", code="ambiguous")
        return owners[0], id

    async def purge_trash(self, request: Request) -> Response:
        """In two phases: a dry run gives a digest of just what would go, and the real call
        echoes it; if anything has changed in between, nothing is purged."""
        self._services.require_admin(request)
        dry_run = query(request, PurgeQuery).dry_run
        wanted = await body(request, PurgeTrash, required=False)
        found = await self._threads.read(self._plan, wanted)
        signer = self._services.identity.signer("purge")
        if dry_run:
            return responses.json(_as_json(found, purged=0, digest=signed(found, signer)))
        if wanted.digest is None:
            raise Conflict("Ask with dry_run=1 first, and send its digest", code="digest_missing")
        verified(found, wanted.digest, signer)
        purged = await self._threads.write(found.carry_out, self._library)
        return responses.json(_as_json(found, purged=purged, digest=None))

    def _plan(self, wanted: PurgeTrash) -> Plan:
        before = self._library.clock() - wanted.older_than_days * DAY_US
        return plan(self._library, before=before, owner=wanted.user_id)

    def operations(self) -> list[Operation]:
        one = "/api/v1/admin/images/{id}"
        operations = [
            Operation("GET", "/api/v1/admin/users", self.users, "Owners, with counts and bytes",
                      query=UsersQuery, answer=UserPage),
            Operation("GET", "/api/v1/admin/images", self.images, "Images of one or all owners",
                      query=AdminListQuery, answer=ImagePage, statuses=(304,)),
            Operation("POST", f"{one}/delete", self.delete, "Move an image to the trash",
                      query=OwnerQuery, answer=Image, errors=(NotFound, Conflict)),
            Operation("POST", f"{one}/restore", self.restore, "Take an image out of the trash",
                      query=OwnerQuery, answer=Image, errors=(NotFound, Conflict)),
            Operation("POST", "/api/v1/admin/purge-trash", self.purge_trash,
                      "Purge trash: first with dry_run=1, then with its digest",
                      query=PurgeQuery, body=PurgeTrash, body_required=False,
                      answer=PurgePlan, errors=(Conflict,)),
        ]  # fmt: skip
        return [replace(operation, security="admin") for operation in operations]


def _users(library: Library, wanted: UsersQuery) -> dict[str, object]:
    """In the order of their names only those of the page are looked at, else all. Who has no
    images has no dates, and comes last."""
    part = wanted.name.lower()
    owners = [owner for owner in library.catalog.owners() if part in owner]
    page = slice((wanted.page - 1) * wanted.size, wanted.page * wanted.size)
    is_falling = wanted.order == "desc"
    if wanted.sort == "user_id":
        found = _with_totals(library, sorted(owners, reverse=is_falling)[page])
    else:
        figure = attrgetter(wanted.sort)
        found = _with_totals(library, owners)
        none = [user for user in found if figure(user[1]) is None]
        found = [user for user in found if figure(user[1]) is not None]
        found.sort(key=lambda user: figure(user[1]), reverse=is_falling)
        found = [*found, *none][page]
    items = [_user(owner, whole) for owner, whole in found]
    return {"items": items, "page": wanted.page, "size": wanted.size, "total": len(owners)}


def _with_totals(library: Library, owners: list[str]) -> list[tuple[str, Totals]]:
    totals = library.catalog.totals
    return [(owner, sum(totals(owner).values(), Totals())) for owner in owners]


def _user(owner: str, whole: Totals) -> dict[str, object]:
    return {
        "user_id": owner,
        "active": whole.active,
        "trash": whole.trash,
        "bytes": whole.bytes,
        "first": whole.first and to_text(whole.first),
        "last": whole.last and to_text(whole.last),
    }


def _as_json(found: Plan, *, purged: int, digest: str | None) -> dict[str, object]:
    return {
        "count": len(found.items),
        "bytes": found.bytes,
        "users": found.by_owner(),
        "purged": purged,
        "digest": digest,
    }
