"""Connections to the database, and the locks that are tied to them.

A connection is made by the thread that needs one, so a database that is away is told at
once, and one that came back is used at once. Threads are few, so there are no more
connections than threads; those that nobody uses are kept for the next.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gallery.catalog.postgres.asking import Asking, Rows, Values
from gallery.catalog.postgres.failures import failures
from gallery.errors import StartRefused, Unavailable

Connection = psycopg.Connection[tuple[Any, ...]]

_SILENT = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""A server that says nothing any more is noticed within seconds, unless the URL says else."""

_SESSION = """
    SELECT set_config('lock_timeout', %(lock)s, false),
           set_config('statement_timeout', '120s', false),
           set_config('jit', 'off', false),
           set_config('max_parallel_workers_per_gather', '0', false),
           set_config('tcp_keepalives_idle', '10', false),
           set_config('tcp_keepalives_interval', '5', false),
           set_config('tcp_keepalives_count', '3', false),
           set_config('synchronous_commit', CASE current_setting('synchronous_commit')
               WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""
"""The server gives up the locks of a client that vanished, and a commit is a commit. No
question is worth being compiled, or workers being started."""

_LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
_FENCE = "hashtextextended('gallery fence', 0)"
_LOCK_WITHIN = (
    f"SELECT pg_advisory_lock_shared({_FENCE}), pg_advisory_lock(hashtextextended(%s, 0))"
)
_UNLOCK_WITHIN = f"""
    SELECT pg_advisory_unlock(hashtextextended(%s, 0)), pg_advisory_unlock_shared({_FENCE})"""

_PORTS = re.compile(r"[0-9,]*")

T = TypeVar("T")


def options_of(url: str) -> dict[str, Any]:
    """What the URL says. Raises StartRefused without a word of it: what cannot be understood
    may be a part of the password, and so may what is taken for a host, port or database."""
    try:
        found: dict[str, Any] = dict(conninfo_to_dict(url))
    except psycopg.Error:
        found = {"port": "unknown"}
    strange = any("@" in str(found.get(name, ""))[1:] for name in ("host", "port", "dbname"))
    if strange or not _PORTS.fullmatch(str(found.get("port", ""))):
        raise StartRefused(
            "GALLERY_CATALOG: this is not a URL that can be understood; in a password, write "
            "what is neither letter nor digit as %40 and the like"
        )
    return found


class Connections:
    """The connections of one process. What a thread asks while it holds a lock goes over
    the connection that the lock is tied to."""

    def __init__(self, url: str, *, lock_seconds: float, name: str = "gallery") -> None:
        named = {"application_name": name}
        self._options: dict[str, Any] = {**_SILENT, **options_of(url), **named}
        self._lock_seconds = lock_seconds
        self._mutex = threading.Lock()
        self._idle: list[Asking] = []
        self._closed = False
        self._local = threading.local()

    def close(self) -> None:
        with self._mutex:
            self._closed = True
        self._drop_idle()

    def open(self) -> Asking:
        """A new connection, which is the caller's to close."""
        with self._mutex:
            if self._closed:
                raise Unavailable("the catalog is closed")
        connection = Asking.connect(autocommit=True, **self._options)
        try:
            connection.execute(_SESSION, {"lock": f"{self._lock_seconds * 1000:.0f}ms"})
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def borrowed(self) -> Iterator[Asking]:
        """A connection for a while. It is kept afterwards, unless it failed."""
        with self._mutex:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self.open()
        try:
            yield connection
        finally:
            idle = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            with self._mutex:
                kept = idle and not self._closed
                if kept:
                    self._idle.append(connection)
            if not kept:
                connection.close()

    def _drop_idle(self) -> None:
        with self._mutex:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _over(self, stack: ExitStack, act: Callable[[Asking], T]) -> tuple[Asking, T]:
        """What ``act`` gives over a borrowed connection, and that one. When one that was kept
        turns out to be dead, so are the others, probably: it is done again over a new one."""
        connection = stack.enter_context(self.borrowed())
        try:
            return connection, act(connection)
        except psycopg.OperationalError:
            if not connection.closed:
                raise
        stack.close()
        self._drop_idle()
        connection = stack.enter_context(self.borrowed())
        return connection, act(connection)

    # -- asking ---------------------------------------------------------------------------

    def ask(self, sql: str, values: Values | None = None) -> Rows:
        """The rows that answer."""
        with failures(), ExitStack() as stack:
            if held := self._held():
                return held[-1][1].ask(sql, values or {})
            return self._over(stack, lambda over: over.ask(sql, values or {}))[1]

    # -- locks ----------------------------------------------------------------------------

    @contextmanager
    def lock(self, name: str, *, within_fence: bool = False) -> Iterator[None]:
        """The lock of this name, tied to a connection: when that is lost so is the lock, and
        then nothing more can be written over it. Raises Unavailable after a while."""
        lock, unlock = (_LOCK_WITHIN, _UNLOCK_WITHIN) if within_fence else (_LOCK, _UNLOCK)
        with ExitStack() as stack:
            with failures():
                connection, _ = self._over(stack, lambda over: _wait(over, lock, name))
            with self._tied(name, connection, unlock):
                yield

    @contextmanager
    def trying(self, name: str) -> Iterator[bool]:
        """As ``lock``, if that can be had without waiting; whether it could."""
        with ExitStack() as stack:
            with failures():
                connection, found = self._over(
                    stack, lambda over: over.execute(_TRY, (name,)).fetchone()
                )
            if found == (True,):
                stack.enter_context(self._tied(name, connection, _UNLOCK))
            yield found == (True,)

    @contextmanager
    def _tied(self, name: str, connection: Asking, unlock: str) -> Iterator[None]:
        held = self._held()
        held.append((name, connection))
        try:
            yield
        finally:
            held.remove((name, connection))
            try:
                connection.execute(unlock, (name,))
            except psycopg.Error:
                connection.close()

    @contextmanager
    def fence(self, seconds: float) -> Iterator[Callable[[], None]]:
        """Keeps out whoever wants a lock within the fence, when nobody has one any more.
        Raises Unavailable when that takes longer. It ends with its connection, which what this
        gives asks. What the thread asks meanwhile goes over that connection, too: when it is
        lost, nothing can be written."""
        with failures(), contextlib.closing(self.open()) as connection:
            connection.execute(f"SET lock_timeout = {max(1, int(seconds * 1000))}".encode())
            connection.execute(f"SELECT pg_advisory_lock({_FENCE})".encode())

            def still() -> None:
                with failures():
                    connection.execute("SELECT")

            held, entry = self._held(), ("fence", connection)
            held.append(entry)
            try:
                yield still
            finally:
                held.remove(entry)

    def holding(self, name: str) -> Connection:
        """The connection that the caller's lock of this name is tied to."""
        for held, connection in self._held():
            if held == name:
                return connection
        raise RuntimeError(f"the lock of {name} is not held")

    def _held(self) -> list[tuple[str, Asking]]:
        held: list[tuple[str, Asking]] = self._local.__dict__.setdefault("held", [])
        return held


def _wait(over: Asking, lock: str, name: str) -> None:
    """What waits for two locks in vain has the first, and would keep it: no transaction's end
    gives it back, but the connection's."""
    try:
        over.execute(lock, (name,))
    except psycopg.Error:
        try:
            over.execute("SELECT pg_advisory_unlock_all()")
        except psycopg.Error:
            over.close()
        raise
