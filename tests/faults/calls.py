"""An operation, again and again, each time with another of its system calls going wrong.

``python -m tests.faults.calls FOLDER OPERATION FAULT [EVERY]`` works on a copy of FOLDER each
time, forks a child that has the library open, has strace put the fault into the child's calls,
and lets it do the operation. FAULT is ``kill``, or an error such as ``ENOSPC``: once, or with a
plus sign from that call on. A line is printed for each call: its number and name, and how the
operation ended.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gallery.errors import GalleryError
from gallery.library import Library
from tests.crashing import OPERATIONS, opened
from tests.faults.machine import strace
from tests.samples import OWNER

CHANGING = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "mkdir",
    "mkdirat", "unlink", "unlinkat", "openat", "ftruncate", "fallocate",
)  # fmt: skip
READING = ("pread64", "newfstatat", "fstat", "getdents64", "flock", "statfs")
FULL = {"write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "mkdir", "mkdirat",
        "openat", "fallocate"}  # fmt: skip
"""The calls that a full disk can fail."""
ACTS: dict[str, Callable[[Library], Any]] = OPERATIONS | {
    "rebuild": lambda library: library.healing.rebuild(OWNER)
}
DONE, DIED, BROKEN = 0, -9, 99


def attempt(folder: Path, operation: str, *options: str) -> int:
    """The operation in a child, whose calls strace sees. ``DONE``, ``DIED``, the status of the
    problem that it was refused with less 500, or ``BROKEN``."""
    ready, go = os.pipe(), os.pipe()
    if (child := os.fork()) == 0:
        with opened(folder) as library:
            os.write(ready[1], b"!")
            os.read(go[0], 1)
            os._exit(_outcome(lambda: ACTS[operation](library)))
    os.read(ready[0], 1)
    with strace(child, *options):
        os.write(go[1], b"!")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for fd in (*ready, *go):
        os.close(fd)
    return status


def _outcome(act: Callable[[], Any]) -> int:
    try:
        act()
    except GalleryError as error:
        return error.status - 500
    except Exception as error:  # noqa: BLE001 - it is what the test looks for
        print(f"{error!r}", file=sys.stderr)
        return BROKEN
    return DONE


def calls(folder: Path, operation: str, names: tuple[str, ...]) -> list[tuple[str, int]]:
    """The file-system calls that the operation makes: each with which of its name it is."""
    copy, trace = folder.with_name("traced"), folder.with_name("trace")
    shutil.copytree(folder, copy)
    watched = f"trace={','.join(names)}"
    assert attempt(copy, operation, "-o", str(trace), "-e", watched) == DONE
    counted: Counter[str] = Counter()
    found = []
    for line in trace.read_text().splitlines():
        name = line.split(maxsplit=1)[1].partition("(")[0]
        if name in names:
            counted[name] += 1
            found.append((name, counted[name]))
    return found


def main(folder: Path, operation: str, fault: str, every: int = 1) -> None:
    error, sticky = fault.rstrip("+"), "+" * fault.endswith("+")
    names = CHANGING if error == "kill" else (*CHANGING, *READING)
    what = "signal=KILL" if error == "kill" else f"error={error}"
    points = list(enumerate(calls(folder, operation, names)))
    if error == "ENOSPC":
        points = [(number, call) for number, call in points if call[0] in FULL]
    for number, (name, nth) in points[::every]:
        copy = folder.with_name(f"{operation}-{number}")
        shutil.copytree(folder, copy)
        inject = f"inject={name}:{what}:when={nth}{sticky}"
        watched = ("-o", "/dev/null", "-e", f"trace={name}")
        status = attempt(copy, operation, *watched, "-e", inject)
        print(number, f"{name}:{nth}", status, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
