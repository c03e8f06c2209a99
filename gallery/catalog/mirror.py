"""How a process learns what any process wrote: its memory is kept level with the feed.

Everything that is held was read from the files, also what this process wrote itself.
``sync`` reads what is new; one fstat tells that nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from gallery.catalog import Listener
from gallery.catalog.at_hand import AtHand
from gallery.catalog.feed import Feed, FeedLost
from gallery.catalog.folder import ManifestFolder
from gallery.catalog.held import Held, Owner
from gallery.catalog.ring import Ring
from gallery.catalog.shard import Replaced
from gallery.errors import Unavailable, storage

_TRIES = 5
T = TypeVar("T")


class Mirror:
    """What is ``held`` of the manifests, and the pages that are ``at_hand``, up to where this
    process has read the feed."""

    def __init__(
        self, folder: ManifestFolder, feed: Feed, *, memory_bytes: int, ring_items: int
    ) -> None:
        self.feed = feed
        self.listeners: list[Listener] = []
        ring = Ring(ring_items, memory_bytes // 4)
        self.held = Held(folder, ring, shard_bytes=memory_bytes * 3 // 4)
        self.at_hand = AtHand(self.held)
        self._users = folder.users
        self._learning = False

    def fresh(self) -> bool:
        """Whether all that any process has written is known here. News that was read and
        not yet taken in is not known, so the size is looked at first."""
        return self.feed.fresh() and not self._learning

    def sync(self) -> None:
        """Reads what any process has written since."""
        with storage(self.feed.folder, ours=True), self.held.lock:
            if not self.feed.fresh():
                self._learn_from(self.feed.poll)

    def announce(self, line: Mapping[str, Any]) -> None:
        """Appends to the feed, and reads what is new up to and including that line."""
        with self.held.lock:
            self._learn_from(lambda: self.feed.append(line))

    def position(self) -> str:
        """Up to where in the feed everything is known here."""
        with self.held.lock:
            return self.feed.position

    def ask(self, question: Callable[[Held], T]) -> T:
        """The answer to ``question`` on what is known now; asked again when a manifest
        turns out to have been replaced meanwhile."""
        for _ in range(_TRIES):
            self.sync()
            try:
                with storage(self._users, ours=True):
                    return question(self.held)
            except Replaced as stale:
                self.held.renew(stale.shard)
        raise Unavailable("the manifests change faster than they can be read")

    # -- taking in lines ------------------------------------------------------------------

    def _learn_from(self, source: Callable[[], Iterable[dict[str, Any]]]) -> None:
        self._learning = True
        try:
            for line in source():
                if owner := self.held.owners.get(line["owner"]):
                    self._refresh(owner, line)
                self._tell(line["owner"], line.get("id", ""))
        except FeedLost:
            self._forget()
        except BaseException:
            self._forget()  # the lines that were not come to are not given again
            raise
        finally:
            self._learning = False

    def _refresh(self, owner: Owner, line: dict[str, Any]) -> None:
        """Of an owner who isn't known, nothing needs to be learnt."""
        name, month = line["owner"], line["month"]
        shard = owner.months.get(month)
        if shard is None or shard.generation != line["generation"]:
            after = self.held.replace(owner, name, month)
            if shard and line["op"] != "load" and after.generation == line["generation"]:
                self.held.damage.begun_anew(shard, after)
        elif shard.end < line["end"]:
            self.held.read_on(shard)
            if shard.end < line["end"]:  # replaced since, which the feed is yet to tell
                self.held.replace(owner, name, month)
        if shard is not None and shard.generation == line["generation"]:
            shard.told = line["end"]

    def _forget(self) -> None:
        """Everything is to be read again."""
        self.held.clear()
        self.at_hand.close_files()
        self._tell("", "")

    def _tell(self, owner: str, id: str) -> None:
        for listener in self.listeners:
            listener(owner, id)
