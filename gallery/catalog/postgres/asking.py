"""Asks libpq for a whole answer in one call.

psycopg waits in Python for each piece of an answer, and Postgres sends 8 kB at a time: for a
page a thread would have to get Python's lock back from the others some twenty times. What
writes, locks or listens goes through psycopg as ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

Values = Mapping[str, Any]
Rows = list[tuple[Any, ...]]

PREPARED = 100
"""How many statements a connection keeps prepared."""

_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
_NAMED = re.compile(r"%\((\w+)\)s")


class Asking(psycopg.Connection[tuple[Any, ...]]):
    """A connection that can also be asked. Two underscores keep its names from psycopg's."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.__numbers = count()
        self.__names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}

    def ask(self, sql: str, values: Values) -> Rows:
        """The rows that answer. Raises as ``execute`` does; but where that one is interrupted
        at once, the main thread hears of a signal when it has the answer."""
        question, names = _numbered(sql)
        transformer = Transformer(self)
        given = transformer.dump_sequence([values[n] for n in names], [PyFormat.AUTO] * len(names))
        answer = self.__sound(
            self.pgconn.exec_prepared(
                self.__name(question, transformer.types or ()),
                given,  # type: ignore[arg-type]  # None is NULL, as in its other calls
                transformer.formats,
                pq.Format.BINARY,
            )
        )
        transformer.set_pgresult(answer)
        return transformer.load_rows(0, answer.ntuples, tuple)

    def __name(self, question: bytes, types: tuple[int, ...]) -> bytes:
        """Of the prepared statement, which is now the one used last."""
        name = self.__names.pop((question, types), None)
        if name is None:
            if len(self.__names) == PREPARED:
                oldest = self.__names.pop(next(iter(self.__names)))
                self.__sound(self.pgconn.exec_(b"DEALLOCATE " + oldest))
            name = b"asked_%d" % next(self.__numbers)
            self.__sound(self.pgconn.prepare(name, question, types))
        self.__names[question, types] = name
        return name

    def __sound(self, answer: pq.abc.PGresult) -> pq.abc.PGresult:
        if answer.status in _GOOD:
            return answer
        error = errors.error_from_result(answer, self.info.encoding)
        # What libpq says itself has no code: the connection is lost.
        raise error if error.sqlstate else psycopg.OperationalError(str(error))


@lru_cache(maxsize=256)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """With ``$1`` and so on for each ``%(name)s``, and their names in this order."""
    numbers = {name: n for n, name in enumerate(dict.fromkeys(_NAMED.findall(sql)), 1)}
    return _NAMED.sub(lambda found: f"${numbers[found[1]]}", sql).encode(), tuple(numbers)
