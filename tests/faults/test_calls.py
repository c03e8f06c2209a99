"""Whichever system call of an operation is the last one, or fails: before or after, and heals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gallery.imaging import Imaging
from gallery.reconcile import Reconciler
from tests.crashing import opened, prepare
from tests.faults.calls import ACTS, DIED, DONE
from tests.faults.machine import needed
from tests.recovery import check_whole, outcome, recover, tree

ROOT = Path(__file__).parents[2]
UNAVAILABLE, FULL = 503 - 500, 507 - 500
ENDS = {"kill": {DONE, DIED}, "ENOSPC": {DONE, FULL}, "EIO": {DONE, UNAVAILABLE}}
"""How an operation may end. One that goes on must have been able to do without the call."""


def ended(folder: Path, operation: str, fault: str, every: int) -> dict[Path, tuple[str, int]]:
    """What each call came to: the folder, the call, and the end of the operation."""
    needed("strace")
    command = [sys.executable, "-m", "tests.faults.calls", str(folder), operation, fault]
    done = subprocess.run(
        [*command, str(every)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = (line.split() for line in done.stdout.splitlines())
    return {
        folder.with_name(f"{operation}-{number}"): (call, int(status))
        for number, call, status in lines
    }


@pytest.mark.parametrize("operation", sorted(ACTS))
@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "ENOSPC+", "EIO", "EIO+"])
def test_any_call_may_fail(
    operation: str, fault: str, tmp_path: Path, imaging: Imaging, everything: bool
) -> None:
    before = tmp_path / "before"
    prepare(before)
    end = outcome(before, tmp_path / "after", ACTS[operation])
    every = 1 if everything or fault == "kill" else 3
    found = ended(before, operation, fault, every)
    assert len(found) > 5
    for folder, (call, status) in found.items():
        assert status in ENDS[fault.rstrip("+")], (call, status)
        if operation == "rebuild":
            rebuilt(folder, imaging)
        else:
            came_to = recover(folder, operation, imaging, tree(before), end)
            assert came_to == "after" or status != DONE, call


def rebuilt(folder: Path, imaging: Imaging) -> None:
    with opened(folder) as library:
        assert Reconciler(library, imaging, settle=0).run().damage == []
        check_whole(library)
