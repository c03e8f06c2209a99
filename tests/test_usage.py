"""How much there was, day by day, in a note that stays small."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gallery import usage
from gallery.catalog.memory import MemoryCatalog
from gallery.catalog.notes import MemoryNotes
from gallery.usage import Sample
from tests.samples import apply, record


def test_a_later_sample_of_the_day_takes_the_place_of_an_earlier_one() -> None:
    catalog = MemoryCatalog()
    assert usage.sample(catalog) == Sample(0, 0, 0, 0)
    apply(catalog, "put", record(1, bytes=10))
    apply(catalog, "put", record(2, status="trash", deleted_at=1, bytes=5))
    now = usage.sample(catalog)
    assert now == Sample(owners=1, images=1, trash=1, bytes=15)
    assert usage.read(catalog.notes) == {usage.today(): now}


def test_today_is_known_as_it_is_now_without_a_sample_and_after_one() -> None:
    catalog = MemoryCatalog()
    assert usage.known(catalog) == {usage.today(): Sample(0, 0, 0, 0)}
    assert catalog.notes.read(usage.NAME) is None
    catalog.notes.write(usage.NAME, b'{"2001-01-01":{"owners":1,"images":1,"trash":0,"bytes":9}}')
    usage.sample(catalog)
    apply(catalog, "put", record(1, bytes=10))
    assert list(usage.known(catalog).items()) == [
        ("2001-01-01", Sample(1, 1, 0, 9)),
        (usage.today(), Sample(1, 1, 0, 10)),
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"2026-01-01": {"owners": -1}}'])
def test_a_note_that_cannot_be_used_is_begun_anew(body: bytes) -> None:
    catalog = MemoryCatalog()
    catalog.notes.write(usage.NAME, body)
    assert usage.read(catalog.notes) == {}
    usage.sample(catalog)
    assert list(usage.read(catalog.notes)) == [usage.today()]


def test_only_so_many_days_are_kept() -> None:
    catalog, first = MemoryCatalog(), date(2001, 1, 1)
    notes = MemoryNotes()
    for start in (0, 500):
        days = [first + timedelta(days=start + n) for n in range(500)]
        samples = ",".join(f'"{day}":{{"owners":1,"images":2,"trash":3,"bytes":4}}' for day in days)
        notes.write(usage.NAME, f"{{{samples}}}".encode())
        usage.bring(notes, catalog.notes)
    found = list(usage.read(catalog.notes))
    assert (len(found), found[-1]) == (usage.MOST_DAYS, "2003-09-27")


def test_what_is_known_on_both_sides_is_as_the_source_says() -> None:
    source, target = MemoryNotes(), MemoryNotes()
    usage.bring(source, target)
    assert target.read(usage.NAME) is None
    source.write(usage.NAME, b'{"2026-01-02":{"owners":1,"images":2,"trash":0,"bytes":9}}')
    target.write(
        usage.NAME,
        b'{"2026-01-01":{"owners":1,"images":1,"trash":0,"bytes":1},'
        b'"2026-01-02":{"owners":0,"images":0,"trash":0,"bytes":0}}',
    )
    usage.bring(source, target)
    assert {day: one.bytes for day, one in usage.read(target).items()} == {
        "2026-01-01": 1,
        "2026-01-02": 9,
    }
