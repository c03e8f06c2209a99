"""What a command says while it works."""

from __future__ import annotations

import io

from migrate.progress import Lag, Progress, duration


def test_where_no_terminal_is_a_flood_of_changes_is_one_line() -> None:
    said = io.StringIO()
    lag = Lag(to=said)
    for _ in range(1000):
        lag.add(3, 0.5)
    lag.end()
    assert said.getvalue() == "3000 changes brought, 0 s behind\n"


def test_what_earlier_runs_did_counts_and_tells_nothing_of_the_rate() -> None:
    said = io.StringIO()
    progress = Progress("copied", 10, 10_000_000, to=said)
    progress.skip(4, 4_000_000)
    assert progress.rate == 0
    progress.add(2, 2_000_000)
    progress.end()
    line = said.getvalue()
    assert line.startswith("copied: 6 images of 10, 6.0 MB of 10.0, ")
    assert line.endswith(" to go\n")


def test_times_are_for_people() -> None:
    assert [duration(seconds) for seconds in (7, 240, 11_100)] == ["7 s", "4 min", "3 h 05 min"]
