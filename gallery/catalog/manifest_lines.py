"""The lines of a manifest, which are the journal of an owner's images of one month.

    line 1      {"format":1,"library":…,"owner":…,"month":…,"generation":…,"crc":…}
    then        {"op":…,"id":…,"rev":…,"kind":…,"status":…,"at":…,"deleted":…,"bytes":…,
                 "seen":[size,mtime_ns],"feed":…,"totals":{kind:[…]},"record":{…},"crc":…}

The last line of an image is its state.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import orjson

from gallery.changes import Change
from gallery.encoding import encode
from gallery.errors import Damaged
from gallery.lines import decode_line, encode_line, is_whole
from gallery.totals import Totals, TotalsByKind

FORMAT = 1
_CHUNK = 256 << 10
_TAIL = 8 << 10
_HEADER = 1 << 10
_MARK = b',"record":'


def head_of(line: bytes) -> dict[str, Any]:
    """What stands before the record in a line, whose checksum is checked. Raises Damaged."""
    mark = line.find(_MARK)
    if mark < 0:
        return decode_line(line)
    if not is_whole(line):
        raise Damaged("checksum")
    try:
        head: dict[str, Any] = orjson.loads(line[:mark] + b"}")
    except orjson.JSONDecodeError as error:
        raise Damaged(str(error)) from error
    return head


def line_of(change: Change, feed: str, totals: TotalsByKind) -> bytes:
    """The manifest line of ``change``."""
    record = change.record
    head = {
        "op": change.op,
        "id": change.id,
        "rev": change.rev,
        "kind": change.kind,
        "status": record.status if record else None,
        "at": change.at,
        "deleted": record.deleted_at if record else None,
        "bytes": record.bytes if record else 0,
        "seen": [change.seen.size, change.seen.mtime_ns],
        "feed": feed,
        "totals": {kind: t.as_list() for kind, t in totals.items()},
    }
    return encode_line(head, encode(record) if record else None)


def header(library: str, owner: str, month: str) -> tuple[str, bytes]:
    """A new generation, and the first line that carries it."""
    generation = secrets.token_hex(8)
    data = {"format": FORMAT, "library": library, "owner": owner, "month": month}
    return generation, encode_line(data | {"generation": generation})


def read_generation(fd: int) -> str:
    """The generation in the header, or "" when there is none that can be read."""
    first, newline, _ = os.pread(fd, _HEADER, 0).partition(b"\n")
    try:
        return str(decode_line(first)["generation"]) if newline else ""
    except (Damaged, KeyError):
        return ""


def lines(fd: int, start: int) -> Iterator[tuple[int, bytes]]:
    """Each complete line from ``start`` on, with its offset; an unfinished one is left."""
    rest = b""
    while chunk := os.pread(fd, _CHUNK, start + len(rest)):
        whole, newline, tail = (rest + chunk).rpartition(b"\n")
        if not newline:
            rest += chunk
            continue
        for line in whole.split(b"\n"):
            yield start, line
            start += len(line) + 1
        rest = tail


def last_line(fd: int) -> tuple[bytes, int]:
    """The last complete line, and where it ends. A very long one is cut at its beginning."""
    size = os.fstat(fd).st_size
    start = max(0, size - _TAIL)
    whole, newline, _ = os.pread(fd, _TAIL, start).rpartition(b"\n")
    return whole.rpartition(b"\n")[2], start + len(whole) + len(newline)


def totals_of(head: dict[str, Any]) -> TotalsByKind:
    return {kind: Totals(*values) for kind, values in head["totals"].items()}


def read_spans(fd: int, spans: list[tuple[int, int]]) -> list[bytes]:
    """Neighbours are read at once."""
    low = min(offset for offset, _ in spans)
    high = max(offset + length for offset, length in spans)
    if high - low > _TAIL + 4 * sum(length for _, length in spans):
        return [os.pread(fd, length, offset) for offset, length in spans]
    block = os.pread(fd, high - low, low)
    return [block[offset - low : offset - low + length] for offset, length in spans]
