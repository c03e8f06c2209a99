"""What many tests share: stores on a temporary folder, and the image workers."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.reconcile import Reconciler
from hatch_build import build, is_current
from tests import homes, services
from tests.conformance.stores import LIBRARY, PLENTY
from tests.homes import Apart, Home
from tests.recovery import AGAIN
from tests.samples import NOON
from tests.services.proxy import Proxy
from tests.services.s3 import Store, models_parsed_once

Open = Callable[..., ManifestCatalog]


def pytest_configure() -> None:
    # What a shell starts in the background ignores the interrupt, and so does all that is
    # started from there. Tests interrupt commands.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart() -> None:
    if missing := services.missing(os.environ.get(services.REQUIRE, "")):
        pytest.exit(f"{services.REQUIRE}: not installed: {', '.join(missing)}", returncode=4)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "s3_server" in metafunc.fixturenames:
        every = metafunc.definition.get_closest_marker("each_store")
        names = services.OBJECT_STORES if every else services.OBJECT_STORES[:1]
        metafunc.parametrize("s3_server", names, indirect=True)
    if "backend" in metafunc.fixturenames:
        backends = homes.names_for(metafunc.definition)
        metafunc.parametrize("backend", backends, indirect=True, scope="module")


@pytest.fixture(scope="session", autouse=True)
def stopped_services() -> Iterator[None]:
    with models_parsed_once():
        yield
    services.stop()


@pytest.fixture(scope="session")
def imaging() -> Iterator[Imaging]:
    imaging = Imaging(workers=2, max_pixels=1_000_000)
    imaging.start()
    yield imaging
    imaging.close()


@pytest.fixture(scope="session")
def pages() -> Path:
    """Where the pages are that were built of the sources as they are now. One of the processes
    that test builds them, the others wait."""
    web = Path(__file__).parents[1] / "gallery" / "web"
    with (web / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not is_current(web):
            build(web)
    return web / "dist"


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    return tmp_path / "manifests"


@pytest.fixture
def library(outputs: Path, manifests: Path) -> Iterator[Library]:
    """A library on files with nothing in it, at noon."""
    catalog = ManifestCatalog(str(manifests), memory_bytes=PLENTY)
    library = Library(FileBlobs(str(outputs)), catalog, clock=lambda: NOON)
    library.start()
    yield library
    library.close()


@pytest.fixture(params=homes.BACKENDS)
def library_on_each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """Such a library on files, and one on a bucket and a database."""
    with (
        homes.BACKENDS[request.param](tmp_path) as home,
        home.library(clock=lambda: NOON) as library,
    ):
        yield library


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    """An empty library in a bucket and a database."""
    with homes.apart(tmp_path) as apart:
        yield apart


@pytest.fixture(scope="module")
def backend(request: pytest.FixtureRequest) -> homes.Backend:
    return (homes.BACKENDS | homes.OTHER_STORES)[request.param]


@pytest.fixture
def home(backend: homes.Backend, tmp_path: Path) -> Iterator[Home]:
    """An empty library, on one backend after the other."""
    with backend(tmp_path) as home:
        yield home


@pytest.fixture(scope="module")
def shared_home(backend: homes.Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One for all tests of a module."""
    with backend(tmp_path_factory.mktemp("shared")) as home:
        yield home


@pytest.fixture
def walker(library: Library, imaging: Imaging) -> Reconciler:
    return Reconciler(library, imaging, settle=0, vanish=AGAIN)


@pytest.fixture
def opened(manifests: Path) -> Iterator[Open]:
    """Opens the manifests, once more each time, as another process would."""
    open_now: list[ManifestCatalog] = []

    def open_one(
        *, at: Path = manifests, memory: int = PLENTY, ring: int = 10_000
    ) -> ManifestCatalog:
        catalog = ManifestCatalog(str(at), memory_bytes=memory, ring_items=ring)
        catalog.start(LIBRARY)
        open_now.append(catalog)
        return catalog

    yield open_one
    for catalog in open_now:
        catalog.close()


@pytest.fixture
def s3_server(request: pytest.FixtureRequest) -> str:
    """The name of an S3 server: Swift, and for tests with the mark ``each_store`` the others."""
    return str(request.param)


@pytest.fixture
def store(s3_server: str) -> Store:
    """A bucket of its own, in a real S3 server."""
    return services.s3(s3_server)


@pytest.fixture
def proxy(store: Store) -> Iterator[Proxy]:
    """What stands between that server and who is told of it."""
    proxy = Proxy(store.server.port)
    yield proxy
    proxy.close()
