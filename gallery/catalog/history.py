"""The feed read from a position on: for those who were away.

A position is ``generation.segment.offset``, and names the end of a line. It is held as long
as its segment is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from gallery.catalog import Changes, Noted
from gallery.catalog.feed import Feed
from gallery.catalog.manifest_lines import lines
from gallery.errors import Damaged, PositionGone
from gallery.lines import decode_line

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
Place = tuple[int, int]
"""A segment and an offset in it."""


def changes(feed: Feed, since: str, end: str, owner: str | None, limit: int) -> Changes:
    """What came after ``since``, up to ``end``. Raises PositionGone."""
    start, until = place(feed, since), place(feed, end)
    if start > until:
        raise PositionGone(since)
    found: list[Noted] = []
    for at, line in told(feed, start, until, owner):
        found.append(_noted(feed, at, line))
        if len(found) == limit:
            return Changes(found, _position(feed, at), level=at == until)
    return Changes(found, end, level=True)


def place(feed: Feed, position: str) -> Place:
    """Raises PositionGone for what is no position in this feed."""
    generation, *numbers = position.split(".")
    if generation != feed.generation or len(numbers) != 2:
        raise PositionGone(position)
    if not all(n.isascii() and n.isdecimal() and len(n) < 20 for n in numbers):
        raise PositionGone(position)
    return int(numbers[0]), int(numbers[1])


def _position(feed: Feed, at: Place) -> str:
    return f"{feed.generation}.{at[0]}.{at[1]}"


def _noted(feed: Feed, at: Place, line: dict[str, Any]) -> Noted:
    return Noted(
        position=_position(feed, at),
        op=line["op"],
        owner=line["owner"],
        month=line["month"],
        id=line.get("id", ""),
        kind=line.get("kind"),
        rev=line.get("rev", 0),
        at=line.get("at", 0),
    )


def told(
    feed: Feed, start: Place, until: Place, owner: str | None = None
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The lines between two places, each with the place where it ends. Raises PositionGone
    when a segment is no longer there, or a line of it cannot be read."""
    needle = b"" if owner is None else f'"owner":"{owner}"'.encode()
    later = range(start[0] + 1, until[0] + 1)  # one may be missing, after a clock was ahead
    for number, offset in [start, *((n, 0) for n in later)]:
        yield from _segment(feed, (number, offset), until, needle)


def _segment(
    feed: Feed, start: Place, until: Place, needle: bytes
) -> Iterator[tuple[Place, dict[str, Any]]]:
    number, offset = start
    try:
        fd = os.open(feed.path(number), _READ)
    except FileNotFoundError as error:
        raise PositionGone(feed.path(number)) from error
    try:
        end = until[1] if number == until[0] else os.fstat(fd).st_size
        if offset > end or (offset and os.pread(fd, 1, offset - 1) != b"\n"):
            raise PositionGone(f"{feed.path(number)}: no line ends at byte {offset}")
        for at, line in lines(fd, offset):
            after = at + len(line) + 1
            if after > end:
                return
            if needle not in line:
                continue
            data = _decode(feed, number, at, line)
            if "owner" in data:
                yield (number, after), data
    finally:
        os.close(fd)


def _decode(feed: Feed, number: int, at: int, line: bytes) -> dict[str, Any]:
    try:
        return decode_line(line)
    except Damaged as error:
        raise PositionGone(f"{feed.path(number)}: bad line at byte {at} ({error})") from error
