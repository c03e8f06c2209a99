"""Servers that a network is before, and who visits them while it fails."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.homes import Far
from tests.http.fleet import until
from tests.http.server import Server


@pytest.fixture(autouse=True)
def never_blocking() -> None:
    """There is no event loop of ours here."""


@pytest.fixture(scope="module")
def server(far: Far) -> Iterator[Server]:
    with far.served() as server:
        yield server
        assert "Traceback" not in server.logged()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A visitor, of a server that has got over the fault before."""
    with server.client() as client:
        until(lambda: client.get("/readyz").status_code == 200)
        client.get("/api/v1/me")
        yield client
