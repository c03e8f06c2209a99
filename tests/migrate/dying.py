"""A command of a move whose process is killed, or stopped for a while, at a step:

    python -m tests.migrate.dying SIGNAL STEP NUMBER COMMAND…

It gets the signal right after the step was done for the NUMBER-th time. STEP is the name of
what changes something (``put``, ``commit``, ``apply`` …), of what the journal tells (``follow``,
``turn`` …), ``fence``, ``record``, or ``any``.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gallery.blobs.files import FileBlobs
from gallery.blobs.s3 import S3Blobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.postgres import PostgresCatalog
from gallery.generation import Record
from migrate.__main__ import main
from migrate.journal import Journal

_BLOBS = ("put", "delete", "stage", "commit", "replace", "doom", "finish")


class Death:
    """Comes after so many steps of a name; or sleep, by its signal."""

    def __init__(self, number_of_signal: int, name: str, number: int) -> None:
        self._signal = number_of_signal
        self._name = name
        self._left = number
        self._lock = threading.Lock()

    def after(self, name: str) -> None:
        with self._lock:
            is_one = self._name in ("any", name)
            self._left -= is_one
            if is_one and self._left == 0:
                os.kill(os.getpid(), self._signal)


def wrap(cls: type, method: str, death: Death, name: Callable[..., str]) -> None:
    real = getattr(cls, method)

    def stepped(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        death.after(name(**kwargs))
        return result

    setattr(cls, method, stepped)


def wrap_fence(cls: type, death: Death) -> None:
    real = cls.fence  # type: ignore[attr-defined]  # one of two catalogs

    @contextmanager
    def stepped(catalog: Any, seconds: float) -> Iterator[Any]:
        with real(catalog, seconds) as held:
            death.after("fence")
            yield held

    cls.fence = stepped  # type: ignore[attr-defined]  # likewise


def arm(death: Death) -> None:
    for blobs in (FileBlobs, S3Blobs):
        for method in _BLOBS:
            wrap(blobs, method, death, lambda method=method, **_: method)
    wrap(S3Blobs, "put_new", death, lambda **_: "put")
    wrap(ManifestCatalog, "apply", death, lambda **_: "apply")
    for catalog in (ManifestCatalog, PostgresCatalog):
        wrap(catalog, "apply_all", death, lambda **_: "apply")
        wrap_fence(catalog, death)
    wrap(Journal, "append", death, lambda did, **_: did)
    wrap(Record, "write", death, lambda **_: "record")


if __name__ == "__main__":
    name, step, number, *sys.argv[1:] = sys.argv[1:]
    arm(Death(signal.Signals[name], step, int(number)))
    main()
