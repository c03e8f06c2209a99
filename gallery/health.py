"""How the library is, as one server process sees it: for who looks after it.

Whatever cannot be told is None, and why not is said beside the store that is away.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from typing import TypeVar

from gallery import checkpoint, fallback, generation, processes
from gallery.blobs import QUARANTINE
from gallery.blobs.abilities import LocalFiles, Remote
from gallery.catalog import Apart
from gallery.errors import GalleryError
from gallery.generation import Stores
from gallery.library import Library
from gallery.records import to_text
from gallery.settings import Settings

MOST = 10_000
"""Things in quarantine that are counted."""
Answer = dict[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Health:
    """Of a process that ``began`` then (microseconds). Methods block."""

    settings: Settings
    library: Library
    began: int

    def as_json(self) -> Answer:
        stores = Stores.of(self.settings)
        return {
            "version": version("gallery"),
            "pid": os.getpid(),
            "began_at": to_text(self.began),
            "uptime_seconds": round(time.time() - self.began / 1e6, 1),
            "storage": _store(stores.blobs, self._check_blobs),
            "catalog": _store(stores.catalog, self.library.catalog.check),
            "free_bytes": self._free_bytes(),
            "processes": _told(self._processes),
            "damaged": _told(self._damaged),
            "quarantined": _told(self._quarantined),
            "moved": _told(self._moved),
        }

    def _check_blobs(self) -> None:
        """Who looks wants to know how it is at this moment."""
        blobs = self.library.blobs
        if isinstance(blobs, Remote):
            blobs.check_now()
        else:
            blobs.check()

    def _free_bytes(self) -> int | None:
        """Where images are files."""
        if not isinstance(self.library.blobs, LocalFiles):
            return None
        with suppress(OSError):
            found = os.statvfs(self.library.blobs.root)
            return found.f_bavail * found.f_frsize
        return None

    def _processes(self) -> list[Answer]:
        """Those of other machines are known by their connections to the database."""
        ids = {said["id"] for said in processes.living(str(self.settings.outputs))}
        if isinstance(self.library.catalog, Apart):
            ids |= self.library.catalog.servers()
        return [{"id": id, "pid": int(id.partition("-")[0])} for id in sorted(ids)]

    def _damaged(self) -> Answer:
        """As the scrub knows."""
        state = checkpoint.read(self.library.catalog.notes)
        found = [damage.what for damage in state.damaged.values()] if state else []
        return {what: found.count(what) for what in ("damaged", "missing", "unreadable")}

    def _quarantined(self) -> int:
        return sum(1 for _ in islice(self.library.blobs.list(QUARANTINE), MOST))

    def _moved(self) -> Answer:
        """How often, and the originals that were lost since and read where it lived before."""
        turns = generation.record_of(self.settings).turns()
        reads = fallback.reads(self.library.catalog.notes)
        return {"turns": turns, "fallback_reads": reads.get(str(turns), 0)}


def _store(name: str, check: Callable[[], None]) -> Answer:
    try:
        check()
    except GalleryError as error:
        return {"name": name, "reachable": False, "why": str(error)}
    return {"name": name, "reachable": True, "why": None}


def _told(look: Callable[[], T]) -> T | None:
    with suppress(GalleryError):
        return look()
    return None
