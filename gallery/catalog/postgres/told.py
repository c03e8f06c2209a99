"""The feed: the table ``changes``, in an order in which nothing is ever told late.

A change is placed by its transaction's number, and by a sequence within that. Transactions
commit in another order than that of their numbers, so only those are told that no running
one can come before any more. No writer waits for another for this; readers wait, for as
long as the oldest writing transaction of the database server takes.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from gallery.catalog import Changes, Noted
from gallery.catalog.postgres.asking import Rows, Values
from gallery.errors import PositionGone, Unavailable

KEEP_US = 7 * 86_400 * 1_000_000
_HELD_SECONDS = 0.1
_PAUSE_SECONDS = 0.005
_POSITION = re.compile(r"([0-9a-f]{16})\.([0-9]{1,18})\.([0-9]{1,18})", re.ASCII)
_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

_HEAD = f"""
    SELECT generation, forgotten_xid, forgotten_seq, last.xid, last.seq,
           EXISTS (SELECT FROM changes WHERE xid >= {_HORIZON})
    FROM library LEFT JOIN LATERAL (
        SELECT xid, seq FROM changes WHERE xid < {_HORIZON} ORDER BY xid DESC, seq DESC LIMIT 1
    ) AS last ON true"""

_SINCE = f"""
    SELECT head.*, found.* FROM ({_HEAD}) AS head LEFT JOIN LATERAL (
        SELECT xid, seq, op, owner, month, id, kind, rev, at FROM changes
        WHERE (xid, seq) > (%(xid)s::bigint, %(seq)s::bigint) AND xid < {_HORIZON}
          AND %(whose)s
        ORDER BY xid, seq LIMIT %(limit)s
    ) AS found ON true ORDER BY found.xid, found.seq"""
_OF_ALL = _SINCE.replace("%(whose)s", "true")
_OF_ONE = _SINCE.replace("%(whose)s", "owner = %(owner)s")

NOTE = """
    INSERT INTO changes (op, owner, month, id, kind, rev)
    SELECT %(op)s, %(owner)s, %(month)s, %(id)s, %(kind)s, %(rev)s::bigint"""

FORGET = """
    WITH last AS (SELECT xid, seq FROM changes WHERE at < %(before)s::bigint
                  ORDER BY xid DESC, seq DESC LIMIT 1),
    gone AS (DELETE FROM changes USING last
             WHERE (changes.xid, changes.seq) <= (last.xid, last.seq))
    UPDATE library SET forgotten_xid = last.xid, forgotten_seq = last.seq FROM last"""

FOREIGN = """
    SELECT 1 FROM changes
    WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint LIMIT 1"""
"""Whether there are changes of transactions that this server has yet to begin: then they
came with a dump of another one, and nothing can be placed among them."""

Ask = Callable[[str, Values], Rows]


@dataclass(frozen=True, slots=True)
class Told:
    """Some changes. ``held`` when there are more that cannot be told yet."""

    changes: Changes
    held: bool


def new_generation() -> str:
    return secrets.token_hex(8)


def since(ask: Ask, position: str | None, owner: str | None, limit: int) -> Told:
    """What a catalog's ``changes`` answers, at once."""
    xid, seq = _place(position) if position is not None else (0, 0)
    wanted = 0 if position is None else limit + 1
    rows = ask(
        _OF_ALL if owner is None else _OF_ONE,
        {"xid": xid, "seq": seq, "owner": owner, "limit": wanted},
    )
    if not rows:
        raise Unavailable("the database holds no library")
    generation, *head = rows[0][:6]
    forgotten, held = (head[0], head[1]), bool(head[4])
    end = forgotten if head[2] is None else (head[2], head[3])
    known = position is None or position.startswith(generation)
    if not known or (position is not None and not forgotten <= (xid, seq) <= end):
        raise PositionGone(position)
    found = [_noted(generation, row[6:]) for row in rows if row[6] is not None]
    if len(found) > limit:
        return Told(Changes(found[:limit], found[limit - 1].position, level=False), held)
    return Told(Changes(found, f"{generation}.{end[0]}.{end[1]}", level=True), held)


def settled(ask: Ask, position: str | None, owner: str | None, limit: int) -> Changes:
    """The same, after a moment's wait for what cannot be told yet."""
    until = time.monotonic() + _HELD_SECONDS
    while True:
        told = since(ask, position, owner, limit)
        if not told.held or not told.changes.level or time.monotonic() > until:
            return told.changes
        time.sleep(_PAUSE_SECONDS)


def _place(position: str) -> tuple[int, int]:
    parsed = _POSITION.fullmatch(position)
    if parsed is None:
        raise PositionGone(position)
    return int(parsed[2]), int(parsed[3])


def _noted(generation: str, row: tuple[object, ...]) -> Noted:
    xid, seq, *rest = row
    return Noted(f"{generation}.{xid}.{seq}", *rest)  # type: ignore[arg-type]  # as in the table
