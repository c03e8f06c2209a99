"""A plan that is made once more, or shown to people."""

from __future__ import annotations

from tests.migrate.operator import Operator
from tests.samples import OWNER, ident, pixels, upload


def test_what_changed_between_two_plans_is_brought(operator: Operator) -> None:
    operator.copied()
    with operator.library() as library:
        library.edit(OWNER, ident(1), tags=("between",))
        library.trash(OWNER, ident(2))
        library.purge(OWNER, ident(2))
    digest = operator.told("plan")["digest"]
    operator.told("copy", "--plan", digest)
    operator.told("follow")
    operator.told("verify")


def test_what_the_feed_forgot_is_brought_by_another_plan_and_copy(operator: Operator) -> None:
    operator.copied()
    with operator.library() as library:
        library.edit(OWNER, ident(1), tags=("between",))
        library.trash(OWNER, ident(2))
        library.purge(OWNER, ident(2))
        upload(library, pixels(9), id=ident(9))
    for segment in (operator.root / "manifests" / "feed").iterdir():
        segment.unlink()
    assert "make a plan and copy once more" in operator.refused("follow")
    operator.copied()
    operator.told("follow")
    operator.told("verify")


def test_a_move_that_was_made_is_not_planned_again_by_mistake(operator: Operator) -> None:
    operator.copied()
    operator.told("cutover")
    assert "this move is made" in operator.refused("plan")


def test_thousands_of_owners_are_ten_lines(operator: Operator) -> None:
    with operator.library() as library:
        for n in range(20):
            upload(library, pixels(n), owner=f"owner-{n}", id=ident(100 + n))
    said = operator.types("plan").stdout.splitlines()
    assert sum(line.startswith("owner ") for line in said) == 11
    assert any(line.endswith("… and 12 more, all in plan.json") for line in said)
