"""Recovery links: made, listed and revoked by their owner, and used in another browser."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from gallery import keys, responses
from gallery.api.fields import Body, Id
from gallery.api.operation import Operation, body
from gallery.api.services import Services, set_cookie
from gallery.errors import Conflict, Forbidden, NotFound, StorageFull
from gallery.recovery import MAX_NAME, MOST, Recovery, unknown
from gallery.totals import Totals

_LINKS = "/api/v1/me/links"
_PRIVATE = {"cache-control": "no-store"}


class NewLink(Body):
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME)] | None = (
        Field(None, description="to know it by")
    )


class Recover(Body):
    token: Annotated[str, StringConstraints(max_length=200)] = Field(
        description="what the link's fragment says"
    )
    confirm: bool = Field(False, description="true: sign this browser in")


class RecoveryLink(BaseModel):
    id: Id
    name: str | None
    made_at: str
    used_at: str | None = Field(description="when it last signed a browser in")


class LinkList(BaseModel):
    links: list[RecoveryLink] = Field(description="oldest first")
    most: int = Field(description="how many there may be")


class MadeLink(RecoveryLink):
    url: str = Field(description="the link, which is said this once")


class Gallery(BaseModel):
    owner: str
    count: int = Field(description="images, with the trash")
    bytes: int


class PresentGallery(Gallery):
    links: int = Field(description="how many lead back to it")


class Recovered(Gallery):
    """The gallery that a link is of."""

    present: PresentGallery | None = Field(description="of the cookie that came along")
    signed_in: bool


class RecoveryRoutes:
    """Routes under ``/api/v1/me``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._threads = services.threads
        self._catalog = services.library.catalog
        self._recovery = Recovery(services.library)

    async def make(self, request: Request) -> Response:
        """The token stands in the fragment, which no browser sends to any server."""
        wanted = await body(request, NewLink, required=False)
        owner, name = self._services.owner_or_nobody(request), wanted.name or None
        link, token = await self._threads.write(self._recovery.make, owner, name)
        url = f"{self._services.origin(request)}/#recover={token}"
        return responses.json(link.as_json() | {"url": url}, 201, _PRIVATE)

    async def shown(self, request: Request) -> Response:
        owner = self._services.owner_or_nobody(request)
        found = await self._threads.fetch(self._recovery.links, owner)
        answer = {"links": [link.as_json() for link in found], "most": MOST}
        return responses.json(answer, headers=_PRIVATE)

    async def revoke(self, request: Request) -> Response:
        owner, id = self._services.owner_or_nobody(request), request.path_params["id"]
        if not keys.is_id(id):
            raise unknown()
        await self._threads.write(self._recovery.revoke, owner, id)
        return Response(status_code=204)

    async def recover(self, request: Request) -> Response:
        """Says first what the browser would be and what it is: somebody may have been sent a
        link by whom they would rather not share a gallery with."""
        wanted = await body(request, Recover)
        owner = await self._threads.fetch(self._recovery.owner_of, wanted.token)
        visitor = self._services.visitor(request)
        answer = await self._threads.read(self._whole, owner)
        answer["present"] = visitor and await self._present(visitor.owner)
        answer["signed_in"] = wanted.confirm
        cookie = None
        if wanted.confirm:
            await self._threads.write(self._recovery.use, wanted.token)
            secure = self._services.is_secure(request)
            cookie = self._services.identity.cookie(owner, secure=secure)
        return set_cookie(responses.json(answer, headers=_PRIVATE), cookie)

    async def _present(self, owner: str) -> dict[str, object]:
        links = await self._threads.fetch(self._recovery.links, owner)
        return await self._threads.read(self._whole, owner) | {"links": len(links)}

    def _whole(self, owner: str) -> dict[str, object]:
        whole = sum(self._catalog.totals(owner).values(), Totals())
        return {"owner": owner, "count": whole.active + whole.trash, "bytes": whole.bytes}

    def operations(self) -> list[Operation]:
        return [
            Operation("GET", _LINKS, self.shown, "Links that lead back to this gallery",
                      answer=LinkList),
            Operation("POST", _LINKS, self.make, "Make such a link", body=NewLink,
                      body_required=False, answer=MadeLink, status=201,
                      errors=(Conflict, StorageFull)),
            Operation("DELETE", f"{_LINKS}/{{id}}", self.revoke, "Revoke one", status=204,
                      errors=(StorageFull,)),
            Operation("POST", "/api/v1/me/recover", self.recover,
                      "Become the owner that a link is of", body=Recover,
                      answer=Recovered, errors=(NotFound, Forbidden, StorageFull)),
        ]  # fmt: skip
