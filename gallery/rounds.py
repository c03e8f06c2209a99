"""What the periodic jobs did last, told by the process that runs them to whichever is asked.

It is a note of the library's (``manifests/jobs.json`` on files) and can be thrown away.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Annotated

import orjson
from pydantic import Field, TypeAdapter

from gallery.catalog.notes import Notes, read_as
from gallery.errors import GalleryError

NAME = "jobs.json"
_Time = Annotated[int, Field(ge=0, lt=1 << 57)]
Figures = dict[str, int]


@dataclass(slots=True)
class Round:
    """The last time that a job was done: when it ``began`` (microseconds) and how long it took,
    what it came to, or why it came to nothing; and when it is ``due`` again."""

    began: _Time
    seconds: float = 0.0
    due: _Time | None = None
    figures: Figures = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Rounds:
    """``host`` and ``pid`` are of the process that did them last."""

    host: str
    pid: int
    jobs: dict[str, Round]


_ROUNDS = TypeAdapter(Rounds)


def read(notes: Notes) -> Rounds | None:
    """None where nothing is known. Raises Unavailable."""
    return read_as(notes, NAME, _ROUNDS)


@contextmanager
def noted(notes: Notes, job: str, every: float) -> Iterator[Round]:
    """Notes a job that is done every so many seconds; what it came to is for whoever does it to
    say. That it cannot be noted keeps no job from being done."""
    began = time.time()
    done = Round(int(began * 1e6))
    try:
        yield done
    except Exception as error:
        done.error = str(error) or type(error).__name__
        raise
    finally:
        done.seconds = time.time() - began
        done.due = done.due or int((time.time() + every) * 1e6)
        with suppress(GalleryError):
            known = read(notes)
            jobs = {**(known.jobs if known else {}), job: done}
            told = Rounds(socket.gethostname(), os.getpid(), jobs)
            notes.write(NAME, orjson.dumps(asdict(told)) + b"\n")
