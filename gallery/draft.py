"""The record of a new image: what was said of it, and what it says of itself; or a copy's."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from gallery import keys
from gallery.imaging import Inspection
from gallery.keys import Folder, Kind
from gallery.records import Record, to_us

DAY_US = 86_400_000_000
MAX_AHEAD_US = DAY_US
_RATIOS = ("1:1", "5:4", "4:3", "3:2", "16:10", "16:9", "21:9", "2:1", "3:1", "32:9")
_NEAR = 0.02
_MAX_NAME = 255
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draft:
    """What an uploader says of an image. ``id`` is set where a repeat must find the first."""

    owner: str
    kind: Kind = "output"
    id: str | None = None
    created_at: int | None = None
    original_filename: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    model: str | None = None
    source: str | None = None
    workflow_id: str | None = None
    aspect_ratio: str | None = None
    job_id: str | None = None
    parents: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    favorite: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


class Body(Protocol):
    """The bytes of an image, as far as its record tells of them."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...


def describe(draft: Draft, now: int, body: Body, found: Inspection) -> Record:
    """The record of a new image: what the uploader said, then what the file says. Times
    are microseconds; a created_at more than 24 hours ahead of ``now`` becomes now."""
    embedded = found.embedded
    created_at = now if draft.created_at is None else draft.created_at
    if created_at > now + MAX_AHEAD_US:
        created_at = now
    id = draft.id or keys.new_id()
    said = draft.prompt is not None
    return Record(
        id=id,
        owner=draft.owner,
        kind=draft.kind,
        workflow_id=_first(draft.workflow_id, embedded.workflow_id),
        aspect_ratio=draft.aspect_ratio or aspect_ratio(found.width, found.height),
        seed=_first(draft.seed, embedded.seed),
        prompt=_first(draft.prompt, embedded.prompt),
        original_filename=draft.original_filename,
        mime=found.mime,
        bytes=body.size,
        sha256=body.sha256,
        created_at=created_at,
        status="active",
        thumb=keys.folder_of(draft.owner, draft.kind, created_at).thumb(id),
        tags=draft.tags,
        favorite=draft.favorite,
        width=found.width,
        height=found.height,
        blurhash=found.blurhash,
        rev=1,
        # A negative prompt belongs to its prompt: not to another that was said instead.
        negative_prompt=_first(draft.negative_prompt, None if said else embedded.negative_prompt),
        model=_first(draft.model, embedded.model),
        source=_first(draft.source, embedded.source),
        job_id=draft.job_id,
        parents=draft.parents,
        extra=draft.extra,
    )


def copied(source: Record, kind: Kind, now: int) -> Record:
    """The record of a copy of that kind, made now (microseconds), whose parent the source is."""
    id = keys.new_id()
    return replace(
        source,
        id=id,
        kind=kind,
        created_at=now,
        status="active",
        deleted_at=None,
        rev=1,
        parents=(source.id,),
        thumb=keys.folder_of(source.owner, kind, now).thumb(id),
    )


def _first(*values: T | None) -> T | None:
    return next((value for value in values if value is not None), None)


def aspect_ratio(width: int, height: int) -> str:
    """The common ratio within 2 % of this one, or the exact one in lowest terms."""
    for name in _RATIOS:
        long, short = map(int, name.split(":"))
        for w, h in ((long, short), (short, long)):
            if abs(width * h / (height * w) - 1) < _NEAR:
                return f"{w}:{h}"
    divisor = math.gcd(width, height)
    return f"{width // divisor}:{height // divisor}"


def within(folder: Folder, mtime_ns: int) -> int:
    """The file's time, moved into its folder's day if it lies outside (microseconds)."""
    start = to_us(folder.day.isoformat())
    return min(max(mtime_ns // 1000, start), start + DAY_US - 1)


def shown_name(name: str | None) -> str | None:
    """A file's own name, without folders and control characters. It is only shown."""
    if not name:
        return None
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if c.isprintable())
    return kept.encode("utf-8", "replace").decode()[:_MAX_NAME]
