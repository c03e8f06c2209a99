"""What the failures of a database are called here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from gallery.errors import StorageFull, Unavailable

_AWAY = (
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError),
    *(errors.UndefinedTable, errors.InsufficientPrivilege),
)
"""A database that was emptied, or whose rights were taken, can be set right as well."""


@contextmanager
def failures() -> Iterator[None]:
    """Gives the failures of a database their names."""
    try:
        yield
    except errors.DiskFull as error:
        raise StorageFull(f"database: {one_line(error)}") from error
    except errors.LockNotAvailable as error:
        raise Unavailable("somebody else is at work on it", code="busy") from error
    except _AWAY as error:
        raise Unavailable(f"database: {one_line(error)}") from error


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())
