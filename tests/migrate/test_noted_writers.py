"""Who writes asks where the library lives, also of a turn that was cut short."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from gallery import dwelling, generation
from gallery.catalog.postgres import PostgresCatalog
from gallery.dwelling import Noted, note, noted
from gallery.errors import Moved, Unavailable
from gallery.generation import Generation, Record
from tests import databases
from tests.migrate.noting import FILES, Both
from tests.samples import OWNER


def _writes(catalog: PostgresCatalog) -> bool:
    with suppress(Moved), catalog.lock(OWNER):
        return True
    return False


def test_a_writer_without_the_tree_stops_with_the_note(both: Both) -> None:
    catalog = both.writer(both.apart)
    assert _writes(catalog)
    note(both.notes, Generation(1, both.there), done=True)
    assert _writes(catalog)
    note(both.notes, Generation(2, FILES), done=False)
    with pytest.raises(Unavailable, match="may turn to"), catalog.lock(OWNER):
        raise AssertionError
    note(both.notes, Generation(2, FILES), done=True)
    assert not _writes(catalog)
    note(both.notes, Generation(3, both.there), done=True)
    assert _writes(catalog)
    catalog.close()


@pytest.mark.parametrize("number", [0, 1])
def test_a_writer_with_the_tree_ends_a_turn_that_was_cut_short(both: Both, number: int) -> None:
    lives = generation.other(both.settings)
    assert lives is not None
    both.say(number, both.there, number + 1, FILES, done=False)
    catalog = both.writer(lives)
    assert _writes(catalog)
    assert noted(both.notes) == Noted(Generation(number, both.there), done=True)
    catalog.close()


def test_a_writer_with_the_tree_does_not_write_while_somebody_is_turning_the_library(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dwelling, "_SETTLE_SECONDS", 0.05)
    lives = generation.other(both.settings)
    assert lives is not None
    both.say(1, both.there, 2, FILES, done=False)
    catalog = both.writer(lives)
    with both.record.held(1):
        with pytest.raises(Unavailable, match="just turning"), catalog.lock(OWNER):
            raise AssertionError
        both.record.write(Generation(2, FILES))
    assert not _writes(catalog)
    catalog.close()


def test_a_writer_goes_on_while_the_tree_is_away(both: Both) -> None:
    lives = generation.other(both.settings)
    assert lives is not None
    both.say(1, both.there, 1, both.there, done=True)
    catalog = both.writer(lives)
    assert _writes(catalog)
    both.settings.outputs.rename(both.root / "elsewhere")
    assert _writes(catalog)
    note(both.notes, Generation(2, FILES), done=True)
    assert not _writes(catalog)
    catalog.close()


# -- a turn -------------------------------------------------------------------------------


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("step", range(3))
def test_wherever_a_turn_is_cut_short_one_side_alone_is_written_to(
    both: Both, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = generation.other(both.settings)
    assert lives is not None
    both.say(1, both.there, 1, both.there, done=True)
    steps = 0

    def cut(call: Any) -> Any:
        def run(*arguments: Any, **options: Any) -> None:
            nonlocal steps
            if steps == step:
                raise Interrupted
            steps += 1
            call(*arguments, **options)

        return run

    monkeypatch.setattr(dwelling, "note", cut(note))
    monkeypatch.setattr(Record, "write", cut(Record.write))
    with suppress(Interrupted):
        dwelling.turn(both.record, (both.catalog,), Generation(2, FILES), 1.0)
    monkeypatch.undo()
    apart, beside = both.writer(both.apart), both.writer(lives)
    turned = both.record.read() == Generation(2, FILES)
    assert turned is (step == 2)
    assert _writes(beside) is not turned
    if turned:
        with pytest.raises(Unavailable), apart.lock(OWNER):
            raise AssertionError
    else:
        assert _writes(apart)
    for catalog in (apart, beside):
        catalog.close()


def test_a_turn_that_lost_its_fence_writes_nothing_down(both: Both) -> None:
    both.say(1, both.there, 1, both.there, done=True)
    with both.catalog.fence(5):
        databases.disconnect(both.url)
        with pytest.raises(Unavailable, match="database"):
            dwelling.turn(both.record, (both.catalog,), Generation(2, FILES), 1.0)
    assert both.record.read() == Generation(1, both.there)
    assert noted(both.notes) == Noted(Generation(1, both.there), done=True)
