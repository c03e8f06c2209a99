"""A server of any kind can have workers, and they do not outlive it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gallery.imaging import worker
from tests.images import (
    png,
)

WAIT = 30  # seconds; only a broken test waits that long


def hang(fifo: str) -> None:
    """Be a decoder that never returns, once somebody has opened the fifo."""
    with worker.mortal():
        with open(fifo, "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        sum(range(10**12))


def written(folder: Path, data: bytes, name: str = "upload") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


_SERVER = """
    import os, sys, time
    print("main runs in", __name__, flush=True)
    from gallery.imaging import Imaging
    began = time.monotonic()
    imaging = Imaging(workers=2, max_pixels=1000000)
    imaging.start()
    started = time.monotonic()
    print("width", imaging.inspect(sys.argv[1]).result(30).width, flush=True)
    print("started first", started - began < time.monotonic() - started, flush=True)
    print("pillow", "PIL" in sys.modules, flush=True)
    print("workers", *(imaging._pool.submit(os.getpid).result() for _ in range(20)), flush=True)
    sys.stdin.readline()
    imaging.close()
"""


@pytest.mark.parametrize("style", ["script", "module"])
def test_the_servers_main_module_runs_once_and_without_pillow(tmp_path: Path, style: str) -> None:
    (tmp_path / "unguarded.py").write_text(textwrap.dedent(_SERVER))
    target = ["unguarded.py"] if style == "script" else ["-m", "unguarded"]
    done = subprocess.run(
        [sys.executable, *target, written(tmp_path, png())],
        cwd=tmp_path,
        input="\n",
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=True,
    )
    said = done.stdout.splitlines()
    assert said[:4] == ["main runs in __main__", "width 64", "started first True", "pillow False"]
    assert len(said) == 5
    assert done.stderr == ""


def test_workers_go_when_the_server_is_killed(tmp_path: Path) -> None:
    (tmp_path / "unguarded.py").write_text(textwrap.dedent(_SERVER))
    server = subprocess.Popen(
        [sys.executable, "unguarded.py", written(tmp_path, png())],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        assert server.stdout is not None
        said = next(line for line in server.stdout if line.startswith("workers"))
        watched = [os.pidfd_open(int(pid)) for pid in set(said.split()[1:])]
        server.kill()
    for descriptor in watched:
        gone, _, _ = select.select([descriptor], [], [], WAIT)
        assert gone
        os.close(descriptor)


_HANGING = """
    import sys
    from gallery.imaging.pool import Pool
    from tests.test_imaging_server import hang
    pool = Pool(workers=1, memory_bytes=1 << 30, seconds=0.5)
    pool.start()
    pool.submit(hang, sys.argv[1]).result()
"""


def test_a_worker_stuck_in_a_decoder_dies_soon_after_the_server_was_killed(tmp_path: Path) -> None:
    fifo = str(tmp_path / "fifo")
    os.mkfifo(fifo)
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_HANGING), fifo],
        cwd=Path(__file__).parent.parent,
        stderr=subprocess.DEVNULL,
    )
    with server:
        pid = int(Path(fifo).read_text(encoding="ascii"))
        watched = os.pidfd_open(pid)
        server.kill()
    gone, _, _ = select.select([watched], [], [], WAIT)
    os.close(watched)
    assert gone
