"""The routes beside the images: the page, health, metrics, and the OpenAPI document."""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gallery import responses
from gallery.api import models, openapi
from gallery.api.operation import Operation
from gallery.api.services import Services, set_cookie
from gallery.errors import NotFound, Unavailable
from gallery.metrics import Metrics

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_CSP = (
    "default-src 'self'; img-src 'self' blob: data:{elsewhere}; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class System:
    """Routes that any visitor or monitor may ask. ``pages`` are read once."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics
        self._pages = {
            entry.name: entry.read_bytes()
            for entry in files("gallery").joinpath("web").iterdir()
            if entry.name.rpartition(".")[2] in _TYPES
        }
        self._document = b""

    def describe(self, operations: list[Operation]) -> None:
        """Makes the OpenAPI document of all routes."""
        self._document = orjson.dumps(openapi.document(operations))

    async def page(self, request: Request) -> Response:
        """The application, with an identity for who has none."""
        _, cookie = self._services.identify(request)
        return set_cookie(await self._file("index.html"), cookie)

    async def static(self, request: Request) -> Response:
        return await self._file(request.path_params["name"])

    async def _elsewhere(self) -> str:
        """From where images may come, beside here."""
        links = self._services.links
        with suppress(Unavailable):
            if links is not None:
                return f" {await self._services.threads.read(links.origin)}"
        return ""

    async def _file(self, name: str) -> Response:
        body = self._pages.get(name)
        if body is None:
            raise NotFound("There is no such file")
        headers = {
            "cache-control": "no-cache",
            "content-security-policy": _CSP.format(elsewhere=await self._elsewhere()),
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        }
        return Response(body, 200, headers, _TYPES[name.rpartition(".")[2]])

    async def document(self, request: Request) -> Response:  # noqa: ARG002 - the same for all
        return responses.json(self._document)

    async def healthz(self, request: Request) -> Response:  # noqa: ARG002 - the same for all
        return responses.json({"status": "ok"})

    async def readyz(self, request: Request) -> Response:  # noqa: ARG002 - the same for all
        await self._services.threads.fetch(self._check)
        return responses.json({"status": "ok"})

    def _check(self) -> None:
        self._services.library.blobs.check()
        self._services.library.catalog.check()

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002 - the same for all
        text = await self._services.threads.read(self._metrics.text)
        return Response(text, 200, media_type="text/plain; version=0.0.4")

    def operations(self) -> list[Operation]:
        return [
            Operation("GET", "/healthz", self.healthz, "Whether the process runs",
                      answer=models.Health, security="none"),
            Operation("GET", "/readyz", self.readyz, "Whether the storage is there",
                      answer=models.Health, errors=(Unavailable,), security="none"),
            Operation("GET", "/metrics", self.metrics, "Prometheus metrics", media="text/plain",
                      security="none"),
            Operation("GET", "/openapi.json", self.document, "This document", security="none"),
            Operation("GET", "/", self.page, "The application", media="text/html"),
        ]  # fmt: skip
