"""One manifest as a process knows it: its last line, and its index in memory.

Lines stay in the file; memory holds where they are and what they are sorted by (about 200
bytes an image).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gallery.catalog.index import Index
from gallery.catalog.manifest_lines import (
    head_of,
    header,
    last_line,
    line_of,
    lines,
    read_generation,
    read_spans,
    totals_of,
)
from gallery.catalog.search import PromptText
from gallery.changes import change
from gallery.errors import Damaged
from gallery.lines import crc_of, is_whole, marks
from gallery.records import Record, Seen
from gallery.totals import Totals, TotalsByKind

log = logging.getLogger(__name__)

ROW_BYTES = 200


class Replaced(Exception):
    """The manifest is not the one that was read before: what is known of it is stale."""

    def __init__(self, shard: Shard) -> None:
        super().__init__(shard.path)
        self.shard = shard


@dataclass(slots=True)
class Shard:
    """What is known of one manifest: always its last line, and its index when in use."""

    path: str
    owner: str
    month: str
    generation: str = ""
    end: int = 0
    crc: str = ""
    totals: TotalsByKind = field(default_factory=dict)
    index: Index | None = None
    text: PromptText | None = None
    damaged: bool = False
    told: int = -1
    """The file's size up to which the feed is known to tell of its lines."""
    mtime_ns: int = 0
    """The file's, when it had been read to its end."""

    @property
    def version(self) -> str:
        return f"{self.month}.{self.generation}.{self.end}.{self.crc}"

    def weight(self) -> int:
        """The bytes of memory that unloading it would free."""
        rows = 0 if self.index is None else len(self.index.ids) * ROW_BYTES
        return rows + (0 if self.text is None else self.text.weight)


def summarize(shard: Shard) -> None:
    """Reads the header and the last line. A shard whose last line is bad is loaded whole."""
    fd = os.open(shard.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        shard.generation = read_generation(fd)
        last, shard.end = last_line(fd)
        shard.totals, shard.crc = totals_of(head_of(last)), crc_of(last)
    except (Damaged, KeyError, TypeError, ValueError):
        load(shard)
    finally:
        os.close(fd)


def load(shard: Shard) -> None:
    """Reads the whole manifest into an index. Bad lines are skipped and logged, and so is
    that lines were lost, or stand in another order than they were written in: each says how
    many images there were."""
    shard.index, shard.end, shard.totals, shard.crc = Index(), 0, {}, ""
    read_on(shard, sort=False)
    shard.index.sort_views()
    counted = {kind: (t.active, t.trash) for kind, t in shard.totals.items()}
    if not shard.damaged and any(n != counted.get(k, (0, 0)) for k, n in shard.index.counts()):
        log.warning("%s: its last line counts other images than there are", shard.path)
        shard.damaged = True


def read_on(shard: Shard, *, sort: bool = True) -> list[tuple[dict[str, Any], bytes]]:
    """Takes in the lines after ``shard.end``; gives each with its head. A shard that was
    replaced (another generation) is left as it is, for the caller to notice."""
    taken: list[tuple[dict[str, Any], bytes]] = []
    fd = os.open(shard.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        generation = read_generation(fd)
        if shard.end == 0:
            shard.generation = generation
        elif generation != shard.generation:
            return taken
        for offset, line in lines(fd, shard.end):
            shard.end = offset + len(line) + 1
            if offset and (head := _take(shard, offset, line, sort=sort)) and sort:
                taken.append((head, line))
        shard.mtime_ns = os.fstat(fd).st_mtime_ns
    finally:
        os.close(fd)
    if not shard.generation and shard.end:
        _bad(shard, 0, "header")
    return taken


def _take(shard: Shard, offset: int, line: bytes, *, sort: bool) -> dict[str, Any] | None:
    try:
        head = head_of(line)
        if shard.index is not None:
            shard.index.apply(head, offset, len(line), marks(line), sort=sort)
        shard.totals, shard.crc = totals_of(head), crc_of(line)
    except (Damaged, KeyError, TypeError, ValueError, OverflowError) as error:
        _bad(shard, offset, str(error))
        return None
    return head


def _bad(shard: Shard, offset: int, why: str) -> None:
    if not shard.damaged:
        log.warning("%s: bad line at byte %d (%s); it is skipped", shard.path, offset, why)
    shard.damaged = True


def read_lines(shard: Shard, spans: list[tuple[int, int]]) -> list[bytes]:
    """The lines at (offset, length). Raises Replaced, also when one is no longer whole:
    who reads the manifest anew will skip it and say so."""
    if not spans:
        return []
    try:
        fd = os.open(shard.path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError as error:
        raise Replaced(shard) from error
    try:
        if read_generation(fd) != shard.generation:
            raise Replaced(shard)
        found = read_spans(fd, spans)
        # Nothing is looked at again in a file that nobody has written to since.
        if os.fstat(fd).st_mtime_ns != shard.mtime_ns and not all(map(is_whole, found)):
            raise Replaced(shard)
        return found
    finally:
        os.close(fd)


def whole(
    shard: Shard, library: str, records: list[tuple[Record, Seen]], feed: str
) -> Iterator[bytes]:
    """The lines of a manifest that holds just these records. Sets the shard's generation
    and end to match."""
    shard.generation, first = header(library, shard.owner, shard.month)
    shard.end = len(first)
    yield first
    totals: TotalsByKind = {}
    for record, seen in sorted(records, key=lambda pair: (pair[0].created_at, pair[0].id)):
        totals[record.kind] = totals.get(record.kind, Totals()) + Totals.of(record)
        line = line_of(change("put", record, seen), feed, totals)
        shard.end += len(line)
        yield line
