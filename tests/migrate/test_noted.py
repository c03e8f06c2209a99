"""Where a library lives is written beside the tree and in the database; and what a process does
that finds the one, the other, or both saying different things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gallery import dwelling, generation
from gallery.catalog.notes import Notes
from gallery.catalog.postgres import PostgresCatalog
from gallery.dwelling import Dwelling, Noted, active, note, noted
from gallery.errors import Moved, StartRefused, Unavailable
from gallery.generation import Generation, Record, Stores
from gallery.settings import Settings
from tests import databases
from tests.conformance.stores import LIBRARY
from tests.samples import OWNER

FILES = Stores("file:", "manifest:")


class Both:
    """Settings of a library on files, and of the bucket and database that it may move to; with
    the record of the one and the note of the other."""

    def __init__(self, root: Path, url: str) -> None:
        self.url, self.root = url, root
        self.settings = self._settings(next_blobs="s3://bucket", next_catalog=url)
        self.apart = self._settings("apart", blobs="s3://bucket", catalog=url)
        self.there = Stores.of(self.apart)
        self.record = Record(str(self.settings.outputs))
        self.catalog = PostgresCatalog(url)
        self.catalog.start(LIBRARY)
        self.notes: Notes = self.catalog.notes

    def _settings(self, folder: str = ".", **stores: Any) -> Settings:
        at = self.root / folder
        return Settings(outputs=at / "outputs", manifests=at / "manifests", **stores)

    def make_tree(self) -> None:
        marker = self.settings.outputs / ".gallery" / "library.json"
        marker.parent.mkdir(parents=True)
        marker.write_text("{}")

    def say(self, number: int, stores: Stores, noted: int, there: Stores, *, done: bool) -> None:
        """Record and note; number 0 is none."""
        self.make_tree()
        if number:
            self.record.write(Generation(number, stores))
        if noted:
            note(self.notes, Generation(noted, there), done=done)

    def writer(self, settings: Settings) -> PostgresCatalog:
        """The database as somebody with these settings has it."""
        dwells = Dwelling(settings, Stores.of(settings))
        catalog = PostgresCatalog(self.url, has_moved=dwells.has_moved)
        dwells.has_note_in(catalog)
        return catalog


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with databases.lent() as url:
        both = Both(tmp_path, url)
        yield both
        both.catalog.close()


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


# -- a writer -----------------------------------------------------------------------------


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


def _cut_off(url: str) -> None:
    """Every connection of others is lost."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )


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
        _cut_off(both.url)
        with pytest.raises(Unavailable, match="database"):
            dwelling.turn(both.record, (both.catalog,), Generation(2, FILES), 1.0)
    assert both.record.read() == Generation(1, both.there)
    assert noted(both.notes) == Noted(Generation(1, both.there), done=True)
