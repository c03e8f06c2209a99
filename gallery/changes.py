"""One change of one image: what becomes of its record, and what the catalog is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from gallery.keys import Kind, folder_of
from gallery.records import MAX_INT, Record, Seen

Op = Literal["put", "edit", "trash", "restore", "purge"]
Alter = Callable[[Record], Record]
_UNSEEN = Seen(0, 0)


def edited(
    record: Record, tags: tuple[str, ...] | None = None, favorite: bool | None = None
) -> Record:
    """None leaves a field as it is."""
    return replace(
        record,
        tags=record.tags if tags is None else tags,
        favorite=record.favorite if favorite is None else favorite,
    )


def trashed(record: Record, at: int) -> Record:
    if record.status == "trash":
        return record
    return replace(record, status="trash", deleted_at=at)


def restored(record: Record) -> Record:
    return replace(record, status="active", deleted_at=None)


def altered(before: Record, alter: Alter) -> Record | None:
    """The record's next version, or None when ``alter`` leaves it as it is."""
    after = alter(before)
    return None if after == before else replace(after, rev=min(before.rev + 1, MAX_INT))


def op_between(before: Record, after: Record) -> Op:
    """The change that made the second of the first."""
    if before.status == after.status:
        return "edit"
    return "trash" if after.status == "trash" else "restore"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one image. ``at`` is its created_at; a purge carries no record."""

    op: Op
    owner: str
    id: str
    kind: Kind
    at: int
    rev: int
    record: Record | None = None
    seen: Seen = _UNSEEN

    @property
    def month(self) -> str:
        return folder_of(self.owner, self.kind, self.at).month


def change(op: Op, record: Record, seen: Seen = _UNSEEN) -> Change:
    kept = None if op == "purge" else record
    return Change(
        *(op, record.owner, record.id, record.kind, record.created_at, record.rev, kept, seen)
    )
