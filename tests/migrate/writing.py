"""Somebody who writes all the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from gallery.library import Library
from tests.samples import OWNER, ident


@contextmanager
def written_to(library: Library) -> Iterator[None]:
    """An image is edited again and again while the block runs. What waits at a fence then is
    written where the library was, which nobody looks at any more."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            library.edit(OWNER, ident(1), tags=(f"edit {number}",))

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            yield
        finally:
            stop.set()
        writing.result(20)
