"""From a path to who answers it: the table of all routes, and the way through it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route, request_response
from starlette.types import Message, Receive, Scope, Send

from gallery.api import problems
from gallery.api.admin import Admin
from gallery.api.answers import ImagePage
from gallery.api.application import Application
from gallery.api.bulk import BulkChanges
from gallery.api.direct import Direct
from gallery.api.drawers import Drawer
from gallery.api.events import EventRoutes
from gallery.api.filters import ListQuery
from gallery.api.images import Images
from gallery.api.intake import Intake
from gallery.api.operation import Endpoint, Operation
from gallery.api.outputs import Bytes
from gallery.api.overview import Overview
from gallery.api.recovery import RecoveryRoutes
from gallery.api.services import Services
from gallery.api.state import State
from gallery.api.system import System
from gallery.api.uploads import Into, Uploads
from gallery.errors import GalleryError, NotFound, Unauthorized
from gallery.events import Events
from gallery.metrics import Metrics

_LIST, _BYTES = "/api/v1/images", "/outputs/{key}"
_SAFE = ("GET", "HEAD", "OPTIONS")
Hot = Callable[[Scope, Send], Awaitable[int]]
"""Answers by itself, and gives the status."""


class Routing:
    """The two hottest routes are found before any router looks; everything else goes through
    Starlette's."""

    def __init__(self, services: Services, bytes: Bytes, events: Events, metrics: Metrics) -> None:
        images = Images(services)
        application = Application(services)
        system = System(services, metrics, application)
        self._identity = services.identity
        self._list: Hot = images.list_page
        self._bytes: Hot = bytes
        self.operations = [
            *_operations(services, images, bytes),
            *EventRoutes(services, events).operations(),
            *system.operations(),
        ]
        system.describe(self.operations)
        self._rest = Starlette(
            routes=[*_routes(self.operations), *application.routes()],
            exception_handlers={
                HTTPException: _unrouted,
                GalleryError: _refused,
                Exception: problems.crashed,
            },
        )
        self._rest.router.redirect_slashes = False
        self._rest.router.default = request_response(application.unknown)

    def hot(self, scope: Scope) -> tuple[Hot | None, str]:
        """Who answers one of the hottest, if this is one, and the name of that route."""
        path: str = scope["path"]
        if scope["method"] in ("GET", "HEAD"):
            if path == _LIST:
                return self._list, _LIST
            if path.startswith("/outputs/"):
                return self._bytes, _BYTES
        return None, ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Any other; gives the status. The name of the route stands in the scope then."""
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if scope["method"] not in _SAFE:
            self._identity.check_origin(scope["headers"])
        await self._rest(scope, receive, noted)
        return status


# -- the table ----------------------------------------------------------------------------


def _operations(services: Services, images: Images, bytes: Bytes) -> list[Operation]:
    intake = Intake(services, images)
    uploads = Uploads(services, intake)
    served = Operation(
        "GET", "/outputs/{key:path}", _adapted(bytes), "The bytes of an image or thumbnail",
        media="image/*", statuses=(206, 302, 304, 416), errors=(NotFound, Unauthorized),
    )  # fmt: skip
    listed = Operation(
        "GET", _LIST, _adapted(images.list_page), "Images, newest first",
        query=ListQuery, answer=ImagePage, statuses=(304,),
    )  # fmt: skip
    return [
        listed,
        Into(uploads, "output").operation(_LIST, "Upload an image"),
        *BulkChanges(services).operations(),
        *images.operations(),
        *Overview(services).operations(),
        *Drawer(services, images, uploads, "input").operations(),
        *Drawer(services, images, uploads, "control").operations(),
        *Direct(services, intake).operations(),
        *RecoveryRoutes(services).operations(),
        *Admin(services, images).operations(),
        *State(services).operations(),
        served,
    ]


def _adapted(hot: Hot) -> Endpoint:
    """A hot route as an endpoint: for documents and Allow headers. Requests never come
    this way."""

    async def endpoint(request: Request) -> Response:
        raise NotFound(request.url.path)

    endpoint.__doc__ = hot.__doc__
    return endpoint


# -- through the router -------------------------------------------------------------------


def _routes(operations: list[Operation]) -> list[Route]:
    """One route a path, so that a wrong method is told all the right ones."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation

    def route(path: str, methods: dict[str, Operation]) -> Route:
        async def endpoint(request: Request) -> Response:
            request.scope["operation"] = path
            method = "GET" if request.method == "HEAD" else request.method
            return await methods[method].endpoint(request)

        return _Owned(path, endpoint, methods=list(methods))

    return [route(path, methods) for path, methods in by_path.items()]


class _Owned(Route):
    """A path is the first route's that it fits, whatever the method: ``images/bulk`` is not
    asked of ``images/{id}`` as well."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), child


async def _unrouted(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    return problems.unrouted(error)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, GalleryError)  # noqa: S101 - as registered
    return problems.refused(request.method, request.url.path, error)
