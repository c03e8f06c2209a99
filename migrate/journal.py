"""The journal of a move: what was done, a line each, so that it can be gone on with.

Nothing is wrong without its last lines: what they told of is looked at once more, and found
to be there. So they are synced now and then, and not one by one; but for those that something
must not happen without.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from gallery.durable import write_all
from gallery.errors import Damaged, NotFound, storage
from gallery.lines import decode_line, encode_line

SYNC_SECONDS = 1.0
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Journal:
    """For several threads of one process, which holds the run folder. Methods raise
    StorageFull and Unavailable."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._synced = 0.0
        self._settling = threading.Lock()
        self._appended = self._durable = 0
        with storage(path):
            self._fd = os.open(path, _APPEND, 0o640)
            if os.fstat(self._fd).st_size:
                write_all(self._fd, b"\n")  # ends a line that was cut short

    def close(self) -> None:
        self.sync()
        os.close(self._fd)

    def append(self, **entry: Any) -> None:
        with storage(self._path):
            with self._lock:
                write_all(self._fd, encode_line(entry))
                self._appended += 1
                due = time.monotonic() - self._synced > SYNC_SECONDS
            if due:
                self.sync()

    def sync(self) -> None:
        self._synced, appended = time.monotonic(), self._appended
        with storage(self._path):
            os.fdatasync(self._fd)
        self._durable = appended

    def settle(self) -> None:
        """Returns when what was appended is durable. Threads that wait for it together are
        served by one sync."""
        appended = self._appended
        with self._settling:
            if self._durable < appended:
                self.sync()


def entries(path: str) -> Iterator[dict[str, Any]]:
    """What stands in a journal, in the order of writing. A line that was cut short never
    happened."""
    try:
        with storage(path), open(path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                try:
                    yield decode_line(line[:-1])
                except Damaged:
                    continue
    except NotFound:
        return


def begun_in(told: Iterable[dict[str, Any]], to: str) -> dict[str, str]:
    """What a journal tells to have begun on a target ("send" or "drop") and not to have ended,
    by the names of sidecars."""
    begun: dict[str, str] = {}
    for entry in told:
        if entry.get("to") != to:
            continue
        if entry["did"] in ("send", "drop"):
            begun[entry["image"]] = entry["did"]
        elif entry["did"] in ("sent", "dropped"):
            begun.pop(entry["image"], None)
    return begun


def put_aside_in(told: Iterable[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Owner, month and id of what could not be copied. It may have been brought since."""
    found = (entry for entry in told if entry["did"] == "quarantine")
    return {(entry["owner"], entry["month"], entry["id"]) for entry in found}
