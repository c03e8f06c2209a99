"""``gallery rebuild`` against four processes that read and parse the same sidecars."""

from __future__ import annotations

import subprocess
import sys
import time

from bench import start
from bench.figures import Figure, interleaved
from bench.part import Run
from bench.servers import Failed, environment


def measure(run: Run) -> list[Figure]:
    tree, images = start.few_owners(run), run.images
    folders = ["--outputs", str(tree.outputs), "--manifests", str(tree.manifests)]
    ours = [sys.executable, "-m", "gallery", "rebuild", *folders]
    floor = [sys.executable, "-m", "bench.sidecars", str(tree.outputs / "users")]

    def timed(command: list[str]) -> float:
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
    name = f"rebuild of {images:,} images"
    return [Figure(name, found["ours"], "images/s", found["floor"], at_least=0.7)]
