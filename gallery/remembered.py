"""A memory of what was found out about keys, which is good until their image changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")
Image = tuple[str, str]
"""Owner and id."""


class Memory(Generic[T]):
    """Values by key, of at most ``max_bytes`` by their weights; the oldest leave first. From
    any thread."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._values: OrderedDict[str, tuple[T, Image, int]] = OrderedDict()
        self._by_image: dict[Image, set[str]] = {}
        self._lock = threading.Lock()
        self.changes = 0
        """How many changes of images were heard of."""

    def get(self, key: str) -> T | None:
        found = self._values.get(key)
        return found[0] if found is not None else None

    def keep(self, key: str, image: Image, value: T, weight: int, changes: int) -> None:
        """Unless more than ``changes`` were heard of since: then it may be about an image that
        is gone."""
        with self._lock:
            if changes != self.changes:
                return
            self._drop(key)
            self._values[key] = value, image, weight
            self._by_image.setdefault(image, set()).add(key)
            self._bytes += weight
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._values)))

    def forget(self, owner: str, id: str) -> None:
        """An image changed; with two empty strings, any may have."""
        with self._lock:
            self.changes += 1
            if owner:
                for key in [*self._by_image.get((owner, id), ())]:
                    self._drop(key)
            else:
                self._values.clear()
                self._by_image.clear()
                self._bytes = 0

    def _drop(self, key: str) -> None:
        if key in self._values:
            _, image, weight = self._values.pop(key)
            self._bytes -= weight
            self._by_image[image].discard(key)
            if not self._by_image[image]:
                del self._by_image[image]
