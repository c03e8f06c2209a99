"""What one owner may have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gallery.errors import TooLarge
from gallery.totals import Totals


@dataclass(frozen=True, slots=True)
class Quota:
    """What one owner may have, trash included; None is no limit."""

    bytes: int | None = None
    count: int | None = None

    def check(self, kinds: Iterable[Totals], size: int) -> None:
        """Raises TooLarge when ``size`` more bytes in one more image would be too much for
        somebody who has these totals."""
        totals = sum(kinds, Totals())
        count = totals.active + totals.trash
        if self.bytes is not None and totals.bytes + size > self.bytes:
            raise TooLarge(f"{totals.bytes} of {self.bytes} bytes are used", code="quota_bytes")
        if self.count is not None and count + 1 > self.count:
            raise TooLarge(f"{count} of {self.count} images are there", code="quota_count")


UNLIMITED = Quota()
