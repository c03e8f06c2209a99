"""Where a library lives is written beside the tree and in the database: what a process starts with
that finds the one, the other, or both saying different things."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery import backends, dwelling, generation
from gallery.dwelling import active, note
from gallery.errors import StartRefused
from gallery.generation import Generation, Stores
from gallery.settings import Settings
from tests.migrate.noting import FILES, Both

# -- a start with the tree ----------------------------------------------------------------


def test_with_the_tree_the_record_is_believed(both: Both) -> None:
    assert Stores.of(active(both.settings)) == FILES
    both.say(1, both.there, 1, both.there, done=True)
    assert Stores.of(active(both.settings)) == both.there


def test_a_note_that_is_not_done_is_of_a_turn_that_the_record_tells_of_or_of_none(
    both: Both,
) -> None:
    both.say(1, both.there, 1, both.there, done=False)
    assert Stores.of(active(both.settings)) == both.there
    note(both.notes, Generation(2, FILES), done=False)
    assert Stores.of(active(both.settings)) == both.there


def test_a_lost_note_is_no_disagreement(both: Both) -> None:
    both.say(3, both.there, 0, FILES, done=True)
    assert Stores.of(active(both.settings)) == both.there


@pytest.mark.parametrize(
    ("number", "noted", "done"), [(1, 2, True), (1, 3, False), (2, 1, True), (0, 1, True)]
)
def test_a_disagreement_stops_a_start(both: Both, number: int, noted: int, done: bool) -> None:
    both.say(number, both.there, noted, FILES if noted % 2 == 0 else both.there, done=done)
    with pytest.raises(StartRefused, match="set GALLERY_OUTPUTS to the folder") as refused:
        active(both.settings)
    assert "\n" not in str(refused.value)


def test_the_same_number_of_other_stores_is_a_disagreement(both: Both) -> None:
    both.say(1, both.there, 1, Stores("s3://other", both.there.catalog), done=True)
    with pytest.raises(StartRefused, match="s3://other"):
        active(both.settings)


def test_settings_in_the_wrong_order_are_noticed_before_the_first_turn(both: Both) -> None:
    both.make_tree()
    note(both.notes, Generation(0, FILES), done=True)
    assert Stores.of(active(both.settings)) == FILES
    turned_round = generation.other(both.settings)
    assert turned_round is not None
    with pytest.raises(StartRefused, match="set GALLERY_OUTPUTS"):
        active(turned_round)


def test_a_turn_between_two_looks_is_no_disagreement(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.say(1, both.there, 1, both.there, done=True)
    noted, turns = backends.noted, iter([Generation(2, FILES)])

    def asked(settings: Settings, name: str) -> bytes | None:
        for after in turns:
            dwelling.turn(both.record, (both.catalog,), after, 1.0)
        return noted(settings, name)

    monkeypatch.setattr(backends, "noted", asked)
    assert Stores.of(active(both.settings)) == FILES


def test_a_database_that_is_away_does_not_keep_a_library_on_files_from_starting(
    both: Both, tmp_path: Path
) -> None:
    both.make_tree()
    away = both.settings.model_copy(update={"next_catalog": f"postgresql:///x?host={tmp_path}"})
    assert Stores.of(active(away)) == FILES


def test_an_empty_name_names_no_move(both: Both) -> None:
    """As for ``gallery demo``, whatever the environment says."""
    assert generation.other(both.settings.model_copy(update={"next_blobs": ""})) is not None
    none = both.settings.model_copy(update={"next_blobs": "", "next_catalog": ""})
    assert generation.other(none) is None


# -- a start without it -------------------------------------------------------------------


def test_without_the_tree_the_note_is_believed(both: Both) -> None:
    assert active(both.apart) == both.apart
    note(both.notes, Generation(1, both.there), done=True)
    assert active(both.apart) == both.apart
    assert Stores.of(active(both.settings)) == both.there


@pytest.mark.parametrize("done", [False, True])
def test_without_the_tree_nothing_starts_where_the_library_does_not_live(
    both: Both,
    done: bool,
) -> None:
    note(both.notes, Generation(2, FILES), done=done)
    with pytest.raises(StartRefused, match="GALLERY_OUTPUTS"):
        active(both.apart)


def test_without_the_tree_nothing_starts_in_a_turn_to_its_own_stores(both: Both) -> None:
    note(both.notes, Generation(1, both.there), done=False)
    with pytest.raises(StartRefused, match="was to turn to"):
        active(both.apart)
