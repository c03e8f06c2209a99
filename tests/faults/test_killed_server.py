"""kill -9 under load: of the only server, and of one of two on the same tree."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.faults.checks import check_answers, check_healed
from tests.faults.ledger import Ledger, load, visiting, wait_for
from tests.http.server import served


def test_a_server_killed_under_load_keeps_its_promise(tmp_path: Path) -> None:
    ledger = Ledger()
    for number in range(3):
        before = ledger.statuses[201]
        names = [f"round-{number}-{n % 2}" for n in range(4)]
        with (
            served(tmp_path) as server,
            visiting(server, ledger, *names) as visitors,
            load(visitors),
        ):
            wait_for("uploads", lambda before=before: ledger.statuses[201] > before + 10)
            time.sleep(1)
            server.end(signal.SIGKILL)
    check_healed(ledger, tmp_path)


def test_when_one_of_two_servers_is_killed_the_other_goes_on(tmp_path: Path) -> None:
    ledger, names = Ledger(), [f"owner-{n % 2}" for n in range(3)]
    with (
        served(tmp_path) as first,
        served(tmp_path) as second,
        visiting(first, ledger, *names) as doomed,
        visiting(second, ledger, *names) as staying,
    ):
        with load(doomed + staying):
            wait_for("uploads", lambda: ledger.statuses[201] > 20)
            first.end(signal.SIGKILL)
            before = ledger.statuses[201]
            wait_for("uploads to the other", lambda: ledger.statuses[201] > before + 10)
        assert not {503, 507} & set(ledger.statuses)
        check_answers(ledger, second)
    check_healed(ledger, tmp_path)
