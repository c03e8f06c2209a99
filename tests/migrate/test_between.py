"""What happens between two steps of a move: processes that die there, and others that act."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest

from gallery import keys
from gallery.bulk import Bulk
from gallery.catalog.manifests import ManifestCatalog
from gallery.errors import StartRefused, Unavailable
from gallery.journal import Wanted
from migrate import commands, sides
from migrate.folder import Folder
from migrate.follow import Follow
from migrate.pace import Limits, Pace
from migrate.sides import Sides
from migrate.walk import Only
from tests.http.fleet import Person
from tests.migrate.movers import Mover
from tests.migrate.moves import Move, fill
from tests.migrate.operator import Operator
from tests.migrate.places import Place
from tests.migrate.turning import THERE, Living
from tests.samples import NOON, OWNER, SECOND, eventually, ident, upload


@pytest.fixture
def ways() -> tuple[str, str]:
    return "files", "files"


class Killed(BaseException):
    """The process is gone."""


def test_a_change_that_the_feed_was_not_told_of_is_brought_by_the_turn(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it died between the manifest's line and the feed's."""
    catalog = living.library.catalog
    assert isinstance(catalog, ManifestCatalog)

    def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(catalog.mirror, "announce", killed)
    with pytest.raises(Killed):
        living.library.edit(OWNER, ident(1), tags=("unheard of",))
    monkeypatch.undo()
    living.turn(budget=2.0)
    assert living.lives == THERE
    assert living.library.get(OWNER, ident(1)).record.tags == ("unheard of",)


