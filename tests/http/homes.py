"""Where a library of these tests lies: in files, or in a bucket and a database.

A test that asks for ``site``, ``shared`` or ``home`` runs on each of the backends below, unless
its mark ``of_files`` says that what it is about lies on the disk. With the mark ``each_store`` it
runs on every object store that is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import databases, services
from tests.http.fleet import fleet
from tests.http.server import Server, served
from tests.http.site import Site
from tests.services.s3 import Store


@dataclass(frozen=True, slots=True)
class Home:
    """One library: whoever opens it finds what was there before."""

    root: Path
    store: Store | None = None
    catalog: str = "manifest:"

    def site(self, **settings: Any) -> Site:
        return Site(self.root, store=self.store, catalog=self.catalog, **settings)

    def served(self, **settings: Any) -> AbstractContextManager[Server]:
        return served(self.root, **self._settings(), **settings)

    def fleet(self, *each: dict[str, Any], **settings: Any) -> AbstractContextManager[list[Server]]:
        if self.store is not None:
            # Not every store tells two that make a library at once who was the first.
            blobs = self.store.blobs(self.root)
            blobs.start()
            blobs.close()
        return fleet(self.root, *each, **self._settings(), **settings)

    def _settings(self) -> dict[str, Any]:
        blobs = self.store.url if self.store else "file:"
        return {"blobs": blobs, "catalog": self.catalog}


@contextmanager
def _in_files(folder: Path) -> Iterator[Home]:
    yield Home(folder)


@contextmanager
def _in_services(folder: Path, server: str = "swift") -> Iterator[Home]:
    store = services.s3(server)
    with databases.lent() as catalog, store.reached():
        yield Home(folder, store, catalog)


Backend = Callable[[Path], AbstractContextManager[Home]]
BACKENDS: dict[str, Backend] = {"files": _in_files, "services": _in_services}
OTHER_STORES: dict[str, Backend] = {
    f"services on {server}": partial(_in_services, server=server)
    for server in services.OBJECT_STORES[1:]
}


def names_for(test: pytest.Function) -> list[str]:
    """The backends that a test runs on."""
    if test.get_closest_marker("of_files"):
        return ["files"]
    return [*BACKENDS, *(OTHER_STORES if test.get_closest_marker("each_store") else ())]
