"""The drawers: inputs and controls, under the same routes for both."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from gallery.api.answers import Image, ImagePage
from gallery.api.fields import Body, Id
from gallery.api.filters import Linking, ListQuery, Paging, to_query
from gallery.api.images import Images, image_id
from gallery.api.operation import Operation, body, query
from gallery.api.pages import page_response
from gallery.api.services import Services
from gallery.api.uploads import Into, Uploads
from gallery.errors import Forbidden, NotFound, StorageFull, TooLarge
from gallery.records import Status


class Copy(Body):
    id: Id = Field(description="any own image")


class DrawerQuery(Paging, Linking):
    status: Status = "active"


class Drawer:
    """One drawer's routes; ``kind`` is what lies in it."""

    def __init__(
        self,
        services: Services,
        images: Images,
        uploads: Uploads,
        kind: Literal["input", "control"],
    ) -> None:
        self._services = services
        self._library = services.library
        self._threads = services.threads
        self._images = images
        self._upload = Into(uploads, kind)
        self._kind: Literal["input", "control"] = kind

    async def list_page(self, request: Request) -> Response:
        wanted = query(request, DrawerQuery)
        owner = self._services.owner_or_nobody(request)
        like = ListQuery(kind=self._kind, **wanted.model_dump())
        question = to_query(like, owner)
        page = await self._threads.read(self._library.page, question)
        if wanted.links:
            page = await self._images.with_links(page)
        return page_response(request, page, question)

    async def copy(self, request: Request) -> Response:
        wanted = await body(request, Copy)
        owner = self._services.owner_or_nobody(request)
        entry = await self._threads.write(self._library.copy, owner, wanted.id, self._kind)
        response = self._images.entry_response(entry, 201)
        response.headers["location"] = f"/api/v1/images/{entry.record.id}"
        return response

    async def delete(self, request: Request) -> Response:
        owner, id = self._services.owner_or_nobody(request), image_id(request)
        entry = await self._threads.write(self._library.trash, owner, id, self._kind)
        return self._images.entry_response(entry)

    async def restore(self, request: Request) -> Response:
        owner, id = self._services.owner_or_nobody(request), image_id(request)
        entry = await self._threads.write(self._library.restore, owner, id, self._kind)
        return self._images.entry_response(entry)

    def operations(self) -> list[Operation]:
        path, kind = f"/api/v1/{self._kind}s", self._kind
        return [
            Operation("GET", path, self.list_page, f"The {kind}s, newest first",
                      query=DrawerQuery, answer=ImagePage, statuses=(304,)),
            self._upload.operation(f"{path}/upload", f"Upload an image as {kind}"),
            Operation("POST", f"{path}/copy", self.copy, f"Copy an own image as {kind}",
                      body=Copy, answer=Image, status=201,
                      errors=(NotFound, Forbidden, TooLarge, StorageFull)),
            Operation("POST", f"{path}/{{id}}/delete", self.delete, f"Move the {kind} to the trash",
                      answer=Image, errors=(NotFound, Forbidden)),
            Operation("POST", f"{path}/{{id}}/restore", self.restore,
                      f"Take the {kind} out of the trash", answer=Image,
                      errors=(NotFound, Forbidden)),
        ]  # fmt: skip
