"""The catalog in a PostgreSQL database, for any number of processes and machines.

    asking         one question, and all its rows
    connections    which there are, and the locks that are tied to them
    failures       what the failures of a database are called here
    schema         the migrations, and what a database has to offer
    place          a database that a library may move to, looked at and tried
    rows           from a record to its row and the terms it is found by
    writes         what is written in one transaction
    questions      from a query to the SQL of its page
    conditions     what a query asks of an image
    counts         how many there are: in all, by the query, by day, and of each name
    told           the feed: positions, and an order without late comers
    listener       the thread that hears of other processes' changes
    leader         which process runs the periodic jobs
    ops            the journals of changes of many images
    notes          what all processes need to know, and the keys that sign

An image's row, the owner's version, the counters (by triggers) and the line in the feed are
one transaction, so there is nothing to catch up with after a crash, and nothing to repair.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg

from gallery.catalog import Changes, Entry, Expired, Listener, Page
from gallery.catalog.facets import Facets, ordered
from gallery.catalog.postgres import counts, questions, rows, schema, told, writes
from gallery.catalog.postgres.connections import Connections
from gallery.catalog.postgres.failures import one_line
from gallery.catalog.postgres.leader import Leader
from gallery.catalog.postgres.listener import Hearing
from gallery.catalog.postgres.notes import PostgresNotes
from gallery.catalog.postgres.ops import PostgresOps
from gallery.catalog.query import Cursor, Query
from gallery.changes import Change
from gallery.errors import Moved, StartRefused, Unavailable
from gallery.keys import Kind
from gallery.records import Record, Seen
from gallery.totals import Totals, TotalsByKind

_BATCH = 1_000
_Head = tuple[int | None, str, int | None]
"""Total, version and bytes of a page."""
_SERVER = "gallery server "
"""How the connections of a server process are named, before its id."""


class PostgresCatalog:
    """Fulfils Catalog, KeepsKeys and Apart. ``lock_seconds`` is how long a lock is waited
    for; ``has_moved`` says whether the library lives elsewhere by now; ``server`` is the id
    of the server process that this is, if it is one."""

    def __init__(
        self, url: str, *, lock_seconds: float = 30.0, walk: int = questions.WALK,
        has_moved: Callable[[], bool] = lambda: False, server: str = "",
    ) -> None:  # fmt: skip
        self._walk = walk
        self._has_moved = has_moved
        name = f"{_SERVER}{server}" if server else "gallery"
        self._connections = Connections(url, lock_seconds=lock_seconds, name=name)
        self._hearing = Hearing(self._connections.open)
        self.ops = PostgresOps(self._connections)
        self.notes = PostgresNotes(self._connections)
        self._leader = Leader(self._connections.open)

    # -- opening --------------------------------------------------------------------------

    def start(self, library: str) -> None:
        try:
            with self._connections.open() as connection:
                schema.check_server(connection)
                schema.migrate(connection)
                schema.claim(connection, library)
        except (psycopg.Error, Unavailable) as error:
            raise StartRefused(f"GALLERY_CATALOG: {one_line(error)}") from error
        self._hearing.start(self.changes(None).position)

    def close(self) -> None:
        self._hearing.close()
        self._connections.close()
        self._leader.close()

    def check(self) -> None:
        if not self._ask("SELECT 1 FROM library"):
            raise Unavailable("the database holds no library")

    def listen(self, listener: Listener) -> None:
        self._hearing.listeners.append(listener)

    # -- changing -------------------------------------------------------------------------

    @contextmanager
    def lock(self, owner: str) -> Iterator[None]:
        with self._connections.lock(_name(owner), within_fence=True):
            if self._has_moved():
                raise Moved("the database is not where the library lives now")
            yield

    def check_lock(self, owner: str) -> None:  # noqa: ARG002 - asked over the lock's connection
        self._ask("SELECT 1")

    def fence(self, seconds: float) -> AbstractContextManager[Callable[[], None]]:
        return self._connections.fence(seconds)

    def apply(self, change: Change) -> None:
        self.apply_all([change])

    def apply_all(self, changes: Sequence[Change]) -> None:
        """Applies changes of one owner, all or none."""
        if changes:
            connection = self._connections.holding(_name(changes[0].owner))
            writes.apply_all(connection, changes)

    def rebuild(self, owner: str, month: str, records: list[tuple[Record, Seen]]) -> None:
        writes.rebuild(self._connections.holding(_name(owner)), owner, month, records)

    def catch_up(self, owner: str) -> int:  # noqa: ARG002 - row and change are one transaction
        return 0

    def swallowed(self) -> list[str]:
        return []

    # -- asking ---------------------------------------------------------------------------

    def get(self, owner: str, id: str, month: str | None = None) -> Entry | None:
        found = self._ask(
            """SELECT raw, seen_size, seen_mtime_ns FROM images
               WHERE id = %(id)s AND owner = %(owner)s AND month = coalesce(%(month)s, month)""",
            id=id, owner=owner, month=month,
        )  # fmt: skip
        return Entry(found[0][0], Seen(found[0][1], found[0][2])) if found else None

    def page(self, query: Query) -> Page:
        (total, version, size), images = self._found(query)
        cursor = None
        if len(images) > query.size:
            images.pop()
            at, id, _ = images[-1]
            cursor = Cursor(at, id).encode(query.order)
        return Page([item for _, _, item in images], total, cursor, version, size)

    def _found(self, query: Query) -> tuple[_Head, list[tuple[int, str, bytes]]]:
        """The head, and time, id and item of one image more than the page shows."""
        for question in questions.page(query, self._walk):
            (final, total, version, _, size), *found = self._connections.ask(*question)
            if final or len(found) > query.size:
                break
        images = sorted(((at, id, item) for _, at, id, item, _ in found), reverse=True)
        return (total, version, size), images

    def totals(self, owner: str) -> TotalsByKind:
        found = self._connections.ask(*counts.totals(owner))
        return {kind: Totals(*totals) for kind, *totals in found}

    def version(self, owner: str) -> str:
        ((version,),) = self._connections.ask(*counts.version(owner))
        return str(version)

    def timeline(self, query: Query, starts: Callable[[int, int], list[int]]) -> list[int]:
        ((first, last),) = self._connections.ask(*counts.span(query))
        if first is None:
            return []
        edges = starts(first, last)
        images: dict[int, int] = dict(self._connections.ask(*counts.histogram(query, edges)))
        return [images.get(number, 0) for number in range(1, len(edges) + 1)]

    def facets(self, owner: str, kind: Kind) -> Facets:
        found = self._connections.ask(*counts.facets(owner, kind))
        counted: dict[str, list[tuple[str, int]]] = {}
        for what, name, count in found:
            counted.setdefault(what, []).append((rows.read(name), count))
        ((_, images),), ((_, favorites),) = counted.pop("images"), counted.pop("favorites")
        names = {what: ordered(found) for what, found in counted.items()}
        return Facets(images, favorites, **names)

    def owners(self) -> list[str]:
        return [owner for (owner,) in self._ask("SELECT owner FROM owners ORDER BY owner")]

    def whole(self) -> tuple[int, Totals]:
        ((owners, *whole),) = self._connections.ask(*counts.whole())
        return owners, Totals(*whole)

    def find(self, id: str) -> list[str]:
        found = self._ask("SELECT owner FROM images WHERE id = %(id)s ORDER BY owner", id=id)
        return [owner for (owner,) in found]

    def expired(self, before: int) -> Iterator[Expired]:
        """In batches, because who asks may take long over each."""
        at, id, owner = -1, "", ""
        while True:
            found = self._ask(
                """SELECT owner, id, deleted_at FROM images
                   WHERE status = 'trash' AND deleted_at + 0 < %(before)s::bigint
                     AND (deleted_at + 0, id, owner) > (%(at)s::bigint, %(id)s, %(owner)s)
                   ORDER BY deleted_at + 0, id, owner LIMIT %(limit)s""",
                before=before, at=at, id=id, owner=owner, limit=_BATCH,
            )  # fmt: skip
            yield from (Expired(*row) for row in found)
            if len(found) < _BATCH:
                return
            owner, id, at = found[-1]

    def seen(self, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
        found = self._ask(
            """SELECT id, seen_size, seen_mtime_ns FROM images
               WHERE owner = %(owner)s AND month = %(month)s AND kind = %(kind)s""",
            owner=owner, month=month, kind=kind,
        )  # fmt: skip
        return {id: Seen(size, mtime_ns) for id, size, mtime_ns in found}

    def months(self, owner: str) -> list[str]:
        found = self._ask(
            "SELECT DISTINCT month FROM images WHERE owner = %(owner)s ORDER BY month",
            owner=owner,
        )
        return [month for (month,) in found]

    def lines(self, owner: str, month: str) -> int:
        ((count,),) = self._ask(
            "SELECT count(*) FROM images WHERE owner = %(owner)s AND month = %(month)s",
            owner=owner, month=month,
        )  # fmt: skip
        return int(count)

    def changes(self, since: str | None, *, owner: str | None = None, limit: int = 1000) -> Changes:
        return told.settled(self._connections.ask, since, owner, limit)

    def damaged(self) -> list[tuple[str, str]]:
        return []

    def servers(self) -> set[str]:
        found = self._ask(
            """SELECT DISTINCT substr(application_name, %(length)s) FROM pg_stat_activity
               WHERE datname = current_database() AND starts_with(application_name, %(name)s)""",
            length=len(_SERVER) + 1, name=_SERVER,
        )  # fmt: skip
        return {id for (id,) in found}

    def _ask(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._connections.ask(sql, values)

    # -- the keys that sign -----------------------------------------------------------------

    def signing_keys(self) -> list[str]:
        return self.notes.signing_keys()

    def keep_signing_keys(self, keys: list[str]) -> list[str]:
        if keys:
            self.notes.keep_signing_keys(keys)
        return self.notes.signing_keys()

    # -- periodic jobs ----------------------------------------------------------------------

    def leads(self) -> bool:
        return self._leader.leads()

    def maintain(self) -> None:
        """Forgets changes that are older than anybody needs."""
        before = time.time_ns() // 1000 - told.KEEP_US
        self._ask(f"{told.FORGET} RETURNING 1", before=before)
        self.ops.expire(time.time())


def _name(owner: str) -> str:
    """Of an owner's lock."""
    return f"owner {owner}"
