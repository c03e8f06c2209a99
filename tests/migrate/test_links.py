"""What comes along with a turn: recovery links, of which those that were revoked never work
again, and what is known of the usage."""

from __future__ import annotations

import pytest

from gallery import recovery, usage
from gallery.errors import NotFound
from gallery.library import Library
from gallery.recovery import Recovery
from migrate.links import Links
from tests.migrate.moves import Move, fill
from tests.migrate.turning import Living, on_each
from tests.samples import OTHER, OWNER


def works(library: Library, token: str) -> bool:
    try:
        return Recovery(library).use(token) == token.partition(".")[0]
    except NotFound:
        return False


@on_each
def test_links_go_there_and_back_with_the_library(empty: Living) -> None:
    living, move = empty, empty.move
    fill(move.source)
    move.plan()
    here = Recovery(living.library)
    kept, token = here.make(OWNER, "phone")
    revoked, lost = here.make(OWNER, None)
    _, others = here.make(OTHER, None)
    move.copy()
    here.revoke(OWNER, revoked.id)
    living.turn()
    there = living.library
    assert [link.id for link in Recovery(there).links(OWNER)] == [kept.id]
    assert [works(there, one) for one in (token, lost, others)] == [True, False, True]

    Recovery(there).revoke(OWNER, kept.id)
    _, new = Recovery(there).make(OWNER, None)
    living.turn()
    assert [works(living.library, one) for one in (token, lost, others, new)] == [
        False,
        False,
        True,
        True,
    ]


@on_each
def test_who_still_has_the_old_side_changes_links_on_the_new_one(living: Living) -> None:
    old = Recovery(living.library)
    link, token = old.make(OWNER, None)
    living.turn()
    assert old.use(token) == OWNER
    [known] = Recovery(living.library).links(OWNER)
    assert known.used_at is not None
    old.revoke(OWNER, link.id)
    assert not works(living.library, token)
    with pytest.raises(NotFound):
        old.use(token)


@pytest.mark.parametrize("ways", [("files", "services"), ("services", "files")], ids=" to ".join)
def test_what_changed_between_two_looks_is_brought(move: Move) -> None:
    fill(move.source)
    links = Links(move.source.blobs, move.target.blobs)
    first, _ = Recovery(move.source).make(OWNER, None)
    links.bring()
    for number in range(3):
        made, _ = Recovery(move.source).make(OWNER, str(number))
        links.bring()
        assert recovery.read(move.target.blobs, OWNER)[-1] == made
        Recovery(move.source).revoke(OWNER, made.id)
        links.bring()
        assert recovery.read(move.target.blobs, OWNER) == [first]
    move.source.blobs.delete(f"{recovery.FOLDER}{OWNER}.json")
    links.bring()
    assert list(move.target.blobs.list(recovery.FOLDER)) == []


@on_each
def test_the_usage_of_past_days_comes_along(empty: Living) -> None:
    move = empty.move
    fill(move.source)
    move.plan()
    usage.sample(move.source.catalog)
    move.copy()
    empty.turn()
    known = usage.read(move.target.catalog.notes)
    assert known == usage.read(move.source.catalog.notes) != {}
