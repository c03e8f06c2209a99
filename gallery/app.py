"""The composition root: settings become stores, a library, routes and what works behind them."""

from __future__ import annotations

import logging
import os
import time

from starlette.types import Receive, Scope, Send

from gallery import backends, responses
from gallery.api import problems
from gallery.api.outputs import Bytes
from gallery.api.redirects import Redirects
from gallery.api.routing import Routing
from gallery.api.services import Services
from gallery.background import Background
from gallery.blobs.abilities import Remote
from gallery.dwelling import Dwelling
from gallery.errors import GalleryError
from gallery.events import Events
from gallery.identity import Identity, signing_keys
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.lifespan import lived
from gallery.links import Links
from gallery.metrics import Metrics
from gallery.quota import Quota
from gallery.settings import Settings
from gallery.threads import Threads

log = logging.getLogger(__name__)

_DECODER_BYTES_A_PIXEL = 18


class App:
    """The ASGI application of one library. Errors become problems here, whichever way a
    request takes."""

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
        self.imaging = imaging or _imaging(settings)
        self.library = self._library(server)
        self.identity = self._identity()
        self.threads = Threads()
        self.events = Events(self.library, self.threads)
        links = self._links()
        self.bytes = self._bytes(links)
        self.metrics = Metrics(str(settings.outputs), self.library.catalog.notes, self.events.count)
        services = Services(
            settings, self.library, self.identity, self.imaging, self.threads, links
        )
        self.routing = Routing(services, self.bytes, self.events, self.metrics)
        self.background = Background(settings, self.library, self.imaging)

    # -- its parts ------------------------------------------------------------------------

    def _library(self, server: str) -> Library:
        settings, dwelling = self.settings, self.dwelling
        blobs, catalog = backends.stores(settings, dwelling.has_moved, server)
        dwelling.has_note_in(catalog)
        library = Library(
            blobs,
            catalog,
            quota=Quota(settings.quota_bytes, settings.quota_count),
            retention_days=settings.retention_days,
            imaging=self.imaging,
        )
        library.has_moved = dwelling.has_left
        return library

    def _identity(self) -> Identity:
        settings, library = self.settings, self.library
        return Identity(
            lambda: list(settings.secret) or signing_keys(library.blobs, library.catalog),
            admin_token=settings.admin_token,
            service_token=settings.service_token,
            public_origin=settings.public_origin,
            clock=time.time,
        )

    def _links(self) -> Links | None:
        """None where the server sends all bytes itself."""
        source = backends.linked(self.settings, self.library.blobs)
        if source is None:
            return None
        return Links(source, self.library.thumbnails, memory_bytes=self._share())

    def _bytes(self, links: Links | None) -> Bytes:
        library, threads, share = self.library, self.threads, self._share()
        return Bytes(
            library,
            self.identity,
            threads,
            memory_bytes=share if links else 3 * share,
            accel_prefix=self.settings.accel_prefix,
            redirects=Redirects(library, links, threads, memory_bytes=share) if links else None,
        )

    def _share(self) -> int:
        """An eighth of the memory: the bytes and their links have three."""
        return self.settings.memory_bytes // 8

    # -- a request ------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lived(self, receive, send)
            return
        began = time.perf_counter()
        hot, route = self.routing.hot(scope)
        status = 500
        try:
            if not self.identity.is_open:
                await self.threads.read(self._open_identity)
            if hot is not None:
                status = await hot(scope, send)
            else:
                status = await self.routing(scope, receive, send)
        except GalleryError as error:
            status = error.status
            refused = problems.refused(scope["method"], scope["path"], error)
            await refused(scope, receive, send)
        except Exception:
            if hot is not None:  # the router has answered for its own
                await responses.problem(GalleryError())(scope, receive, send)
            raise
        finally:
            if hot is None:
                route = scope.get("operation", "other")
            self.metrics.requests[scope["method"], route, status] += 1
            self.metrics.seconds[route] += time.perf_counter() - began

    # -- starting and stopping ------------------------------------------------------------

    def start(self) -> None:
        """Opens the stores, and starts the decoders and the jobs. Raises StartRefused."""
        self.open()
        self.imaging.start()
        self.background.start()

    def open(self, *, recover: bool = True) -> None:
        """Opens the stores; from then on requests are answered. Raises StartRefused."""
        self.library.start(recover=recover)
        self.dwelling.begin()
        self.library.catalog.listen(self.bytes.forget)
        self.events.start()
        self._open_identity()

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
        self.background.stop()
        self.imaging.close()
        self.library.close()


def _imaging(settings: Settings) -> Imaging:
    cores = len(os.sched_getaffinity(0))
    return Imaging(
        workers=settings.decoders or max(1, cores // settings.workers),
        max_pixels=settings.max_pixels,
        memory_bytes=max(1 << 29, settings.max_pixels * _DECODER_BYTES_A_PIXEL),
    )