def test_a_change_of_many_does_not_need_the_other_side(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    living.turn()
    assert living.library.successor is not None

    def away(*_: Any) -> None:
        raise Unavailable("the old volume is away")

    monkeypatch.setattr(living.library.successor.catalog.ops, "read", away)
    bulk = Bulk(living.library)
    report = bulk.run(OWNER, Wanted("tag", (ident(1),), tags=("many",)), ident(50))
    assert [outcome.outcome for outcome in report.outcomes] == ["done"]
    assert bulk.status(OWNER, ident(50)) == report
    assert [outcome.outcome for outcome in bulk.undo(OWNER, ident(50)).outcomes] == ["undone"]
    with pytest.raises(Unavailable):
        bulk.status(OWNER, ident(51))


@pytest.mark.parametrize("ways", [("files", "files"), ("files", "services")], ids=" to ".join)
def test_a_change_of_many_that_a_turn_divides_is_undone_as_a_whole_after_the_way_back(
    living: Living,
) -> None:
    ids = [ident(n) for n in (1, 2, 4, 5)]
    before = {id: living.library.get(OWNER, id).record.tags for id in ids}
    old = living.library
    with living.turned_within():
        Bulk(old, batch=2).run(OWNER, Wanted("tag", tuple(ids), tags=("many",)), ident(50))
    living.turn()
    assert living.library is old
    undone = Bulk(old).undo(OWNER, ident(50))
    assert [outcome.outcome for outcome in undone.outcomes] == ["undone"] * 4
    assert {id: old.get(OWNER, id).record.tags for id in ids} == before
    assert Bulk(old).undo(OWNER, ident(50)) == undone


def test_a_command_that_was_typed_before_a_turn_writes_nothing_over_what_came_after(
    operator: Operator,
) -> None:
    digest = operator.copied()
    before = operator.loaded()
    operator.told("cutover")
    with contextlib.closing(operator.opened(operator.there)) as library:
        library.edit(OWNER, ident(1), tags=("since",))
        folder = Folder(str(operator.root / "migration"))
        options: dict[str, Any] = {"policy": "strict", "threads": 1, "again": True}
        with pytest.raises(StartRefused, match="has just turned"):
            commands.copy(before, folder, Limits(), Only(), wanted=digest, **options)
        assert library.get(OWNER, ident(1)).record.tags == ("since",)


def test_a_cleanup_and_a_move_elsewhere_are_never_at_work_together(operator: Operator) -> None:
    operator.copied()
    operator.told("cutover")
    with sides.held(operator.loaded()):
        assert "with another run folder" in operator.refused("cleanup")
    assert "grace period" in operator.refused("cleanup")


def test_an_image_that_was_purged_and_put_anew_is_brought(living: Living) -> None:
    """As by a client who uses an Idempotency-Key again."""
    library = living.library
    for body, day in ((b"one", 0), (b"another", 0), (b"a third", 40)):
        if body != b"one":
            living.move.follow()
            library.trash(OWNER, ident(9))
            library.purge(OWNER, ident(9))
        at = NOON + len(body) + day * 86_400 * SECOND
        upload(library, body, id=ident(9), created_at=at)
    living.turn()
    record = living.library.get(OWNER, ident(9)).record
    assert living.library.blobs.read(record.image) == b"a third"
    living.move.is_equal()


def test_one_that_was_put_anew_on_another_day_has_its_original_there(living: Living) -> None:
    """Its bytes are the same, and all of it happened within one round."""
    library = living.library
    for day in (0, 1):
        if day:
            living.move.follow()
            library.trash(OWNER, ident(9))
            library.purge(OWNER, ident(9))
        upload(library, b"one", id=ident(9), created_at=NOON + day * 86_400 * SECOND)
    living.turn()
    record = living.library.get(OWNER, ident(9)).record
    assert living.library.blobs.read(record.image) == b"one"
    living.move.is_equal()


def test_what_a_damaged_manifest_does_not_tell_of_is_not_purged(
    living: Living, places: tuple[Place, Place], tmp_path: Path
) -> None:
    move, library = living.move, living.library
    record = library.edit(OWNER, ident(1), tags=("since",)).record
    path = tmp_path / "here" / "manifests" / "users" / OWNER / f"{record.month}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.replace(ident(1).encode(), b"0" * 32) for line in lines))
    with contextlib.closing(places[0].opened()) as source:
        assert source.catalog.get(OWNER, ident(1)) is None
        with move.folder.journal() as journal:
            Follow(Sides(source, move.target, "there"), journal, Pace()).run(move.position)
    entry = move.target.catalog.get(OWNER, ident(1))
    assert entry is not None
    assert entry.record == record


def test_a_power_cut_does_not_take_the_word_of_what_was_sent(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would find it, if its image is purged before the copy goes on."""
    fill(move.source)
    move.plan()
    path, durable, sent = Path(move.folder.journal_path), b"", set[str]()
    sync, put = os.fdatasync, move.target.blobs.put

    def synced(fd: int) -> None:
        nonlocal durable
        before = path.read_bytes()
        sync(fd)
        durable = max(durable, before, key=len)

    def seen(key: str, body: Any) -> None:
        parsed = keys.parse(key)
        assert parsed is not None
        assert parsed.folder.sidecar(parsed.id).encode() in durable
        sent.add(parsed.id)
        put(key, body)

    monkeypatch.setattr(os, "fdatasync", synced)
    monkeypatch.setattr(move.target.blobs, "put", seen)
    assert move.copy().outcomes == {"copied": 6}
    assert sent == {ident(n) for n in range(1, 7)}


def test_a_purge_reaches_the_old_tree_also_while_another_machine_runs_the_jobs(
    mover: Mover, tmp_path: Path
) -> None:
    with mover.served() as server, Person([server]) as person:
        ids = [person.upload(0) for _ in range(2)]
        mover.copied()
        mover.turned("cutover")
        owner, told = person.owner, dict(person.told)
    with mover.served_apart(tmp_path / "apart") as apart:
        eventually(lambda: "walked" in apart.logged(), seconds=60)
        with mover.served() as server, Person([server], owner) as person:
            person.told = told
            person.trash(0, ids[0])
            person.purge(0, ids[0])
            tree = mover.root / "outputs" / "users"
            eventually(lambda: not [*tree.rglob(f"*{ids[0]}*")], seconds=30)
            assert [*tree.rglob(f"*{ids[1]}*")]
