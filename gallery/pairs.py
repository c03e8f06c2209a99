"""The two pairs of stores that the settings of a library name that may move: in which of them it
lives, and what lies in the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from gallery import backends, generation
from gallery.dwelling import Dwelling, active
from gallery.errors import StartRefused, Unavailable
from gallery.generation import Stores
from gallery.library import Library
from gallery.settings import MIB, Settings

_LITTLE = {"memory_bytes": 8 * MIB, "ring_items": 0}


class Pairs:
    """Those of ``settings``, the first of which is where the library lives while nothing is
    written down."""

    def __init__(self, settings: Settings) -> None:
        there = generation.other(settings)
        if there is None:
            raise ValueError("the settings name one pair of stores")
        self._settings = settings
        self._pairs = {Stores.of(pair): pair for pair in (settings, there)}
        self._record = generation.record_of(settings)
        self._first = Stores.of(settings)

    def active(self) -> Stores:
        """Where the library lives, after a look also at what is noted in the databases. Raises
        StartRefused."""
        return Stores.of(active(self._settings))

    def lives(self, before: Stores) -> Stores:
        """Where the library lives: one stat. While there is no record, or the tree is away, it
        is where it lived before: who writes there finds out more."""
        with suppress(Unavailable):
            if found := self._record.read():
                return found.stores
        return before

    def turns(self) -> int:
        """How often the library turned."""
        return self._record.turns()

    def settings(self, stores: Stores) -> Settings:
        return self._pairs[stores]

    def other(self, stores: Stores) -> Stores:
        (found,) = self._pairs.keys() - {stores}
        return found

    def dwelling(self, stores: Stores) -> Dwelling:
        return Dwelling(self._pairs[stores], self._first)

    def holds(self, stores: Stores, library: Library) -> bool:
        """Whether the catalog there is of this library. Raises StartRefused."""
        return backends.known_library(self._pairs[stores]) == library.blobs.library

    def left(self, library: Library, lives: Stores, has_moved: Callable[[], bool]) -> Library:
        """What the library that lives there was before it moved, opened to be written to until
        it has moved again. Raises StartRefused, and GalleryError."""
        stores = self.other(lives)
        if not self.holds(stores, library):
            raise StartRefused("the library that was there is gone")
        settings = self._pairs[stores].model_copy(update=_LITTLE)
        left = Library(*backends.stores(settings, has_moved))
        try:
            left.start(recover=False)
        except BaseException:
            left.close()
            raise
        return left
