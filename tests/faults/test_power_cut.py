"""The power fails under load: nothing is synced any more, and the file system is mounted anew."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checks import check_healed
from tests.faults.ledger import Ledger, load, visiting, wait_for
from tests.faults.machine import disk
from tests.http.server import served

OWNERS = ["kim", "kim", "yuna", "yuna"]


@pytest.mark.parametrize(
    "lost",
    [("outputs", "manifests"), ("outputs",), ("manifests",)],
    ids=["both", "outputs", "manifests"],
)
def test_what_was_answered_outlives_a_power_cut(
    tmp_path: Path, rounds: int, lost: tuple[str, ...]
) -> None:
    """The other folder, if only one is lost, is on a disk that has power all along."""
    ledger = Ledger()
    with disk(tmp_path / "disk", megabytes=256) as volume:
        folders: dict[str, Any] = {name: volume.at / name for name in lost}
        for _ in range(rounds):
            before = ledger.statuses[201]
            with (
                served(tmp_path, **folders) as server,
                visiting(server, ledger, *OWNERS) as visitors,
                load(visitors),
            ):
                wait_for("an upload", lambda before=before: ledger.statuses[201] > before)
                time.sleep(random.uniform(0.5, 2))
                volume.cut()
                time.sleep(0.1)
                server.end(signal.SIGKILL)
            volume.unmount()
            volume.mount()
            check_healed(ledger, tmp_path, **folders)
