"""Catalogs that were lost or damaged: made again from the sidecars, whatever comes between."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery import commands
from gallery.blobs import Listed
from gallery.bulk import Bulk
from gallery.catalog.query import Query
from gallery.draft import DAY_US
from gallery.errors import NotFound, Unavailable
from gallery.healing import Healing
from gallery.journal import Wanted
from gallery.library import Library
from gallery.records import Seen
from gallery.settings import load
from tests.samples import NOON, OTHER, OWNER, ident, ids, plant, put, record, upload

OWNERS = ("kim", "lee", "max")


class Killed(BaseException):
    """The end of a process, wherever it is."""


def lose_catalog(library: Library) -> None:
    """Leaves a tree that knows three, beside a catalog that knows nobody."""
    for owner in OWNERS:
        plant(library.blobs, record(1, owner=owner))


def killed_at(owner: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process recovers the catalog, and is killed when it comes to this owner."""
    with monkeypatch.context() as patch:
        dies_at(owner, patch)
        with pytest.raises(Killed):
            again(library).recover()


def dies_at(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever rebuilds is killed when it comes to this owner."""
    rebuild = Healing.rebuild

    def rebuilt(healing: Healing, of: str) -> int:
        if of == owner:
            raise Killed
        return rebuild(healing, of)

    monkeypatch.setattr(Healing, "rebuild", rebuilt)


def again(library: Library) -> Healing:
    """As the next process has it."""
    return Healing(library.blobs, library.catalog, library.sidecars)


def known(library: Library) -> list[str]:
    catalog = library.catalog
    return [owner for owner in OWNERS if catalog.get(owner, record(1).id)]


@pytest.mark.parametrize("noted_every", [0.0, 5.0])
def test_a_rebuild_that_was_cut_short_goes_on_at_the_next_start(
    library_on_each: Library, monkeypatch: pytest.MonkeyPatch, noted_every: float
) -> None:
    library = library_on_each
    monkeypatch.setattr("gallery.healing.NOTED_SECONDS", noted_every)
    lose_catalog(library)
    killed_at("lee", library, monkeypatch)
    assert known(library) == ["kim"]
    again(library).recover()
    assert known(library) == [*OWNERS]


def test_a_rebuild_that_was_cut_short_does_not_begin_anew(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a start may take no longer than so, it would never come to its end."""
    monkeypatch.setattr("gallery.healing.NOTED_SECONDS", 0.0)
    lose_catalog(library)
    for owner in OWNERS[1:]:
        killed_at(owner, library, monkeypatch)
    dies_at("kim", monkeypatch)
    again(library).recover()
    assert known(library) == [*OWNERS]


def test_a_rebuild_that_came_to_its_end_is_not_done_again(
    library_on_each: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_catalog(library_on_each)
    library_on_each.healing.recover()
    for owner in OWNERS:
        dies_at(owner, monkeypatch)
    again(library_on_each).recover()


def test_what_is_away_when_a_rebuild_goes_on_waits_for_the_next_start(
    library: Library, monkeypatch: pytest.MonkeyPatch, outputs: Path
) -> None:
    """Of an owner without a folder the tree says nothing; and a tree that is away, of nobody."""
    lose_catalog(library)
    killed_at("lee", library, monkeypatch)
    there = outputs / "users"
    away = there.rename(outputs / "away")
    with pytest.raises(Unavailable):
        again(library).recover()
    away.rename(there)
    again(library).recover()
    assert known(library) == [*OWNERS]


def test_a_rebuild_by_command_that_was_cut_short_is_ended_by_the_next_start(
    library: Library, outputs: Path, manifests: Path
) -> None:
    """So it need not be run again before the server is started."""
    settings = load(outputs=outputs, manifests=manifests)
    lose_catalog(library)
    commands.rebuild(settings, ["kim"], 1, lambda: None)
    upload(library, owner="max")
    assert known(library) == ["kim"]
    again(library).recover()
    assert known(library) == [*OWNERS]


def test_a_rebuild_by_command_leaves_nothing_to_the_next_start(
    library: Library, outputs: Path, manifests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(outputs=outputs, manifests=manifests)
    lose_catalog(library)
    killed_at("lee", library, monkeypatch)
    commands.rebuild(settings, [*OWNERS], 1, lambda: None)
    for owner in OWNERS:
        dies_at(owner, monkeypatch)
    again(library).recover()


# -- a damaged month ------------------------------------------------------------------------


def spoil(library: Library, manifests: Path) -> None:
    """No line of the owner's second image can be read any more."""
    [month] = library.catalog.months(OWNER)
    manifest = manifests / "users" / OWNER / f"{month}.jsonl"
    manifest.write_bytes(manifest.read_bytes().replace(b"pixels 2", b"pixels 5"))
    library.catalog.close()
    library.catalog.start(library.blobs.library)


@pytest.fixture
def damaged(library: Library, manifests: Path) -> Library:
    """The other owner has an image that nothing is wrong with."""
    for n in (1, 2, 3):
        put(library, n, original_filename=f"pixels {n}")
    upload(library, owner=OTHER, id=ident(4))
    spoil(library, manifests)
    return library


def test_a_month_that_cannot_be_rebuilt_is_not_read_again_by_each_request(
    damaged: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody's bad disk keeps from being mended costs nobody else a look at it."""
    tried: list[str] = []
    fetch = damaged.blobs.fetch

    def failing(listed: Listed, most: int) -> tuple[bytes, Seen]:
        if f"/{OWNER}/" in listed.key:
            tried.append(listed.key)
            raise Unavailable("Input/output error")
        return fetch(listed, most)

    with monkeypatch.context() as patch:
        patch.setattr(damaged.blobs, "fetch", failing)
        assert ids(damaged.page(Query(OWNER))) == [3, 1]
        first = len(tried)
        assert first
        for _ in range(3):
            assert damaged.get(OTHER, ident(4))
            assert ids(damaged.page(Query(OWNER))) == [3, 1]
        assert len(tried) == first
        damaged.healing.heal()
        assert len(tried) > first
    monkeypatch.setattr("gallery.healing.REST_SECONDS", 0.0)
    assert ids(damaged.page(Query(OWNER))) == [3, 2, 1]


def test_a_repeated_upload_finds_its_image_though_its_line_cannot_be_read(
    damaged: Library,
) -> None:
    """Days later, so it is not looked for where it lies."""
    damaged.clock = lambda: NOON + 5 * DAY_US
    stored = upload(damaged, b"pixels 2", id=ident(2))
    assert stored.repeated
    assert stored.entry.record.created_at == NOON
    assert ids(damaged.page(Query(OWNER))) == [3, 2, 1]


def test_a_change_of_many_finds_an_image_though_its_line_cannot_be_read(damaged: Library) -> None:
    bulk = Bulk(damaged)
    report = bulk.run(OWNER, Wanted("delete", (ident(1), ident(2))), ident(99))
    assert [item.outcome for item in report.outcomes] == ["done", "done"]


def test_an_undo_finds_an_image_though_its_lines_cannot_be_read(
    library: Library, manifests: Path
) -> None:
    bulk = Bulk(library)
    put(library, 2, original_filename="pixels 2")
    bulk.run(OWNER, Wanted("favorite", (ident(2),)), ident(99))
    spoil(library, manifests)
    assert [item.outcome for item in bulk.undo(OWNER, ident(99)).outcomes] == ["undone"]
    assert not library.get(OWNER, ident(2)).record.favorite


def test_a_purge_finds_an_image_though_its_lines_cannot_be_read(
    library: Library, manifests: Path
) -> None:
    put(library, 2, original_filename="pixels 2")
    library.trash(OWNER, ident(2))
    spoil(library, manifests)
    library.purge(OWNER, ident(2))
    with pytest.raises(NotFound):
        library.get(OWNER, ident(2))


def test_purges_of_one_do_not_look_after_the_damaged_month_of_another(
    damaged: Library, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose folder is away, so that it would be looked for each time."""
    damaged.trash(OTHER, ident(4))
    (outputs / "users" / OWNER).rename(outputs / "away")
    with pytest.raises(NotFound):
        damaged.get(OWNER, ident(2))
    asked = 0

    def owners() -> list[str]:
        nonlocal asked
        asked += 1
        return []

    monkeypatch.setattr(damaged.blobs, "owners", owners)
    damaged.purge(OTHER, ident(4))
    assert not asked
