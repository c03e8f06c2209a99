"""Sites in this process, where blocking the event loop is an error, and real servers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from types import ModuleType

import httpx
import psycopg
import pytest
from blockbuster import BlockBuster, BlockBusterFunction

from tests import homes, services
from tests.homes import Far, Home
from tests.http.site import Site
from tests.services.s3 import Store

_MISSED: list[tuple[ModuleType | type, str]] = [
    *((os, name) for name in ("open", "pread", "fsync", "fdatasync", "unlink", "mkdir")),
    (fcntl, "flock"),
    (psycopg.Connection, "wait"),
]


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
    for where, name in _MISSED:
        buster.functions[f"{where.__name__}.{name}"] = BlockBusterFunction(
            where, name, scanned_modules="gallery"
        )
    for wrapped in buster.functions.values():
        wrapped.can_block_in("gallery/threads.py", "close")  # when nothing else runs any more
    buster.activate()
    yield
    buster.deactivate()


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    """A bucket and a database that a network is before, for all tests of a module."""
    with homes.far(tmp_path_factory.mktemp("far")) as far:
        yield far


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with home.site().running() as site:
        yield site


@pytest.fixture(scope="module")
async def shared(shared_home: Home) -> AsyncIterator[Site]:
    """One site for the tests of a module, which each have visitors of their own."""
    async with shared_home.site().running() as site:
        yield site


@pytest.fixture(scope="module")
def shared_store() -> Store:
    """A bucket for the tests of a module."""
    return services.s3()


@pytest.fixture(scope="module")
async def signed(
    shared_store: Store, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """A site on that bucket, which sends visitors there."""
    folder = tmp_path_factory.mktemp("signed")
    with shared_store.reached():
        async with Site(folder, store=shared_store, delivery="presigned").running() as site:
            yield site


@pytest.fixture
async def plain() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody whom neither the gallery nor the store knows."""
    async with httpx.AsyncClient() as client:
        yield client


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
