"""What can be filtered by is counted in the same way by every catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gallery.catalog import facets
from gallery.catalog.facets import MOST, Facets
from gallery.encoding import as_json
from gallery.records import Record
from tests.conformance.stores import Catalogs
from tests.samples import NOON, OTHER, OWNER, SECOND, apply, record

DAY_US = 86_400 * SECOND
PICTURES: dict[int, dict[str, Any]] = {
    1: {"tags": ("fox", "snow"), "workflow_id": "portrait", "aspect_ratio": "1:1"},
    2: {"tags": ("fox", "고양이"), "workflow_id": None, "aspect_ratio": None, "favorite": True},
    3: {"tags": ("\0\x1a0", "\x1a", "fox"), "workflow_id": "a\x1a", "aspect_ratio": "1:1"},
    4: {"tags": (), "workflow_id": "portrait", "aspect_ratio": "16:9", "favorite": True},
}


def fill(both: Catalogs) -> Iterator[Record]:
    for n, fields in PICTURES.items():
        one = record(n, at=NOON + n * 20 * DAY_US, **fields)
        apply(both.write, "put", one)
        yield one


def test_names_are_counted_and_the_usual_ones_come_first(both: Catalogs) -> None:
    assert len(list(fill(both))) == 4
    assert both.read.facets(OWNER, "output") == Facets(
        images=4,
        favorites=2,
        tags=[("fox", 3), ("\0\x1a0", 1), ("\x1a", 1), ("snow", 1), ("고양이", 1)],
        workflows=[("portrait", 2), ("a\x1a", 1)],
        aspect_ratios=[("1:1", 2), ("16:9", 1)],
    )


def test_only_active_images_of_one_owner_and_kind_are_counted(both: Catalogs) -> None:
    first, *_ = fill(both)
    gone = replace(first, status="trash", deleted_at=NOON, rev=2)
    apply(both.write, "trash", gone)
    apply(both.write, "put", record(8, kind="input", tags=("pose",)))
    apply(both.write, "put", record(9, owner=OTHER, tags=("theirs",)))
    found = both.read.facets(OWNER, "output")
    assert (found.images, found.tags[0]) == (3, ("fox", 2))
    assert both.read.facets(OWNER, "input").tags == [("pose", 1)]
    assert both.read.facets(OWNER, "control") == Facets()
    assert both.read.facets("nobody", "output") == Facets()


def test_there_are_only_so_many_names(both: Catalogs) -> None:
    for n in range(3):
        many = tuple(f"tag {number:03}" for number in range(n, 90))
        apply(both.write, "put", record(n, at=NOON + n * SECOND, tags=many))
    tags = both.read.facets(OWNER, "output").tags
    assert tags == [(f"tag {number:03}", 3) for number in range(2, 2 + MOST)]


def test_only_the_newest_are_looked_at(both: Catalogs, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pages", "memory", "postgres.counts"):
        monkeypatch.setattr(f"gallery.catalog.{module}.NEWEST", 2)
    list(fill(both))
    found = both.read.facets(OWNER, "output")
    assert (found.images, found.favorites, found.workflows) == (
        2,
        1,
        [("a\x1a", 1), ("portrait", 1)],
    )


def test_names_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "_NAMES", 100)
    many = (
        as_json(record(1, tags=("usual", *(f"{n} {number}" for number in range(60)))))
        for n in range(50)
    )
    found = facets.facets(many)
    assert found.images == 50
    assert found.tags[0] == ("usual", 50)
