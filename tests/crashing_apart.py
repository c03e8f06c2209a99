"""Operations over a bucket and a database that are cut short, after any request that changes
an object and after anything that is written to the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.postgres.connections import Connections
from gallery.catalog.postgres.ops import PostgresOps
from gallery.changes import Change
from gallery.library import Library
from tests import services
from tests.conformance.stores import LIBRARY
from tests.recovery import with_new_ids
from tests.samples import NOON, OWNER

_CHANGES = {"PutObject", "DeleteObject", "DeleteObjects"}
Objects = dict[str, bytes]
Tree = dict[str, str]


class Resettable:
    """A library whose state can be set. The store of its bucket stays open, since it holds
    nothing but a look at the marker; the catalog is a new one each time."""

    def __init__(self, folder: Path, catalog: str) -> None:
        self._store = services.s3()
        marker = b'{"format":1,"library":"%b"}' % LIBRARY.encode()
        self._store.drop(".gallery/library.json", marker)
        self._url = catalog
        self._blobs = self._store.blobs(folder)
        self._blobs.start()
        self._after: Callable[[], None] | None = None
        self._blobs.connect().meta.events.register("after-call.s3", self._requested)

    def close(self) -> None:
        self._blobs.close()

    def _requested(self, *, model: Any, **_: Any) -> None:
        if self._after is not None and model.name in _CHANGES:
            self._after()

    @contextmanager
    def opened(self, after: Callable[[], None] = lambda: None) -> Iterator[Library]:
        """The library, whose stores call ``after`` when a step is done."""
        catalog = SteppedCatalog(self._url, after)
        catalog.start(LIBRARY)
        self._after = after
        try:
            yield Library(self._blobs, catalog, clock=lambda: NOON)
        finally:
            self._after = None
            catalog.close()

    # -- its state --------------------------------------------------------------------------

    def objects(self) -> Objects:
        """Everything under ``users/``."""
        return {name: self._blobs.read(name) for name in self._etags()}

    def _etags(self) -> dict[str, str]:
        found = self._store.etags().items()
        return {name: etag for name, etag in found if name.startswith("users/")}

    def tree(self) -> Tree:
        """The names of all that, and what tells one content from another. Of images with ids
        that were made up there is only that they are there."""
        found = ((with_new_ids(name.encode()), name, etag) for name, etag in self._etags().items())
        return {new.decode(): etag if new.decode() == name else "" for new, name, etag in found}

    def become(self, objects: Objects) -> None:
        """Holds these objects, and what the catalog makes of them."""
        wanted = {name: hashlib.md5(body).hexdigest() for name, body in objects.items()}
        found = self._etags()
        for name in found.keys() - wanted.keys():
            self._blobs.delete(name)
        for name in dict(wanted.items() - found.items()):
            self._blobs.put(name, objects[name])
        with psycopg.connect(self._url, autocommit=True) as sql:
            sql.execute("TRUNCATE images, owners, counters, changes, ops")
        with self.opened() as library:
            library.healing.rebuild(OWNER)


class SteppedCatalog(PostgresCatalog):
    def __init__(self, url: str, after: Callable[[], None]) -> None:
        super().__init__(url)
        self._after = after
        self.ops = SteppedOps(self._connections, after)

    def apply_all(self, changes: Sequence[Change]) -> None:
        super().apply_all(changes)
        self._after()


class SteppedOps(PostgresOps):
    def __init__(self, connections: Connections, after: Callable[[], None]) -> None:
        super().__init__(connections)
        self._after = after

    def append(self, owner: str, op: str, entry: Mapping[str, Any]) -> None:
        super().append(owner, op, entry)
        self._after()
