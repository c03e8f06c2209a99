"""Sites in this process, where blocking the event loop is an error, and real servers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from blockbuster import BlockBuster, BlockBusterFunction

from tests import services
from tests.http.site import Site

_MISSED = [(os, name) for name in ("open", "pread", "fsync", "fdatasync", "unlink", "mkdir")]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True, scope="package")
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither the developer's environment nor their ``.env`` is read."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in [name for name in os.environ if name.startswith("GALLERY_")]:
            monkeypatch.delenv(name)
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        yield


@pytest.fixture(autouse=True)
def never_blocking() -> Iterator[None]:
    """A call from the gallery that blocks the event loop raises, and so fails its request."""
    buster = BlockBuster("gallery")
    for module, name in [*_MISSED, (fcntl, "flock")]:
        buster.functions[f"{module.__name__}.{name}"] = BlockBusterFunction(
            module, name, scanned_modules="gallery"
        )
    for wrapped in buster.functions.values():
        wrapped.can_block_in("gallery/threads.py", "close")  # when nothing else runs any more
    buster.activate()
    yield
    buster.deactivate()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with Site(tmp_path).running() as site:
        yield site


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One site for the tests of a module, which each have visitors of their own."""
    async with Site(tmp_path_factory.mktemp("shared")).running() as site:
        yield site


@pytest.fixture(scope="module", params=["files", "s3"])
async def on_each(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """Like ``shared``, with the blobs in one store after the other."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "files":
        async with Site(folder).running() as site:
            yield site
        return
    store = services.s3()
    with store.reached():
        async with Site(folder, store=store).running() as site:
            yield site


@pytest.fixture
async def visitor(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a cookie."""
    async with site.client() as client:
        await client.get("/api/v1/me")
        yield client


@pytest.fixture
async def stranger(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody else with a cookie."""
    async with site.client() as client:
        await client.get("/api/v1/me")
        yield client


@pytest.fixture
async def admin(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.admin() as client:
        yield client


@pytest.fixture
async def service(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.service() as client:
        yield client
