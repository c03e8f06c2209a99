"""Notes in the database, and the keys that sign: a row for each."""

from __future__ import annotations

from contextlib import AbstractContextManager

from gallery.catalog.postgres.connections import Connections

_KEYS = "signing keys"
_READ = "SELECT body FROM notes WHERE name = %(name)s"
_WRITE = """
    INSERT INTO notes (name, body) VALUES (%(name)s, %(body)s)
    ON CONFLICT (name) DO UPDATE SET body = excluded.body
    RETURNING 1"""
_KEEP = """
    INSERT INTO notes (name, body) VALUES (%(name)s, %(body)s)
    ON CONFLICT (name) DO NOTHING
    RETURNING 1"""


class PostgresNotes:
    """Fulfils Notes."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def read(self, name: str) -> bytes | None:
        found = self._connections.ask(_READ, {"name": name})
        return found[0][0] if found else None

    def write(self, name: str, body: bytes) -> None:
        self._connections.ask(_WRITE, {"name": name, "body": body})

    def lock(self, name: str) -> AbstractContextManager[None]:
        return self._connections.lock(_lock(name))

    def trying(self, name: str) -> AbstractContextManager[bool]:
        return self._connections.trying(_lock(name))

    # -- the keys that sign -----------------------------------------------------------------

    def signing_keys(self) -> list[str]:
        return (self.read(_KEYS) or b"").decode().split()

    def keep_signing_keys(self, keys: list[str]) -> None:
        """Where there are none: of two processes that do this at once, one has kept its."""
        self._connections.ask(_KEEP, {"name": _KEYS, "body": "\n".join(keys).encode()})


def _lock(name: str) -> str:
    return f"note {name}"
