"""What is held of manifests in memory, and whose they are."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query, Words
from gallery.errors import StartRefused, Unavailable
from tests.conformance.stores import LIBRARY, TIGHT
from tests.conftest import Open
from tests.samples import NOON, OTHER, OWNER, SECOND, apply, everything, ids, record, seen

DAY_US = 86_400 * SECOND
ACTIVE = Query(OWNER)


def loaded(catalog: ManifestCatalog) -> list[str]:
    return [month for _, month in catalog.mirror.held._loaded]


def many_months(catalog: ManifestCatalog) -> None:
    apply(catalog, "put", *(record(n, at=NOON + n * 10 * DAY_US) for n in range(30)))


def test_a_page_reads_only_the_months_it_reaches(opened: Open) -> None:
    first = opened()
    many_months(first)
    first.close()
    catalog = opened(ring=0)
    catalog.totals(OWNER)
    assert loaded(catalog) == []
    assert ids(catalog.page(Query(OWNER, size=2))) == [29, 28]
    assert loaded(catalog) == ["2026-12"]
    assert ids(catalog.page(Query(OWNER, size=2, page=8))) == [15, 14]
    assert "2026-11" not in loaded(catalog)


def test_months_are_let_go_of_when_memory_is_short(opened: Open) -> None:
    catalog = opened(memory=TIGHT)
    many_months(catalog)
    query = Query(OWNER, size=4, words=Words.parse("bridge"))
    assert everything(catalog, query) == list(range(29, -1, -1))
    assert len(loaded(catalog)) < 4
    weight = sum(shard.weight() for shard in catalog.mirror.held._loaded.values())
    assert weight <= TIGHT


def test_words_are_found_in_every_month_though_memory_is_short(opened: Open) -> None:
    """Texts of prompts come and go while one question is answered."""
    catalog = opened(memory=TIGHT, ring=0)
    for n in range(40):
        word = "odd" if n % 2 else "even"
        apply(catalog, "put", record(n, at=NOON + n * 8 * DAY_US, prompt=f"{word} {n:02}"))
    for word, first in (("odd", 39), ("even", 38)):
        found = everything(catalog, Query(OWNER, size=50, words=Words.parse(word)))
        assert found == list(range(first, -1, -2))


def test_what_memory_answers_is_at_hand_without_blocking(opened: Open) -> None:
    one, two = opened(), opened()
    many_months(one)
    assert two.page_now(ACTIVE) is None
    page = two.page(ACTIVE)
    assert two.fresh()
    assert two.page_now(ACTIVE) == page
    apply(one, "put", record(50, at=NOON + 400 * DAY_US))
    assert not two.fresh()
    assert two.page_now(ACTIVE) is None
    assert two.page(ACTIVE).total == 31
    assert two.page_now(ACTIVE) == two.page(ACTIVE)
    assert two.page_now(replace(ACTIVE, tag="x")) is None


@pytest.mark.parametrize("ring", [0, 10_000])
def test_what_was_put_before_a_rebuild_is_seen_before_the_feed_tells_of_the_rebuild(
    opened: Open, monkeypatch: pytest.MonkeyPatch, ring: int
) -> None:
    """A manifest is replaced first and announced then: a reader may come in between."""
    writer, reader, rebuilder = opened(), opened(ring=ring), opened()
    one, two = record(1), record(2)
    apply(writer, "put", one)
    assert reader.get(OWNER, one.id)
    assert ids(reader.page(ACTIVE)) == [1]
    apply(writer, "put", two)
    month = one.folder.month
    with monkeypatch.context() as patch, rebuilder.lock(OWNER):
        patch.setattr(rebuilder.mirror, "announce", lambda _: None)
        rebuilder.rebuild(OWNER, month, [(one, seen(one)), (two, seen(two))])
    assert reader.get(OWNER, two.id)
    assert ids(reader.page(ACTIVE)) == [2, 1]
    assert reader.page(ACTIVE).total == 2
    assert reader.damaged() == []


@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("removed", [True, False])
def test_a_manifest_that_lost_its_lines_is_damaged_though_somebody_goes_on_writing_into_it(
    opened: Open, manifests: Path, knows: bool, removed: bool
) -> None:
    """Whoever writes first may know the lines it had, or may never have read them."""
    writer, reader = opened(), opened()
    one, two = record(1), record(2)
    apply(writer, "put", one)
    assert ids(reader.page(ACTIVE)) == [1]
    path = manifests / "users" / OWNER / f"{one.folder.month}.jsonl"
    path.unlink() if removed else path.write_bytes(b"")
    apply(writer if knows else opened(), "put", two)
    assert reader.get(OWNER, two.id)
    assert reader.damaged() == [(OWNER, one.folder.month)]
    reader.rebuild(OWNER, one.folder.month, [(one, seen(one)), (two, seen(two))])
    assert ids(reader.page(ACTIVE)) == [2, 1]
    assert reader.damaged() == []


# -- opening --------------------------------------------------------------------------------


def test_an_image_on_its_way_to_the_trash_is_listed_once(
    opened: Open,
) -> None:
    catalog = opened(ring=0)
    apply(catalog, "put", record(1))
    done = Event()

    def to_and_fro() -> None:
        for rev in range(2, 200, 2):
            apply(catalog, "trash", record(1, status="trash", deleted_at=NOON + rev, rev=rev))
            apply(catalog, "restore", record(1, rev=rev + 1))
        done.set()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    mover = Thread(target=to_and_fro)
    mover.start()
    found = set()
    while not done.is_set():
        found.add(tuple(ids(catalog.page(Query(OWNER, ("active", "trash"))))))
    mover.join()
    sys.setswitchinterval(before)
    assert found == {(1,)}


def test_manifests_know_their_library(manifests: Path, opened: Open) -> None:
    assert library_of(str(manifests)) is None
    opened()
    assert library_of(str(manifests)) == LIBRARY
    (manifests / "library.json").write_bytes(b"{")
    with pytest.raises(StartRefused, match="cannot be read"):
        library_of(str(manifests))


def test_manifests_that_are_away_are_unavailable(
    manifests: Path, opened: Open, tmp_path: Path
) -> None:
    catalog = opened()
    apply(catalog, "put", record(1), record(2, owner=OTHER))
    assert ids(catalog.page(ACTIVE)) == [1]
    manifests.rename(tmp_path / "unplugged")
    for ask in (
        lambda: catalog.page(Query("somebody-else")),
        lambda: catalog.owners(),
        lambda: catalog.months("somebody-else"),
        lambda: apply(catalog, "put", record(3)),
    ):
        with pytest.raises(Unavailable):
            ask()
    assert not manifests.exists()
    (tmp_path / "unplugged").rename(manifests)
    apply(catalog, "put", record(3))
    assert ids(catalog.page(ACTIVE)) == [3, 1]
