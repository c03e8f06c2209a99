"""Filters, words and the timeline: the same from every catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gallery.catalog.query import Query, Words
from tests.conformance.stores import Catalogs
from tests.samples import NOON, OTHER, OWNER, SECOND, apply, everything, ids, record

DAY_US = 86_400 * SECOND
ACTIVE = Query(OWNER)
TRASH = Query(OWNER, ("trash",), ("output", "input", "control"), "deleted")


PICTURES: dict[int, dict[str, Any]] = {
    1: {"prompt": "A red bridge in the mist", "tags": ("bridge", "red"), "favorite": True},
    2: {"prompt": "빨간 다리를 건너는 고양이", "tags": ("고양이",), "aspect_ratio": "1:1"},
    3: {"prompt": "the Bridge of Café Straße", "workflow_id": "upscale"},
    4: {"prompt": None, "aspect_ratio": "1:1", "favorite": True},
    5: {"prompt": "a cat,\nmisty morning; mist\0bridge", "tags": ("bridge",)},
    6: {"prompt": "고양이와 강아지", "workflow_id": None},
}


@pytest.fixture
def pictures(both: Catalogs) -> Catalogs:
    for n, fields in PICTURES.items():
        at = NOON + n * 10 * DAY_US
        apply(both.write, "put", record(n, at=at, bytes=1_000 + n, **fields))
    return both


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tag": "bridge"}, [5, 1]),
        ({"tag": "bri"}, []),
        ({"tag": "고양이"}, [2]),
        ({"aspect_ratio": "1:1"}, [4, 2]),
        ({"workflow_id": "upscale"}, [3]),
        ({"favorite": True}, [4, 1]),
        ({"favorite": False}, [6, 5, 3, 2]),
        ({"favorite": True, "aspect_ratio": "4:3"}, [1]),
        ({"start": NOON + 20 * DAY_US}, [6, 5, 4, 3, 2]),
        ({"end": NOON + 20 * DAY_US}, [1]),
        ({"start": NOON + 20 * DAY_US, "end": NOON + 40 * DAY_US}, [3, 2]),
        ({"start": NOON + 20 * DAY_US, "end": NOON + 50 * DAY_US, "tag": "고양이"}, [2]),
        ({"start": NOON + 999 * DAY_US}, []),
        ({"start": NOON + 40 * DAY_US, "end": NOON + 20 * DAY_US}, []),
    ],
)
def test_filters_leave_what_fits(
    pictures: Catalogs, fields: dict[str, Any], expected: list[int]
) -> None:
    holds(pictures, fields, expected)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("bridge", [5, 3, 1]),
        ("BRIDGE", [5, 3, 1]),
        ("bridge red", [1]),
        ("red bridge mist", [1]),
        ('"red bridge"', [1]),
        ('"bridge red"', []),
        ('"red bridge', [1]),
        ("bridge -red", [5, 3]),
        ('bridge -"red bridge" -straße', [5]),
        ("-bridge", [6, 4, 2]),
        ("-bridge -고양이", [4]),
        ("mist", [5, 1]),
        ("misty", [5]),
        ("고양이", [6, 2]),
        ("다리", [2]),
        ("양", [6, 2]),
        ("빨간 고양이", [2]),
        ("고양이".encode().decode(), [6, 2]),
        ("café", [3]),
        ("cafe\u0301", [3]),
        ("STRASSE", [3]),
        ("mist bridge", [5, 1]),
        ("unicorn", []),
        ("cat, morning;", [5]),
        ("\0bridge", [5, 3, 1]),
    ],
)
def test_words_are_found_in_prompts(pictures: Catalogs, q: str, expected: list[int]) -> None:
    holds(pictures, {"words": Words.parse(q)}, expected)


def test_korean_is_found_however_it_is_composed(pictures: Catalogs) -> None:
    decomposed = "\u1100\u1169\u110b\u1163\u11bc\u110b\u1175"
    holds(pictures, {"words": Words.parse(decomposed)}, [6, 2])


@pytest.mark.parametrize("q", ["", "  ", '""', '-""'])
def test_no_words_are_no_filter(q: str) -> None:
    assert Words.parse(q) is None


def holds(both: Catalogs, fields: dict[str, Any], expected: list[int]) -> None:
    """The filter finds these, by cursor and by number, and counts them when asked to."""
    query = Query(OWNER, size=2, **fields)
    assert everything(both.read, query) == expected
    pages = [ids(both.read.page(replace(query, page=page))) for page in (1, 2, 3, 4)]
    assert [n for page in pages for n in page] == expected
    assert both.read.page(query).total is None
    first = both.read.page(replace(query, count=True))
    assert first.total == len(expected)
    assert first.bytes == sum(1_000 + n for n in expected)
    if first.next_cursor:
        after = replace(query, count=True).after(first.next_cursor)
        assert both.read.page(after).total == len(expected)


def test_an_edited_image_is_found_by_what_it_is_now(pictures: Catalogs) -> None:
    words, tag = Query(OWNER, words=Words.parse("harbour")), Query(OWNER, tag="bridge")
    assert (ids(pictures.read.page(words)), ids(pictures.read.page(tag))) == ([], [5, 1])
    edited = record(1, at=NOON + 10 * DAY_US, prompt="a harbour", rev=2)
    apply(pictures.write, "edit", edited)
    assert (ids(pictures.read.page(words)), ids(pictures.read.page(tag))) == ([1], [5])


def test_the_timeline_counts_each_image_once(both: Catalogs) -> None:
    for n, day in enumerate([0, 0, 1, 20, 20, 20, 50]):
        apply(both.write, "put", record(n, at=NOON + day * DAY_US))
    asked: list[tuple[int, int]] = []

    def starts(first: int, last: int) -> list[int]:
        asked.append((first, last))
        return [at - NOON % DAY_US for at in range(first, last + 1, DAY_US)]

    counts = both.read.timeline(Query(OWNER), starts)
    assert asked == [(NOON, NOON + 50 * DAY_US)]
    assert {day: n for day, n in enumerate(counts) if n} == {0: 2, 1: 1, 20: 3, 50: 1}
    ranged = Query(OWNER, start=NOON + DAY_US, end=NOON + 30 * DAY_US)
    assert sum(both.read.timeline(ranged, starts)) == 4
    assert both.read.timeline(Query(OTHER), starts) == []


def test_the_timeline_counts_what_the_query_finds(pictures: Catalogs) -> None:
    query = Query(OWNER, words=Words.parse("고양이"))
    counts = pictures.read.timeline(query, lambda first, last: [first, last])
    assert counts == [1, 1]


def test_without_a_filter_bytes_are_summed_when_a_count_is_asked_for(pictures: Catalogs) -> None:
    gone: dict[str, Any] = {"status": "trash", "deleted_at": NOON, "bytes": 1_006, "rev": 2}
    apply(pictures.write, "trash", record(6, at=NOON + 60 * DAY_US, **gone))
    page = pictures.read.page(Query(OWNER, size=2, count=True))
    assert (page.total, page.bytes) == (5, 5_000 + 1 + 2 + 3 + 4 + 5)
    assert pictures.read.page(Query(OWNER, size=2)).bytes is None
    trash = pictures.read.page(replace(TRASH, count=True))
    assert (trash.total, trash.bytes) == (1, 1_006)
    nobody = pictures.read.page(Query(OTHER, count=True))
    assert (nobody.total, nobody.bytes) == (0, 0)
