"""What the headers of a request for bytes ask for: a part, or only another version."""

from __future__ import annotations

Wants = dict[bytes, bytes]
_WANTED = frozenset({b"if-none-match", b"range", b"if-range"})
_MAX_RANGE = 64


def wants_of(headers: list[tuple[bytes, bytes]]) -> Wants:
    """Those of a request's headers that matter here."""
    return {name: value for name, value in headers if name in _WANTED}


def names(header: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match says that the client has this version."""
    tags = [tag.strip().removeprefix(b"W/") for tag in header.split(b",")]
    return etag in tags or tags == [b"*"]


def part_of(wants: Wants, size: int, etag: bytes) -> tuple[int, int, int]:
    """Status, start and end of what is to be sent of ``size`` bytes of this version."""
    if b"range" in wants and wants.get(b"if-range", etag) == etag:
        return span_of(wants[b"range"], size)
    return 200, 0, size


def span_of(header: bytes, size: int) -> tuple[int, int, int]:
    """Status, start and end for a Range header, of ``size`` bytes: 206 with the bytes it
    asks for, 416 when there are none such, and 200 with all of them when it is to be
    ignored: what isn't a byte range (or of numbers beyond reason), and more than one."""
    unit, _, spec = header.partition(b"=")
    first, dash, last = spec.strip().partition(b"-")
    is_range = unit.strip().lower() == b"bytes" and dash and (first + last).isdigit()
    if not is_range or len(spec) > _MAX_RANGE:
        return 200, 0, size
    if not first:
        length = min(int(last), size)
        return (206, size - length, size) if length else (416, 0, 0)
    start = int(first)
    if last and int(last) < start:
        return 200, 0, size
    return (206, start, min(int(last) + 1, size) if last else size) if start < size else (416, 0, 0)
