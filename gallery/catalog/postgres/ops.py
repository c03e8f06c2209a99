"""The journals of operations in the database: a row for each entry."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import orjson

from gallery.catalog.ops import KEEP_SECONDS
from gallery.catalog.postgres.connections import Connections
from gallery.catalog.postgres.failures import failures

_READ = """
    SELECT entry FROM ops WHERE owner = %(owner)s AND op = %(op)s ORDER BY number"""
_APPEND = """
    INSERT INTO ops (owner, op, at, entry) VALUES (%(owner)s, %(op)s, %(at)s, %(entry)s)"""
_EXPIRE = """
    DELETE FROM ops WHERE (owner, op) IN (
        SELECT owner, op FROM ops GROUP BY owner, op HAVING max(at) < %(before)s)
    RETURNING 1"""


class PostgresOps:
    """Fulfils OpsLog."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def lock(self, owner: str, op: str) -> AbstractContextManager[None]:
        return self._connections.lock(_name(owner, op))

    def append(self, owner: str, op: str, entry: Mapping[str, Any]) -> None:
        values = {"owner": owner, "op": op, "at": time.time(), "entry": orjson.dumps(entry)}
        with failures():
            self._connections.holding(_name(owner, op)).execute(_APPEND, values)

    def read(self, owner: str, op: str) -> list[dict[str, Any]]:
        found = self._connections.ask(_READ, {"owner": owner, "op": op})
        return [orjson.loads(entry) for (entry,) in found]

    def expire(self, now: float) -> None:
        self._connections.ask(_EXPIRE, {"before": now - KEEP_SECONDS})


def _name(owner: str, op: str) -> str:
    """Of an operation's lock."""
    return f"operation {owner} {op}"
