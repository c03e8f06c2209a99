"""How many images there are, and how many bytes: counted by kind, and added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gallery.keys import Kind
from gallery.records import Record


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one kind. ``bytes`` counts the originals, trash included; ``first`` and
    ``last`` are the created_at of the oldest and newest active image, ``oldest_deleted``
    the earliest deleted_at in the trash (microseconds, None where there is none)."""

    active: int = 0
    trash: int = 0
    bytes: int = 0
    oldest_deleted: int | None = None
    first: int | None = None
    last: int | None = None

    @classmethod
    def of(cls, record: Record) -> Totals:
        """One image's part."""
        if record.status == "trash":
            return cls(0, 1, record.bytes, record.deleted_at or 0)
        return cls(1, 0, record.bytes, None, record.created_at, record.created_at)

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.active + other.active,
            self.trash + other.trash,
            self.bytes + other.bytes,
            _least(self.oldest_deleted, other.oldest_deleted),
            _least(self.first, other.first),
            max((t for t in (self.last, other.last) if t is not None), default=None),
        )

    def as_list(self) -> list[int | None]:
        return [
            *(self.active, self.trash, self.bytes),
            *(self.oldest_deleted, self.first, self.last),
        ]


def _least(a: int | None, b: int | None) -> int | None:
    return min((t for t in (a, b) if t is not None), default=None)


TotalsByKind = dict[Kind, Totals]


def counted(each: Iterable[Totals]) -> tuple[int, Totals]:
    """How many of these owners have images, and what they have together, without times."""
    found = [totals for totals in each if totals.active + totals.trash]
    whole = sum(found, Totals())
    return len(found), Totals(whole.active, whole.trash, whole.bytes)
