"""The composition root: settings become stores, a library, routes and a lifespan."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gallery import backends, responses
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
from gallery.api.redirects import Redirects
from gallery.api.services import Services
from gallery.api.state import State
from gallery.api.system import System
from gallery.api.uploads import Into, Uploads
from gallery.blobs.abilities import LocalFiles, Remote
from gallery.clock import ClockGuard
from gallery.dwelling import Dwelling
from gallery.errors import GalleryError, NotFound, StartRefused, Unauthorized
from gallery.events import Events
from gallery.identity import Identity, signing_keys
from gallery.imaging import Imaging
from gallery.jobs import Jobs
from gallery.library import Library
from gallery.links import Links
from gallery.looks import Looks
from gallery.metrics import Metrics
from gallery.quota import Quota
from gallery.reconcile import Reconciler
from gallery.scrub import Scrubbing, scrubbing
from gallery.settings import Settings
from gallery.threads import Threads
from gallery.watcher import Watcher

log = logging.getLogger(__name__)

_DECODER_BYTES_A_PIXEL = 18
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_SAFE = ("GET", "HEAD", "OPTIONS")
Hot = Callable[[Scope, Send], Awaitable[int]]


class App:
    """The ASGI application of one library.

    The two hottest routes are found before any router looks; everything else goes through
    Starlette's. Errors become problems here, for both.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        imaging: Imaging | None = None,
        dwelling: Dwelling | None = None,
        server: str = "",
    ) -> None:
        self.settings = settings
        self.dwelling = dwelling or Dwelling(settings)
        blobs, catalog = backends.stores(settings, self.dwelling.has_moved, server)
        self.dwelling.has_note_in(catalog)
        quota = Quota(settings.quota_bytes, settings.quota_count)
        cores = len(os.sched_getaffinity(0))
        self.imaging = imaging or Imaging(
            workers=settings.decoders or max(1, cores // settings.workers),
            max_pixels=settings.max_pixels,
            memory_bytes=max(1 << 29, settings.max_pixels * _DECODER_BYTES_A_PIXEL),
        )
        self.library = Library(
            blobs,
            catalog,
            quota=quota,
            retention_days=settings.retention_days,
            imaging=self.imaging,
        )
        self.library.has_moved = self.dwelling.has_left
        self.identity = Identity(
            lambda: list(settings.secret) or signing_keys(blobs, catalog),
            admin_token=settings.admin_token,
            service_token=settings.service_token,
            public_origin=settings.public_origin,
            clock=time.time,
        )
        self.threads = Threads()
        self.events = Events(self.library, self.threads)
        self.metrics = Metrics(str(settings.outputs), catalog.notes, self.events.count)
        share = settings.memory_bytes // 8
        source = backends.linked(settings, blobs)
        links = Links(source, self.library.thumbnails, memory_bytes=share) if source else None
        services = Services(
            settings, self.library, self.identity, self.imaging, self.threads, links
        )
        self.bytes = Bytes(
            self.library,
            self.identity,
            self.threads,
            memory_bytes=share if links else 3 * share,
            accel_prefix=settings.accel_prefix,
            redirects=(
                Redirects(self.library, links, self.threads, memory_bytes=share) if links else None
            ),
        )
        self._jobs, self._scrubbing = self._work()
        self._is_working = self._has_worked = False
        self._route(services)

    def _route(self, services: Services) -> None:
        images = Images(services)
        self._hot_paths: dict[str, Hot] = {"/api/v1/images": images.list_page}
        application = Application(services)
        system = System(services, self.metrics, application)
        self.operations = [
            *_operations(services, images, self.bytes),
            *EventRoutes(services, self.events).operations(),
            *system.operations(),
        ]
        system.describe(self.operations)
        rest = Starlette(
            routes=[*_routes(self.operations), *application.routes()],
            exception_handlers={
                HTTPException: _http_problem,
                GalleryError: _gallery_problem,
                Exception: _crash,
            },
        )
        rest.router.redirect_slashes = False
        self._rest: ASGIApp = rest

    # -- a request ------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lived(self, receive, send)
            return
        began = time.perf_counter()
        route, status = scope["path"], 500
        hot = self._hot_paths.get(route)
        if hot is None and route.startswith("/outputs/"):
            hot, route = self.bytes, "/outputs/{key}"
        if scope["method"] not in ("GET", "HEAD"):
            hot = None
        try:
            if not self.identity.is_open:
                await self.threads.read(self._open_identity)
            if hot is not None:
                status = await hot(scope, send)
            else:
                status = await self._routed(scope, receive, send)
        except GalleryError as error:
            status = error.status
            if status >= 500:
                log.warning("%s %s: %d %s", scope["method"], scope["path"], status, error)
            await responses.problem(error)(scope, receive, send)
        except Exception:
            if hot is not None:  # the router has answered for its own
                await responses.problem(GalleryError())(scope, receive, send)
            raise
        finally:
            if hot is None:
                route = scope.get("operation", "other")
            self.metrics.requests[scope["method"], route, status] += 1
            self.metrics.seconds[route] += time.perf_counter() - began

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Through the router; gives the status."""
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if scope["method"] not in _SAFE:
            self.identity.check_origin(scope["headers"])
        await self._rest(scope, receive, noted)
        return status

    # -- starting and stopping ------------------------------------------------------------

    def start(self) -> None:
        """Opens the stores, and starts the decoders and the jobs. Raises StartRefused."""
        self.open()
        self.imaging.start()
        self.work()

    def open(self, *, recover: bool = True) -> None:
        """Opens the stores; from then on requests are answered. Raises StartRefused."""
        self.library.start(recover=recover)
        self.dwelling.begin()
        self.library.catalog.listen(self.bytes.forget)
        self.events.start()
        self._open_identity()

    def _work(self) -> tuple[Jobs, Scrubbing | None]:
        """The jobs, with the watcher, and the scrub: each can be started once."""
        settings, blobs = self.settings, self.library.blobs
        reconciler = Reconciler(self.library, self.imaging, max_bytes=settings.max_upload_bytes)
        cores = len(os.sched_getaffinity(0))
        looks = Looks(reconciler.look, threads=(settings.decoders or cores) + 2)
        jobs = Jobs(
            self.library,
            reconciler,
            ClockGuard(self.library.catalog.notes),
            walk_seconds=settings.walk_minutes * 60,
            looks=looks,
            watcher=Watcher(blobs, looks) if isinstance(blobs, LocalFiles) else None,
        )
        return jobs, scrubbing(self.library, settings.scrub_mib)

    def work(self) -> None:
        """Starts what goes on in the background."""
        if self._has_worked:
            self._jobs, self._scrubbing = self._work()
        self._is_working = self._has_worked = True
        self._jobs.start()
        if self._scrubbing:
            self._scrubbing.start()

    def rest(self) -> None:
        """Stops it, and returns when it has; it can be started again."""
        if not self._is_working:
            return
        if self._scrubbing:
            self._scrubbing.stop()
        self._jobs.stop()
        self._is_working = False

    def _open_identity(self) -> None:
        """While the volume that holds the keys is away, requests that need them are told."""
        try:
            self.identity.open()
        except GalleryError as error:
            log.warning("no keys to sign cookies with: %s", error)

    def drain(self) -> None:
        """On the event loop, when the server is told to stop: event streams end, and nobody is
        kept waiting for a store that says nothing."""
        self.events.close()
        if isinstance(self.library.blobs, Remote):
            self.library.blobs.hurry()

    def stop(self) -> None:
        """Waits for what is under way, and closes the stores."""
        self.rest()
        self.imaging.close()
        self.library.close()


class Living(Protocol):
    """What a server process starts and stops."""

    threads: Threads

    def start(self) -> None: ...
    def drain(self) -> None: ...
    def stop(self) -> None: ...


async def lived(app: Living, receive: Receive, send: Send) -> None:
    """The lifespan: refuses to start in one line, and stops when nothing is under way."""
    await receive()
    try:
        await app.threads.write(app.start)
    except StartRefused as error:
        await send({"type": "lifespan.startup.failed", "message": f"refused to start: {error}"})
        return
    with _drained(app):
        await send({"type": "lifespan.startup.complete"})
        await receive()
    app.drain()
    await app.threads.write(app.stop)
    app.threads.close()
    await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def _drained(app: Living) -> Iterator[None]:
    """The application is told when the server is told to stop. That waits for its connections
    before it ends the lifespan, and event streams would wait for the lifespan."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOPPING}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(app.drain)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _operations(services: Services, images: Images, bytes: Bytes) -> list[Operation]:
    intake = Intake(services, images)
    uploads = Uploads(services, intake)
    served = Operation(
        "GET", "/outputs/{key:path}", _adapted(bytes), "The bytes of an image or thumbnail",
        media="image/*", statuses=(206, 302, 304, 416), errors=(NotFound, Unauthorized),
    )  # fmt: skip
    listed = Operation(
        "GET", "/api/v1/images", _adapted(images.list_page), "Images, newest first",
        query=ListQuery, answer=ImagePage, statuses=(304,),
    )  # fmt: skip
    return [
        listed,
        Into(uploads, "output").operation("/api/v1/images", "Upload an image"),
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


async def _http_problem(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """What Starlette itself refuses: an unknown path or method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    names = {404: "unknown_path", 405: "method_not_allowed"}
    found = GalleryError(error.detail, code=names.get(error.status_code, "http_error"))
    found.status, found.title = error.status_code, error.detail
    response = responses.problem(found)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _gallery_problem(request: Request, error: Exception) -> Response:
    """What a route refuses, or cannot do."""
    assert isinstance(error, GalleryError)  # noqa: S101 - as registered
    if error.status >= 500:
        log.warning("%s %s: %d %s", request.method, request.url.path, error.status, error)
    return responses.problem(error)


async def _crash(request: Request, error: Exception) -> Response:
    """A fault of ours. Starlette raises it again, for the server to log it whole."""
    log.error("%s %s failed: %r", request.method, request.url.path, error)
    return responses.problem(GalleryError())
