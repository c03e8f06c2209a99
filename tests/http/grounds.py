"""What several servers stand on: one tree that they share, or a bucket and a database, with
folders of its own for each, so that nothing is shared on a disk."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gallery import backends
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.reconcile import Reconciler
from gallery.settings import Settings
from tests import cli, databases, services
from tests.databases import Database
from tests.http.server import Server, served
from tests.services.proxy import Proxy

EARLY = -2.0
"""Some servers round an object's time up to the next second."""
AT_ONCE = 1e-9


class Ground:
    """One tree below ``root``."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.settings = settings

    def place(self) -> Path:
        """The folder of another process."""
        return self.root

    def served(self, **settings: Any) -> AbstractContextManager[Server]:
        return served(self.place(), **self.settings | settings)

    def run(self, *arguments: str) -> cli.Result:
        """A command on some other machine."""
        return cli.run(self.place(), *arguments, **self.settings)

    @contextmanager
    def fleet(self, *each: dict[str, Any], **settings: Any) -> Iterator[list[Server]]:
        """Servers that start at the same time: one for each of the first settings."""
        with ExitStack() as stack, ThreadPoolExecutor(len(each)) as threads:
            starts = [self.served(**settings | own) for own in each]
            yield list(threads.map(stack.enter_context, starts))

    @contextmanager
    def library(self) -> Iterator[Library]:
        """The stores as one more process has them."""
        place = self.place()
        folders = {name: place / name for name in ("outputs", "manifests")}
        library = Library(*backends.stores(Settings(**folders | self.settings)))
        library.start()
        try:
            yield library
        finally:
            library.close()

    def mend(self, imaging: Imaging) -> None:
        """What later walks will do. On a tree the first one finds all that there is."""

    def images(self) -> int:
        """How many originals are stored."""
        return len(list(self.root.rglob("outputs/users/**/*.png")))

    def logged(self) -> str:
        """By all servers together."""
        return "".join(log.read_text(errors="replace") for log in self.root.rglob("log"))


class Apart(Ground):
    """A bucket and a database."""

    def __init__(self, root: Path, database: Database | None = None) -> None:
        self.store = services.s3()
        database = database or databases.database()
        super().__init__(root, blobs=self.store.url, catalog=database.create())
        self._numbers = itertools.count()

    def place(self) -> Path:
        folder = self.root / f"machine-{next(self._numbers)}"
        folder.mkdir()
        return folder

    @contextmanager
    def reached(self) -> Iterator[None]:
        """The library is made by one process alone, as the docs ask for."""
        with self.store.reached():
            with self.library():
                pass
            yield

    def mend(self, imaging: Imaging) -> None:
        """Without their waiting times."""
        with self.library() as library:
            walked = Reconciler(library, imaging, settle=EARLY, vanish=AT_ONCE, put=0).run()
            assert walked.damage == []

    def images(self) -> int:
        return sum(name.endswith(".png") for name in self.store.names())


class Far(Apart):
    """The same, with a proxy before each of the two for the servers. Commands and whoever
    looks for the tests reach them directly."""

    def __init__(self, root: Path, database: Database | None = None) -> None:
        database = database or databases.database()
        super().__init__(root, database)
        self.bucket = Proxy(self.store.server.port)
        self.database = Proxy(database.socket)
        name = urlsplit(self.settings["catalog"]).path
        self._catalog = f"postgresql://gallery@127.0.0.1:{self.database.port}{name}"

    @contextmanager
    def served(self, **settings: Any) -> Iterator[Server]:
        with ExitStack() as stack:
            with self.store.reached(self.bucket.port):
                server = stack.enter_context(super().served(catalog=self._catalog, **settings))
            yield server

    @contextmanager
    def reached(self) -> Iterator[None]:
        with super().reached():
            yield
        self.bucket.close()
        self.database.close()


@contextmanager
def one_tree(root: Path) -> Iterator[Ground]:
    yield Ground(root)


@contextmanager
def apart(root: Path) -> Iterator[Ground]:
    ground = Apart(root)
    with ground.reached():
        yield ground


GROUNDS: dict[str, Callable[[Path], AbstractContextManager[Ground]]] = {
    "one tree": one_tree,
    "a bucket and a database": apart,
}
