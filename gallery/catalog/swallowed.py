"""Feed lines that a crash kept from the feed: between the manifest's line and the feed's.

A manifest line says where the feed ended when it was written, so its own feed line stands
at or after that place. One look there tells, for nearly every manifest there is.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from gallery.catalog.begun import Begun
from gallery.catalog.feed import Feed
from gallery.catalog.held import Held
from gallery.catalog.history import Place, place, told
from gallery.catalog.locks import OwnerLocks
from gallery.catalog.manifest_lines import head_of, last_line, lines, read_generation
from gallery.catalog.mirror import Mirror
from gallery.catalog.shard import Shard
from gallery.errors import Damaged, PositionGone

log = logging.getLogger(__name__)

CATCH_UP_SECONDS = 5.0
"""How long who catches up waits for a change that is under way. Its process may be stopped."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class Swallowed:
    """Tells the feed of them, before anything newer of the same manifest."""

    def __init__(self, mirror: Mirror, begun: Begun, locks: OwnerLocks) -> None:
        self._mirror = mirror
        self._begun = begun
        self._locks = locks

    def announce(self, shard: Shard) -> int:
        """The caller holds the owner's lock, so nobody is about to announce them."""
        try:
            size = os.path.getsize(shard.path)
        except FileNotFoundError:
            size = 0
        if shard.told == size:
            return 0
        missing = unannounced(self._mirror.feed, shard, self._mirror.position())
        for line in missing:
            self._mirror.announce(line)
            log.info("the feed was told what a crash kept from it: %s", line)
        shard.told = size
        return len(missing)

    def catch_up(self, owner: str) -> int:
        """Announces them in all of the owner's manifests; how many."""
        count = 0
        begun = {month for name, month in self._begun.all() if name == owner}
        for month in sorted(begun.union(self._mirror.held.folder.months(owner))):
            one = partial(self._catch_up, owner=owner, month=month, is_begun=month in begun)
            count += self._mirror.ask(one)
        return count

    def _catch_up(self, held: Held, owner: str, month: str, *, is_begun: bool) -> int:
        shard = held.shard(owner, month)
        if not is_begun and not unannounced(self._mirror.feed, shard, self._mirror.position()):
            return 0
        # No change, so the fence is not passed: who closed it wants to be told as well.
        with self._locks.held(owner, CATCH_UP_SECONDS):
            self._mirror.sync()
            count = self.announce(held.shard(owner, month))
            self._begun.end(owner, month)
            return count


def feed_line(head: dict[str, Any], shard: Shard, generation: str, end: int) -> dict[str, Any]:
    """What the feed says of a manifest's line that ends at ``end``."""
    where = {"owner": shard.owner, "month": shard.month, "generation": generation, "end": end}
    what = {name: head[name] for name in ("id", "kind", "rev") if name in head}
    return {"op": head["op"]} | where | what | {"at": time.time_ns() // 1000}


def unannounced(feed: Feed, shard: Shard, now: str) -> list[dict[str, Any]]:
    """The feed lines that are missing for the last changes in a manifest, oldest first. What
    is older than the feed is not missed by anybody. ``now`` is the feed's position."""
    try:
        fd = os.open(shard.path, _READ)
    except FileNotFoundError:
        return []
    try:
        line, end = last_line(fd)
        generation = read_generation(fd)
        try:
            until = place(feed, now)
            start = _held(feed, str(head_of(line)["feed"]))
            if end in _ends(feed, start, until, shard, generation):
                return []
            known = {*_ends(feed, (feed.oldest(), 0), until, shard, generation)}
        except (Damaged, KeyError, PositionGone):
            return []
        if not known:  # the whole manifest is news, or all but the end of it is very old
            return [feed_line({"op": "load"}, shard, generation, end)]
        return _after(fd, max(known), shard, generation)
    finally:
        os.close(fd)


def _held(feed: Feed, position: str) -> Place:
    """The place, or the end of its segment if a power cut took what followed. Raises
    PositionGone."""
    number, offset = place(feed, position)
    try:
        return number, min(offset, os.stat(feed.path(number)).st_size)
    except FileNotFoundError as error:
        raise PositionGone(position) from error


def _ends(feed: Feed, start: Place, until: Place, shard: Shard, generation: str) -> Iterator[int]:
    """Where the lines of this manifest end that the feed tells of."""
    for _, line in told(feed, start, until, shard.owner):
        if line["month"] == shard.month and line["generation"] == generation:
            yield line["end"]


def _after(fd: int, known: int, shard: Shard, generation: str) -> list[dict[str, Any]]:
    missing = []
    for offset, line in lines(fd, known):
        try:
            head = head_of(line)
        except Damaged:
            continue
        missing.append(feed_line(head, shard, generation, offset + len(line) + 1))
    return missing
