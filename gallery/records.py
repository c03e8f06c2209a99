"""The record of one image: what its sidecar says. ``encoding`` knows how that is written.

Fields this software doesn't know are kept in ``extra`` and written back on every rewrite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from gallery.keys import EXT_OF, Folder, Kind, folder_of

Status = Literal["active", "trash"]
MAX_INT = 1 << 53
"""What every reader of JSON can hold; sums of such sizes still fit 64 bits."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """One image. Times are integer microseconds since 1970 (UTC), ``bytes`` is the
    original's size, ``rev`` counts the sidecar's replacements."""

    id: str
    owner: str
    kind: Kind
    workflow_id: str | None
    aspect_ratio: str | None
    seed: int | str | None
    prompt: str | None
    original_filename: str | None
    mime: str
    bytes: int
    sha256: str
    created_at: int
    status: Status
    thumb: str
    tags: tuple[str, ...] = ()
    favorite: bool = False
    width: int | None = None
    height: int | None = None
    blurhash: str | None = None
    deleted_at: int | None = None
    rev: int = 0
    negative_prompt: str | None = None
    model: str | None = None
    source: str | None = None
    job_id: str | None = None
    parents: tuple[str, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Folder:
        return folder_of(self.owner, self.kind, self.created_at)

    @property
    def image(self) -> str:
        """The original's key."""
        return self.folder.image(self.id, EXT_OF[self.mime])

    @property
    def month(self) -> str:
        return self.folder.month


@dataclass(frozen=True, slots=True)
class Seen:
    """The sidecar's size and mtime when it was last read or written."""

    size: int
    mtime_ns: int


def to_us(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time; naive means UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except OverflowError as error:
        raise ValueError(text) from error


def to_text(us: int) -> str:
    """The time as stored: UTC, six digits and Z."""
    moment = _EPOCH.replace(tzinfo=None) + timedelta(microseconds=us)
    return f"{moment.isoformat(timespec='microseconds')}Z"
