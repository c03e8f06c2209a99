"""One segment of the feed, as a file: its first line, and whether it was closed."""

from __future__ import annotations

import contextlib
import logging
import os

from gallery.errors import Damaged
from gallery.lines import decode_line, encode_line

log = logging.getLogger(__name__)

FORMAT = 1
_HEAD_BYTES = 4_096
_CLOSE_BYTES = 200


def make(path: str, library: str, generation: str, number: int) -> None:
    """A segment without changes, which is there whole or not at all."""
    head = {"format": FORMAT, "library": library, "generation": generation}
    with open(f"{path}.new", "wb") as file:
        file.write(encode_line(head | {"segment": number}))
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{path}.new", path)


def origin(path: str) -> tuple[str, str] | None:
    """The library and the generation that a segment is of; None where that cannot be read."""
    with open(path, "rb") as file:
        try:
            head = decode_line(file.readline(_HEAD_BYTES).rstrip(b"\n"))
            return str(head["library"]), str(head["generation"])
        except (Damaged, KeyError):
            return None


def closing(following: int | None) -> bytes:
    """The last line of a segment, which names the one that follows, if any does."""
    return encode_line({"op": "close", "next": following})


def is_closed(path: str) -> bool:
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _CLOSE_BYTES))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        return decode_line(last).get("op") == "close"
    except Damaged:
        return False


def give_up(path: str) -> None:
    """Removes a segment that cannot be read. It may look untouched to those who have it
    open; that it was removed, everybody sees."""
    log.warning("%s cannot be read: another begins", path)
    with contextlib.suppress(OSError):
        os.unlink(path)
