"""Hears of the changes of every process, and tells this one's listeners.

A thread with a connection of its own. A notification only says that there is something to
read: what is told comes from the feed, from the place where the thread left off. So nothing
is lost while the connection is, and a notification that never came costs a second.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable

import psycopg

from gallery.catalog import Listener
from gallery.catalog.postgres import told
from gallery.catalog.postgres.asking import Rows, Values
from gallery.catalog.postgres.connections import Connection
from gallery.catalog.postgres.failures import one_line
from gallery.errors import GalleryError, PositionGone

log = logging.getLogger(__name__)

CHANNEL = "gallery"
_IDLE_SECONDS = 1.0
_HELD_SECONDS = 0.02
_AWAY_SECONDS = 0.5
_BATCH = 1_000


class Hearing:
    """``connect`` opens a connection. Started once."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self.listeners: list[Listener] = []
        self._connect = connect
        self._position = ""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake = (-1, -1)

    def start(self, position: str) -> None:
        """From this position of the feed on."""
        self._position = position
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="postgres", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._thread is None:
            return
        self._stopping.set()
        os.write(self._wake[1], b"x")
        self._thread.join()
        self._thread = None
        for fd in self._wake:
            os.close(fd)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    self._listen(connection)
            except (psycopg.Error, GalleryError) as error:
                log.warning("changes are not heard of: %s", one_line(error))
            except Exception:
                log.exception("changes are not heard of")
            self._stopping.wait(_AWAY_SECONDS)

    def _listen(self, connection: Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        news = select.poll()  # which takes any number of a descriptor
        for fd in (connection.fileno(), self._wake[0]):
            news.register(fd, select.POLLIN)
        while not self._stopping.is_set():
            held = self._tell(connection)
            news.poll(1000 * (_HELD_SECONDS if held else _IDLE_SECONDS))
            for _ in connection.notifies(timeout=0):
                pass

    def _tell(self, connection: Connection) -> bool:
        """Tells what is new. Whether there is more that cannot be told yet."""

        def ask(sql: str, values: Values) -> Rows:
            return connection.execute(sql.encode(), values).fetchall()

        while True:
            try:
                found = told.since(ask, self._position, None, _BATCH)
            except PositionGone:
                found = told.since(ask, None, None, _BATCH)
                self._call("", "")
            for noted in found.changes.noted:
                self._call(noted.owner, noted.id)
            self._position = found.changes.position
            if found.changes.level:
                return found.held

    def _call(self, owner: str, id: str) -> None:
        for listener in self.listeners:
            listener(owner, id)
