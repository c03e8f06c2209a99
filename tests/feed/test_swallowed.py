"""What a crash kept from the feed is told by the next who looks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query
from gallery.errors import Unavailable
from gallery.library import Library
from gallery.reconcile import Reconciler
from tests.conftest import Open
from tests.feed.reading import heard, segment
from tests.samples import OTHER, OWNER, apply, ident, ids, record, upload


def swallow(manifests: Path, catalog: ManifestCatalog, *, count: int = 1) -> None:
    """Puts images 91 and on, and takes their lines out of the feed again, as if the process
    had died before it could write them."""
    path = segment(manifests, 1)
    before = path.stat().st_size
    apply(catalog, "put", *(record(90 + n) for n in range(1, count + 1)))
    catalog.mirror.feed.close()
    os.truncate(path, before)


@pytest.mark.parametrize("count", [1, 3])
def test_a_change_that_a_crash_kept_from_the_feed_is_told_by_the_walk(
    manifests: Path, opened: Open, count: int
) -> None:
    first, other = opened(), opened()
    apply(first, "put", record(1))
    start = other.changes(None).position
    assert ids(other.page(Query(OWNER))) == [1]
    swallow(manifests, first, count=count)
    late = opened()
    assert late.catch_up(OWNER) == count
    assert heard(other, start) == [("put", record(90 + n).id) for n in range(1, count + 1)]
    assert ids(other.page(Query(OWNER)))[-1] == 1
    assert len(ids(other.page(Query(OWNER)))) == count + 1
    assert late.catch_up(OWNER) == other.catch_up(OWNER) == 0


def test_it_is_told_before_the_owners_next_change(manifests: Path, opened: Open) -> None:
    first, other = opened(), opened()
    apply(first, "put", record(1))
    start = other.changes(None).position
    swallow(manifests, first)
    late = opened()
    apply(late, "edit", replace(record(1), favorite=True, rev=2))
    assert heard(other, start) == [("put", record(91).id), ("edit", record(1).id)]


def test_a_process_that_knew_the_manifest_tells_it_too(manifests: Path, opened: Open) -> None:
    first, other = opened(), opened()
    apply(other, "put", record(1))
    start = other.changes(None).position
    swallow(manifests, first)
    apply(other, "edit", replace(record(1), favorite=True, rev=2))
    assert heard(other, start) == [("put", record(91).id), ("edit", record(1).id)]
    assert ids(other.page(Query(OWNER))) == [91, 1]


def test_a_manifest_that_the_feed_never_heard_of_is_told_as_a_whole(
    manifests: Path, opened: Open
) -> None:
    first, other = opened(), opened()
    start = other.changes(None).position
    swallow(manifests, first)
    assert other.catch_up(OWNER) == 1
    assert heard(other, start) == [("load", "")]
    assert ids(other.page(Query(OWNER))) == [91]


def test_lines_that_a_power_cut_took_from_the_feed_are_told_again(
    manifests: Path, opened: Open
) -> None:
    first = opened()
    apply(first, "put", record(1))
    swallow(manifests, first, count=2)
    later = opened()
    assert len(list((manifests / "feed").glob("0*"))) == 2
    start = later.changes(None).position
    assert later.catch_up(OWNER) == 2
    assert heard(later, start) == [("put", record(91).id), ("put", record(92).id)]


def test_what_is_older_than_the_feed_is_missed_by_nobody(manifests: Path, opened: Open) -> None:
    first = opened()
    apply(first, "put", record(1))
    first.close()
    segment(manifests, 1).unlink()
    later = opened()
    assert later.catch_up(OWNER) == 0


def test_a_rebuild_that_nobody_was_told_of_is_noticed_by_the_next_writer(
    manifests: Path, opened: Open
) -> None:
    first, other = opened(), opened()
    apply(other, "put", record(1), record(2))
    path = segment(manifests, 1)
    before = path.stat().st_size
    with first.lock(OWNER):
        first.rebuild(OWNER, "2026-03", [])
    first.mirror.feed.close()
    os.truncate(path, before)
    apply(other, "put", record(3))
    assert ids(other.page(Query(OWNER))) == [3]
    assert other.totals(OWNER)["output"].active == 1


def test_the_walk_tells_what_a_crash_kept_from_the_feed(
    manifests: Path, library: Library, walker: Reconciler
) -> None:
    upload(library, b"one", id=ident(1))
    path = segment(manifests, 1)
    before = path.stat().st_size
    upload(library, b"two", id=ident(2))
    library.catalog.close()
    os.truncate(path, before)
    library.catalog.start(library.blobs.library)
    start = library.catalog.changes(None).position
    walker.run()
    assert [noted.id for noted in library.catalog.changes(start).noted] == [ident(2)]


def die_before_the_feed(catalog: ManifestCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a change, which stands in the manifest by then."""

    def die(_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(catalog.mirror, "announce", die)
    with pytest.raises(SystemExit):
        apply(catalog, "put", record(1))


def test_whose_change_a_crash_kept_from_the_feed_is_known_without_a_look_at_all(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = opened(), opened()
    apply(other, "put", record(2, owner=OTHER))
    start = other.changes(None).position
    assert other.swallowed() == []
    die_before_the_feed(first, monkeypatch)
    assert other.swallowed() == [OWNER]
    assert other.catch_up(OWNER) == 1
    assert other.swallowed() == []
    assert [noted.owner for noted in other.changes(start).noted] == [OWNER]


def test_whoever_keeps_the_fence_closed_catches_up_too(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = opened(), opened()
    die_before_the_feed(first, monkeypatch)
    with other.fence(1.0):
        assert other.catch_up(OWNER) == 1
    assert other.swallowed() == []


def test_who_catches_up_does_not_wait_for_ever_for_a_process_that_is_stopped(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = opened(), opened()
    die_before_the_feed(first, monkeypatch)
    monkeypatch.setattr("gallery.catalog.swallowed.CATCH_UP_SECONDS", 0.05)
    with first.lock(OWNER), pytest.raises(Unavailable, match="does not end"):
        other.catch_up(OWNER)
    assert other.catch_up(OWNER) == 1


def test_the_owners_next_change_of_the_month_tells_it_and_ends_the_mark(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = opened(), opened()
    start = other.changes(None).position
    die_before_the_feed(first, monkeypatch)
    apply(other, "put", record(2))
    assert other.swallowed() == []
    assert ids(other.page(Query(OWNER))) == [2, 1]
    assert heard(other, start)[-1] == ("put", record(2).id)


def test_a_folder_of_marks_that_is_gone_is_made_again(manifests: Path, opened: Open) -> None:
    catalog = opened()
    apply(catalog, "put", record(1))
    (manifests / "begun").rmdir()
    apply(catalog, "put", record(2))
    assert ids(catalog.page(Query(OWNER))) == [2, 1]
