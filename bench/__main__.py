"""``python -m bench [part ...]``: measures, prints a table, and exits with 0."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from bench import (
    bucket,
    database,
    events,
    fence,
    lists,
    migrate,
    pages,
    processes,
    rebuild,
    search,
    start,
    uploads,
    watch,
)
from bench import bytes as bytes_
from bench.figures import Figure, table
from bench.part import Run
from bench.servers import Failed, Missing

PARTS: dict[str, Callable[[Run], list[Figure]]] = {
    "lists": lists.measure,
    "bytes": bytes_.measure,
    "uploads": uploads.measure,
    "start": start.measure,
    "search": search.measure,
    "rebuild": rebuild.measure,
    "processes": processes.measure,
    "watch": watch.measure,
    "events": events.measure,
    "bucket": bucket.measure,
    "migrate": migrate.measure,
    "fence": fence.measure,
    "database": database.pages,
    "million": database.sizes,
    "pages": pages.measure,
}


def main() -> None:
    flags = _flags()
    with tempfile.TemporaryDirectory(prefix="gallery-bench-") as temporary:
        folder = Path(flags.work or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        figures = _measure(Run(folder, flags.rounds, flags.seconds), flags.parts or list(PARTS))
    print(table(figures))
    if flags.json:
        content = {"cores": os.cpu_count(), "figures": [figure.as_json() for figure in figures]}
        Path(flags.json).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def _measure(run: Run, parts: list[str]) -> list[Figure]:
    figures: list[Figure] = []
    for part in parts:
        began = time.monotonic()
        try:
            figures += PARTS[part](run)
        except (Missing, Failed) as error:
            print(f"{part}: not measured: {error}", file=sys.stderr)
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return figures


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="of each measure (5)")
    parser.add_argument("--seconds", type=int, default=2, help="of a round of wrk (2)")
    parser.add_argument("--work", help="folder for the libraries, kept and used again")
    parser.add_argument("--json", help="file for the figures")
    flags = parser.parse_args()
    if unknown := set(flags.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return flags


if __name__ == "__main__":
    main()
