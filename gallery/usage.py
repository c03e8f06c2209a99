"""How much there was, day by day: a sample for each day that a server ran, and today as it is.

What is there now does not tell what was there then, since what was purged left nothing behind:
so the process that runs the jobs writes it down. Days without a sample are not made up.

It is a note of the library's (``manifests/usage.json`` on files):

    {"2026-11-21": {"owners": 2, "images": 40, "trash": 3, "bytes": 2167384}}
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Annotated

import orjson
from pydantic import Field, TypeAdapter

from gallery.catalog import Catalog
from gallery.catalog.notes import Notes, read_as

NAME = "usage.json"
MOST_DAYS = 800
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Sample:
    """``images`` are active; ``owners`` have any, and ``bytes`` are those of the originals,
    trash included."""

    owners: _Count
    images: _Count
    trash: _Count
    bytes: _Count


Samples = dict[str, Sample]
"""By the day (UTC) that they are the last of."""
_SAMPLES = TypeAdapter(Samples)


def read(notes: Notes) -> Samples:
    """Oldest first. Raises Unavailable."""
    found = read_as(notes, NAME, _SAMPLES) or {}
    return dict(sorted(found.items()))


def known(catalog: Catalog) -> Samples:
    """What was noted, with today as it is now: nobody has to wait for a sample. Totals are kept,
    so it takes no longer for many images. Raises Unavailable."""
    return dict(sorted((read(catalog.notes) | {today(): _now(catalog)}).items()))


def sample(catalog: Catalog) -> Sample:
    """How much there is now, which takes the place of what else was noted today."""
    now = _now(catalog)
    _write(catalog.notes, read(catalog.notes) | {today(): now})
    return now


def bring(source: Notes, target: Notes) -> None:
    """What is known here becomes known there."""
    if known := read(source):
        _write(target, read(target) | known)


def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def _now(catalog: Catalog) -> Sample:
    owners, whole = catalog.whole()
    return Sample(owners, whole.active, whole.trash, whole.bytes)


def _write(notes: Notes, samples: Samples) -> None:
    newest = sorted(samples)[-MOST_DAYS:]
    notes.write(NAME, orjson.dumps({day: asdict(samples[day]) for day in newest}) + b"\n")
