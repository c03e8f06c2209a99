"""Resident memory, and what a record costs in it.

python -m bench.memory MANIFESTS OWNER    bytes for each record beyond the ring
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.query import Query
from gallery.settings import load

_SIZE = 50


def resident_bytes(pid: int) -> int:
    """Raises OSError when the process is gone."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def children_bytes(pid: int) -> int:
    """Resident memory of all that a process has started, shared pages counted each time."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            total += resident_bytes(int(child)) + children_bytes(int(child))
    return total


def bytes_a_record(manifests: str, owner: str) -> float:
    """Growth of this process from the first page to every page, by records."""
    settings = load()
    catalog = ManifestCatalog(
        manifests, memory_bytes=settings.memory_bytes * 5 // 8, ring_items=settings.ring_items
    )
    catalog.start(library_of(manifests) or "")
    total = catalog.page(Query(owner, size=_SIZE)).total or 0
    gc.collect()
    before = resident_bytes(os.getpid())
    known = 0
    for page in range(1, total // _SIZE + 1, 20):
        known += len(catalog.page(Query(owner, page=page, size=_SIZE)).items)
    if not known:
        raise SystemExit("there is nothing to read")
    gc.collect()
    return (resident_bytes(os.getpid()) - before) / total


if __name__ == "__main__":
    print(bytes_a_record(*sys.argv[1:]))
