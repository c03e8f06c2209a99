"""Notes and signing keys in Postgres: what differs from those of other catalogs."""

from __future__ import annotations

import psycopg
import pytest

from gallery.errors import Unavailable
from tests.postgres.conftest import Open
from tests.postgres.test_locks import disconnect


def test_a_note_is_not_written_after_its_lock_was_lost(
    opened: Open, sql: psycopg.Connection
) -> None:
    first, second = opened(), opened()
    with first.notes.trying("scrub") as held:
        assert held
        disconnect(sql)
        with second.notes.trying("scrub") as taken:
            assert taken
            second.notes.write("scrub.json", b"theirs")
        with pytest.raises(Unavailable):
            first.notes.write("scrub.json", b"ours")
    first.notes.write("clock", b"now")
    assert second.notes.read("scrub.json") == b"theirs"


def test_a_lock_of_notes_is_not_waited_for_for_ever(opened: Open) -> None:
    first, second = opened(), opened(lock_seconds=0.02)
    with (
        first.notes.lock("scrub"),
        pytest.raises(Unavailable, match="at work"),
        second.notes.lock("scrub"),
    ):
        pass


def test_the_keys_that_sign_are_the_first_that_were_kept(opened: Open) -> None:
    first, second = opened(), opened()
    assert first.signing_keys() == second.signing_keys() == []
    assert first.keep_signing_keys([]) == []
    assert first.keep_signing_keys(["new", "old"]) == ["new", "old"]
    assert second.keep_signing_keys(["another"]) == ["new", "old"]
    assert second.signing_keys() == ["new", "old"]
    assert first.notes.read("clock") is None
