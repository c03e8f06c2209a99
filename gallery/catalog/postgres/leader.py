"""Which process runs the periodic jobs: the one whose connection holds a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import psycopg

from gallery.catalog.postgres.connections import Connection
from gallery.catalog.postgres.failures import failures

_TRY = "SELECT pg_try_advisory_lock(hashtextextended('gallery leader', 0))"


class Leader:
    """The lock is tied to a connection of its own, and lost with it."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._mutex = threading.Lock()
        self._connection: Connection | None = None

    def leads(self) -> bool:
        with self._mutex, failures():
            if self._connection is not None:
                with suppress(psycopg.Error):
                    self._connection.execute("SELECT")
                    return True
                self._connection.close()
            self._connection = self._try()
            return self._connection is not None

    def _try(self) -> Connection | None:
        connection = self._connect()
        with suppress(psycopg.Error):
            if connection.execute(_TRY).fetchone() == (True,):
                return connection
        connection.close()
        return None

    def close(self) -> None:
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
