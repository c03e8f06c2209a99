"""The scrub's checkpoint: how far it is, and which originals are not what they were.

It is a note of the library's (``manifests/scrub.json`` on files) and can be thrown away: the
next scrub begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, TypeAdapter

from gallery.catalog.notes import Notes, read_as
from gallery.records import to_text

NAME = "scrub.json"
LOCK = "scrub"
"""Held by whoever scrubs."""
_Time = Annotated[int, Field(ge=0, lt=1 << 57)]
"""Microseconds since 1970; any of them can be shown as a date."""
_Count = Annotated[int, Field(ge=0)]
Place = tuple[str, str, str]
"""Owner, month and id: the order in which images are looked at."""
What = Literal["damaged", "missing", "unreadable"]


@dataclass(frozen=True, slots=True)
class Damage:
    """``since`` is when it was found."""

    what: What
    since: _Time

    def __str__(self) -> str:
        return f"{self.what} since {to_text(self.since)}"


@dataclass(slots=True)
class Checkpoint:
    """``began``, ``images`` and ``bytes`` are of the pass that is ``under_way``, or of the
    last one; ``ended`` is when one last came to its end, ``checked_bytes`` of all of them.
    ``damaged`` is by the key of the original."""

    library: str = ""
    under_way: bool = False
    began: _Time | None = None
    ended: _Time | None = None
    after: Place | None = None
    images: _Count = 0
    bytes: _Count = 0
    checked_bytes: _Count = 0
    damaged: dict[str, Damage] = field(default_factory=dict)

    def begin(self, now: int) -> None:
        self.under_way, self.began, self.after = True, now, None
        self.images = self.bytes = 0

    def end(self, now: int) -> None:
        self.under_way, self.ended, self.after = False, now, None

    def as_json(self) -> dict[str, Any]:
        """What the last pass came to, for programs."""
        damaged = [
            {"what": damage.what, "name": image, "since": to_text(damage.since)}
            for image, damage in self.damaged.items()
        ]
        return {"images": self.images, "bytes": self.bytes, "damaged": damaged}

    def lines(self) -> Iterator[str]:
        """The same for people: a line a damaged image, then the sums."""
        for image, damage in self.damaged.items():
            yield f"{damage}: {image}"
        yield f"{self.images} images, {self.bytes} bytes, {len(self.damaged)} damaged"


_CHECKPOINT = TypeAdapter(Checkpoint)


def read(notes: Notes) -> Checkpoint | None:
    """The checkpoint; None where there is none that can be used. Raises Unavailable."""
    return read_as(notes, NAME, _CHECKPOINT)


def write(notes: Notes, state: Checkpoint) -> None:
    """Raises Unavailable and StorageFull; what was there is then as it was."""
    notes.write(NAME, orjson.dumps(asdict(state)) + b"\n")
