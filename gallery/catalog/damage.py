"""How it is noticed that manifests are damaged. Those are rebuilt from the sidecars.

- A line that cannot be read is skipped by ``shard.read_on``, which marks the shard.
- ``shard.load`` marks one whose last line counts other images than its lines make. So it
  notices lines that are missing, or stand in another order.
- A manifest that is shorter than it was, or began anew without a rebuild, is noticed here,
  by comparing it with what was known of it.
"""

from __future__ import annotations

from gallery.catalog.shard import Shard


class Damage:
    """Which manifests are marked. Not thread-safe: the catalog's lock is held around every
    call."""

    def __init__(self) -> None:
        self._places: set[tuple[str, str]] = set()

    def note(self, shard: Shard) -> None:
        """Whether it is marked, after it was read or read on."""
        place = (shard.owner, shard.month)
        (self._places.add if shard.damaged else self._places.discard)(place)

    def shortened(self, before: Shard, after: Shard) -> None:
        """Compares what one manifest was with what its file is."""
        if after.end < before.end and after.generation in ("", before.generation):
            self._mark(after)  # removed or cut: the tree will tell what it said

    def begun_anew(self, before: Shard, after: Shard) -> None:
        """Only a rebuild begins a manifest anew. Who writes the first line of one that was
        emptied or removed can't tell it from a new one, and knows nothing of the lines it had."""
        if before.end or before.damaged:
            self._mark(after)

    def _mark(self, shard: Shard) -> None:
        shard.damaged = True
        self.note(shard)

    def places(self) -> list[tuple[str, str]]:
        """(owner, month) of the manifests that are marked."""
        return sorted(self._places)

    def clear(self) -> None:
        self._places.clear()
