"""Where a library of these tests lies: on one tree, or in a bucket and a database.

A test that asks for ``home``, ``site`` or ``shared`` runs on each of the backends below, unless
its mark ``of_files`` says that what it is about lies on the disk. With the mark ``each_store`` it
runs on every object store that is installed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from gallery import backends
from gallery.draft import DAY_US
from gallery.imaging import Imaging
from gallery.library import Library, now_us
from gallery.settings import Settings
from tests import cli, databases, images, services
from tests.databases import Database
from tests.http.server import Server, served
from tests.http.site import Site
from tests.recovery import walked
from tests.samples import NOON, OTHER, OWNER, upload
from tests.services.proxy import Proxy
from tests.services.s3 import Store

_MONTH_US = 31 * DAY_US


class Home:
    """One tree. Whoever opens it finds what was there before."""

    store: Store | None = None

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.settings = settings

    def folder(self) -> Path:
        """Where one more process has its files."""
        return self.root

    def site(self, **settings: Any) -> Site:
        return Site(self.folder(), store=self.store, **self.settings | settings)

    def served(self, **settings: Any) -> AbstractContextManager[Server]:
        return served(self.folder(), **self.settings | settings)

    @contextmanager
    def fleet(self, *each: dict[str, Any], **settings: Any) -> Iterator[list[Server]]:
        """Servers that start at the same time: one for each of the first settings."""
        with ExitStack() as stack, ThreadPoolExecutor(len(each)) as threads:
            starts = [self.served(**settings | own) for own in each]
            yield list(threads.map(stack.enter_context, starts))

    def run(self, *arguments: str) -> cli.Result:
        """A command, in one more process."""
        return cli.run(self.folder(), *arguments, **self.settings)

    @contextmanager
    def library(self, clock: Callable[[], int] = now_us) -> Iterator[Library]:
        """The library itself, as one more process has it. A catalog that was lost stays so."""
        folder = self.folder()
        folders = {name: folder / name for name in ("outputs", "manifests")}
        library = Library(
            *backends.stores(Settings.model_construct(**folders | self.settings)), clock=clock
        )
        library.start(recover=False)
        try:
            yield library
        finally:
            library.close()

    def mend(self, imaging: Imaging) -> None:
        """What later walks will do. On a tree the first one finds all that there is."""

    def images(self) -> int:
        """How many originals are stored."""
        return len(list(self.root.rglob("outputs/users/**/*.png")))

    def files(self) -> list[str]:
        """What lies on the disk."""
        return [str(path) for path in self.root.rglob("*") if path.is_file()]

    def logged(self) -> str:
        """By all servers together."""
        return "".join(log.read_text(errors="replace") for log in self.root.rglob("log"))


class Apart(Home):
    """A bucket and a database. Each process has a folder of its own: nothing is shared on a
    disk."""

    def __init__(self, root: Path, store: Store, catalog: str) -> None:
        super().__init__(root, blobs=store.url, catalog=catalog)
        self.store: Store = store
        self.catalog = catalog
        self._numbers = itertools.count()

    def folder(self) -> Path:
        folder = self.root / f"machine-{next(self._numbers)}"
        folder.mkdir()
        return folder

    @contextmanager
    def fleet(self, *each: dict[str, Any], **settings: Any) -> Iterator[list[Server]]:
        """The library is made by one process alone, as the docs ask for: not every store tells
        two that make it at once who was the first."""
        with self.library():
            pass
        with super().fleet(*each, **settings) as servers:
            yield servers

    def mend(self, imaging: Imaging) -> None:
        """Without their waiting times."""
        with self.library() as library:
            assert walked(library, imaging).damage == []

    def images(self) -> int:
        return sum(name.endswith(".png") for name in self.store.names())

    def lose_database(self) -> None:
        """It is empty, as a new one is."""
        with psycopg.connect(self.catalog, autocommit=True) as sql:
            sql.execute("DROP SCHEMA public CASCADE")
            sql.execute("CREATE SCHEMA public")

    def rows(self) -> dict[str, bytes]:
        """Every image as the database has it."""
        with psycopg.connect(self.catalog) as sql:
            return dict(sql.execute("SELECT owner || ' ' || id, raw FROM images").fetchall())


class Far(Apart):
    """The same, with a proxy before each of the two for the servers. Commands and whoever
    looks for the tests reach them directly."""

    def __init__(self, root: Path, store: Store, catalog: str, database: Database) -> None:
        super().__init__(root, store, catalog)
        self.bucket, self.database = Proxy(store.server.port), Proxy(database.socket)
        name = urlsplit(catalog).path
        self._catalog = f"postgresql://gallery@127.0.0.1:{self.database.port}{name}"

    @contextmanager
    def served(self, **settings: Any) -> Iterator[Server]:
        with ExitStack() as stack:
            with self.store.reached(self.bucket.port):
                server = stack.enter_context(super().served(catalog=self._catalog, **settings))
            yield server

    def close(self) -> None:
        self.bucket.close()
        self.database.close()


def fill(home: Home) -> None:
    """Images of two owners and two months; one in the trash for 40 days."""
    with home.library() as library:
        for n in range(4):
            upload(library, images.png(seed=n), owner=OWNER, created_at=NOON - n % 2 * _MONTH_US)
        upload(library, images.png(seed=9), owner=OTHER, kind="control")
        old = upload(library, images.png(seed=10), tags=("kept",)).entry.record
        now = now_us()
        library.clock = lambda: now - 40 * DAY_US
        library.trash(OWNER, old.id)


@contextmanager
def one_tree(root: Path) -> Iterator[Home]:
    yield Home(root)


@contextmanager
def apart(root: Path, server: str = "swift") -> Iterator[Apart]:
    store = services.s3(server)
    with databases.lent() as catalog, store.reached():
        yield Apart(root, store, catalog)


@contextmanager
def far(root: Path, own: Database | None = None) -> Iterator[Far]:
    """In the database server that tests share, or in another."""
    store, database = services.s3(), own or databases.database()
    with store.reached():
        far = Far(root, store, database.create(), database)
        yield far
        far.close()


Backend = Callable[[Path], AbstractContextManager[Home]]
BACKENDS: dict[str, Backend] = {"files": one_tree, "services": apart}
OTHER_STORES: dict[str, Backend] = {
    f"services on {server}": partial(apart, server=server) for server in services.OBJECT_STORES[1:]
}


def names_for(test: pytest.Function) -> list[str]:
    """The backends that a test runs on."""
    if test.get_closest_marker("of_files"):
        return ["files"]
    return [*BACKENDS, *(OTHER_STORES if test.get_closest_marker("each_store") else ())]
