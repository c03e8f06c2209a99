"""What the periodic jobs did last, in a note."""

from __future__ import annotations

import os

import pytest

from gallery import rounds
from gallery.catalog.notes import FileNotes, MemoryNotes
from gallery.rounds import Round


def done(notes: MemoryNotes, job: str) -> Round:
    known = rounds.read(notes)
    assert known is not None
    assert known.pid == os.getpid()
    return known.jobs[job]


def test_a_job_is_noted_beside_the_others() -> None:
    notes = MemoryNotes()
    with rounds.noted(notes, "walk", 60) as walk:
        walk.figures = {"images": 7}
    with rounds.noted(notes, "tidying", 3600) as tidying:
        tidying.due = 1_795_231_000_000_000
    first = done(notes, "walk")
    assert (first.figures, first.error) == ({"images": 7}, None)
    assert first.due is not None
    assert first.due >= first.began + 60_000_000
    assert done(notes, "tidying").due == 1_795_231_000_000_000


def test_a_job_that_failed_says_why_and_fails() -> None:
    notes = MemoryNotes()
    with pytest.raises(OSError, match="broken"), rounds.noted(notes, "walk", 60):
        raise OSError("the disk is broken")
    assert done(notes, "walk").error == "the disk is broken"
    with rounds.noted(notes, "walk", 60):
        pass
    assert done(notes, "walk").error is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"host": 1}'])
def test_a_note_that_cannot_be_used_is_begun_anew(body: bytes) -> None:
    notes = MemoryNotes()
    notes.write(rounds.NAME, body)
    assert rounds.read(notes) is None
    with rounds.noted(notes, "walk", 60):
        pass
    assert done(notes, "walk").error is None


def test_a_job_that_cannot_be_noted_is_done() -> None:
    worked = []
    with rounds.noted(FileNotes("/nowhere"), "walk", 60):
        worked.append(1)
    assert worked == [1]
