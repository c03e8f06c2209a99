"""Catalogs that were lost or damaged: made again from the sidecars, whatever comes between."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery import commands
from gallery.errors import Unavailable
from gallery.healing import Healing
from gallery.library import Library
from gallery.settings import load
from tests.samples import plant, record, upload

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
