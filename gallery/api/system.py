"""The routes beside the images: the page, health, metrics, and the OpenAPI document."""

from __future__ import annotations

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gallery import responses
from gallery.api import openapi
from gallery.api.application import Application
from gallery.api.operation import Operation
from gallery.api.services import Services
from gallery.errors import Unavailable
from gallery.metrics import Metrics


class Health(BaseModel):
    status: str


class System:
    """Routes that any visitor or monitor may ask."""

    def __init__(self, services: Services, metrics: Metrics, application: Application) -> None:
        self._services = services
        self._metrics = metrics
        self._application = application
        self._document = b""

    def describe(self, operations: list[Operation]) -> None:
        """Makes the OpenAPI document of all routes."""
        self._document = orjson.dumps(openapi.document(operations))

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
                      answer=Health, security="none"),
            Operation("GET", "/readyz", self.readyz, "Whether the storage is there",
                      answer=Health, errors=(Unavailable,), security="none"),
            Operation("GET", "/metrics", self.metrics, "Prometheus metrics", media="text/plain",
                      security="none"),
            Operation("GET", "/openapi.json", self.document, "This document", security="none"),
            Operation("GET", "/", self._application.page, "The application", media="text/html"),
        ]  # fmt: skip
