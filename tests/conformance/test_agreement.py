"""Every catalog agrees with the one in memory, whatever happened and whatever is asked."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gallery.catalog import Catalog
from gallery.catalog.memory import MemoryCatalog
from gallery.catalog.query import Query, Words
from gallery.keys import KINDS, Kind
from gallery.records import Record, Status
from gallery.totals import Totals
from tests.conformance.stores import CATALOGS, LIBRARY, Catalogs
from tests.samples import NOON, OTHER, OWNER, SECOND, apply, everything, record, seen

DAY_US = 86_400 * SECOND
WORDS = ("red", "bridge", "mist", "고양이", "다리", "cat", "Straße", "고양", "e", "ris")
STATUSES: list[tuple[Status, ...]] = [("active",), ("active",), ("active", "trash")]
SOME_KINDS: list[tuple[Kind, ...]] = [("output",), ("output",), ("input", "output"), KINDS]
STEPS = 120


class History:
    """Random changes, applied to one catalog and to the one that knows the right answers."""

    def __init__(self, dice: random.Random, catalog: Catalog) -> None:
        self.dice = dice
        self.right = MemoryCatalog()
        self.right.start(LIBRARY)
        self._catalogs = (self.right, catalog)
        self._records: dict[tuple[str, str], Record] = {}
        self._made = 0

    def step(self) -> None:
        act = self.dice.choice([self._put] * 5 + [self._edit] * 3 + [self._toggle] * 3
                               + [self._purge, self._rebuild])  # fmt: skip
        with suppress(IndexError):  # nothing there to choose from
            act()

    def _put(self) -> None:
        self._made += 1
        self._tell("put", record(
            self._made,
            owner=self.dice.choice([OWNER, OWNER, OTHER]),
            at=NOON + self.dice.randrange(120) * DAY_US // 2,
            kind=self.dice.choice(["output"] * 4 + ["input", "control"]),
            prompt=" ".join(self.dice.choices(WORDS, k=self.dice.randrange(4))) or None,
            tags=tuple(self.dice.sample(WORDS, k=self.dice.randrange(3))),
            favorite=self.dice.random() < 0.2,
            extra={"note": "x" * self.dice.randrange(300)},
        ))  # fmt: skip

    def _edit(self) -> None:
        one = self._any()
        fields: dict[str, Any] = {"favorite": not one.favorite}
        if self.dice.random() < 0.3:  # by hand
            fields["prompt"] = self.dice.choice(WORDS)
            fields["created_at"] = one.created_at + self.dice.randrange(3)
        self._tell("edit", replace(one, rev=one.rev + 1, **fields))

    def _toggle(self) -> None:
        one = self._any()
        if one.status == "trash":
            self._tell("restore", replace(one, status="active", deleted_at=None, rev=one.rev + 1))
            return
        at = NOON + 200 * DAY_US + self.dice.randrange(50)
        self._tell("trash", replace(one, status="trash", deleted_at=at, rev=one.rev + 1))

    def _purge(self) -> None:
        self._tell("purge", self._any())

    def _rebuild(self) -> None:
        owner, month = self._any().owner, self._any().month
        kept = [r for r in self._records.values() if (r.owner, r.month) == (owner, month)]
        for catalog in self._catalogs:
            with catalog.lock(owner):
                catalog.rebuild(owner, month, [(r, seen(r)) for r in kept])

    def _any(self) -> Record:
        return self.dice.choice(list(self._records.values()))

    def _tell(self, op: Any, one: Record) -> None:
        for catalog in self._catalogs:
            apply(catalog, op, one)
        if op == "purge":
            del self._records[one.owner, one.id]
        else:
            self._records[one.owner, one.id] = one

    def query(self) -> Query:
        """One of the questions that can be asked."""
        maybe, pick = self.dice.random, self.dice.choice
        deleted = maybe() < 0.2
        query = Query(
            pick([OWNER, OWNER, OTHER, None]),
            ("trash",) if deleted else pick(STATUSES),
            pick(SOME_KINDS),
            "deleted" if deleted else "created",
            page=pick([1, 1, 2, 3]),
            size=pick([1, 2, 3, 5, 10, 50]),
        )
        if maybe() < 0.5:
            return replace(query, count=maybe() < 0.2)
        words = Words.parse(pick(WORDS) if maybe() < 0.5 else f"{pick(WORDS)} -{pick(WORDS)}")
        start = NOON + self.dice.randrange(60) * DAY_US
        filters: list[dict[str, Any]] = [
            {"words": words},
            {"tag": pick(WORDS)},
            {"favorite": maybe() < 0.5},
            {"start": start, "end": start + 20 * DAY_US},
            {"start": start, "words": words},
        ]
        return replace(query, count=maybe() < 0.5, **pick(filters))


def the_same(query: Query, right: Catalog, asked: Catalog) -> None:
    expected, found = right.page(query), asked.page(query)
    assert found.items == expected.items, query
    assert found.total == expected.total, query
    assert found.bytes == expected.bytes, query
    assert found.next_cursor == expected.next_cursor, query
    whole = replace(query, page=1)
    assert everything(asked, whole) == everything(right, whole), query
    starts = list(range(NOON - DAY_US, NOON + 70 * DAY_US, 3 * DAY_US))
    if query.order == "created":
        counts = [c.timeline(query, lambda *_: starts) for c in (asked, right)]
        assert counts[0] == counts[1], query


def totals_of(catalog: Catalog, owner: str) -> dict[str, Totals]:
    return {kind: t for kind, t in catalog.totals(owner).items() if t.active or t.trash}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", sorted(set(CATALOGS) - {"memory"}))
def test_a_catalog_agrees_with_memory(name: str, seed: int, tmp_path: Path) -> None:
    both: Catalogs = CATALOGS[name](tmp_path / "manifests")
    history = History(random.Random(seed), both.write)
    for _ in range(STEPS):
        history.step()
        the_same(history.query(), history.right, both.read)
    for owner in (OWNER, OTHER):
        assert totals_of(both.read, owner) == totals_of(history.right, owner)
        for month in history.right.months(owner):
            for kind in KINDS:
                asked = both.read.seen(owner, month, kind)
                assert asked == history.right.seen(owner, month, kind)
    before = NOON + 200 * DAY_US + 25
    expired = [set(catalog.expired(before)) for catalog in (both.read, history.right)]
    assert expired[0] == expired[1]
    assert both.read.damaged() == []
    again = CATALOGS[name](tmp_path / "manifests")
    for _ in range(10):
        the_same(history.query(), history.right, again.read)
    for catalog in {both.read, both.write, again.read, again.write}:
        catalog.close()
