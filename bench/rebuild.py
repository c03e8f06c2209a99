"""``gallery rebuild`` against four processes that read and parse the same sidecars."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

from bench import start
from bench.figures import Figure, interleaved
from bench.part import Run
from bench.servers import Failed, environment

_DROP = "/proc/sys/vm/drop_caches"


def measure(run: Run) -> list[Figure]:
    """With nothing in the page cache, as it is when a rebuild is needed, where the kernel
    lets us drop it (root); and with everything in it."""
    figures = [_figure(run, "in the page cache", lambda: None, None)]
    if os.access(_DROP, os.W_OK):
        figures.append(_figure(run, "from the disk", _drop_caches, 0.7))
    return figures


def _drop_caches() -> None:
    os.sync()
    with open(_DROP, "w", encoding="ascii") as file:
        file.write("3")


def _figure(run: Run, name: str, before: Callable[[], None], at_least: float | None) -> Figure:
    tree, images = start.few_owners(run), run.images
    folders = ["--outputs", str(tree.outputs), "--manifests", str(tree.manifests)]
    ours = [sys.executable, "-m", "gallery", "rebuild", *folders]
    floor = [sys.executable, "-m", "bench.sidecars", str(tree.outputs / "users")]

    def timed(command: list[str]) -> float:
        before()
        began = time.perf_counter()
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment(), cwd=tree.root,
            timeout=600, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        if done.returncode or done.stdout.split()[0] != str(images):
            raise Failed(f"{command[2]}: {done.stdout}{done.stderr[-1_000:]}")
        return images / seconds

    measures = {"floor": lambda: timed(floor), "ours": lambda: timed(ours)}
    interleaved(measures, 1)
    found = interleaved(measures, min(run.rounds, 3))
    label = f"rebuild of {images:,} images, {name}"
    return Figure(label, found["ours"], "images/s", found["floor"], at_least=at_least)
