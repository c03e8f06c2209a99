"""What administrators do, with their token: see all, trash, restore, purge."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from starlette.requests import Request
from starlette.responses import Response

from gallery import keys, responses
from gallery.api import days, models
from gallery.api.images import Images, image_id
from gallery.api.operation import Operation, body, query
from gallery.api.pages import page_response
from gallery.api.services import Services
from gallery.catalog.query import Query
from gallery.draft import DAY_US
from gallery.errors import Conflict, Forbidden, NotFound, Unauthorized
from gallery.library import Library
from gallery.purge import Plan, plan, signed, verified
from gallery.records import Totals, to_text

_ERRORS = (Unauthorized, Forbidden)


class Admin:
    """Routes under ``/api/v1/admin``."""

    def __init__(self, services: Services, images: Images) -> None:
        self._services = services
        self._library = services.library
        self._threads = services.threads
        self._images = images

    def _require(self, request: Request) -> None:
        self._services.identity.require(request.scope["headers"], "admin")

    async def users(self, request: Request) -> Response:
        self._require(request)
        wanted = query(request, models.UsersQuery)
        return responses.json(await self._threads.read(_users, self._library, wanted))

    async def images(self, request: Request) -> Response:
        self._require(request)
        wanted = query(request, models.AdminListQuery)
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
        self._require(request)
        wanted, id = query(request, models.OwnerQuery), image_id(request)
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
        self._require(request)
        dry_run = query(request, models.PurgeQuery).dry_run
        wanted = await body(request, models.PurgeTrash, required=False)
        found = await self._threads.read(self._plan, wanted)
        signer = self._services.identity.signer("purge")
        if dry_run:
            return responses.json(_as_json(found, purged=0, digest=signed(found, signer)))
        if wanted.digest is None:
            raise Conflict("Ask with dry_run=1 first, and send its digest", code="digest_missing")
        verified(found, wanted.digest, signer)
        purged = await self._threads.write(found.carry_out, self._library)
        return responses.json(_as_json(found, purged=purged, digest=None))

    def _plan(self, wanted: models.PurgeTrash) -> Plan:
        before = self._library.clock() - wanted.older_than_days * DAY_US
        return plan(self._library, before=before, owner=wanted.user_id)

    def operations(self) -> list[Operation]:
        one, image = "/api/v1/admin/images/{id}", models.Image
        operations = [
            Operation("GET", "/api/v1/admin/users", self.users, "Owners, with counts and bytes",
                      query=models.UsersQuery, answer=models.UserPage, errors=_ERRORS),
            Operation("GET", "/api/v1/admin/images", self.images, "Images of one or all owners",
                      query=models.AdminListQuery, answer=models.ImagePage, statuses=(304,),
                      errors=_ERRORS),
            Operation("POST", f"{one}/delete", self.delete, "Move an image to the trash",
                      query=models.OwnerQuery, answer=image,
                      errors=(*_ERRORS, NotFound, Conflict)),
            Operation("POST", f"{one}/restore", self.restore, "Take an image out of the trash",
                      query=models.OwnerQuery, answer=image,
                      errors=(*_ERRORS, NotFound, Conflict)),
            Operation("POST", "/api/v1/admin/purge-trash", self.purge_trash,
                      "Purge trash: first with dry_run=1, then with its digest",
                      query=models.PurgeQuery, body=models.PurgeTrash, body_required=False,
                      answer=models.PurgePlan, errors=(*_ERRORS, Conflict)),
        ]  # fmt: skip
        return [replace(operation, security="admin") for operation in operations]


def _users(library: Library, wanted: models.UsersQuery) -> dict[str, object]:
    """In the order of their names only those of the page are looked at, else all."""
    part = wanted.name.lower()
    owners = [owner for owner in library.catalog.owners() if part in owner]
    page = slice((wanted.page - 1) * wanted.size, wanted.page * wanted.size)
    is_falling = wanted.order == "desc"
    if wanted.sort == "user_id":
        found = _with_totals(library, sorted(owners, reverse=is_falling)[page])
    else:
        figure = attrgetter(wanted.sort)
        found = _with_totals(library, owners)
        found.sort(key=lambda user: figure(user[1]) or 0, reverse=is_falling)
        found = found[page]
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
