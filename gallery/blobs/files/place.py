"""A folder as it is, for who wants to move a library there: looked at, and tried.

What is not there yet is not made: its nearest folder that is there is tried instead.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from gallery import network
from gallery.blobs.marker import MARKER, library_in
from gallery.durable import replace_file
from gallery.findings import Finding, Odd, timed, tried, whose

_FREE_BYTES = 1 << 30
_THREADS = 4


class FolderPlace:
    """Fulfils Place. ``library`` is the one that wants to move here, ``marker`` what names
    the one that is here, below ``root``."""

    def __init__(self, root: str, library: str | None, marker: str = MARKER) -> None:
        self._root = os.path.abspath(root)
        self._library = library
        self._marker = os.path.join(self._root, marker)
        self._there = self._root
        while not os.path.isdir(self._there):
            self._there = os.path.dirname(self._there)

    def close(self) -> None:
        pass

    def findings(self) -> Iterator[Finding]:
        yield tried(f"whose {self._root} is", self._whose, "name another folder")
        yield tried(f"{self._root} can be written to", self._writable, "correct its owner or mode")
        yield tried("it lies on a disk of this machine", self._local)
        yield tried("free space there", self._free, "make room")

    def _whose(self) -> str:
        if not os.path.exists(self._marker):
            return whose(None, self._library)
        with open(self._marker, "rb") as file:
            return whose(library_in(file.read(65_536), self._marker, ""), self._library)

    def _writable(self) -> str:
        self._write(b"a round trip")
        return "" if self._there == self._root else f"{self._there}, where it is to be made"

    def _write(self, body: bytes) -> None:
        path = os.path.join(self._there, f".preflight-{uuid.uuid4().hex}")
        try:
            replace_file(path, body)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _local(self) -> str:
        if kind := network.shared(self._there):
            raise Odd(f"it lies on {kind}", "one process alone can use it there", "warning")
        return network.kind_of(self._there)

    def _free(self) -> str:
        free = shutil.disk_usage(self._there).free
        if free < _FREE_BYTES:
            raise Odd(f"{free >> 20} MiB", "make room")
        return f"{free >> 20} MiB; plan says how much is needed"

    def rate(self, size: int, bodies: int) -> float:
        body = bytes(size)
        with ThreadPoolExecutor(_THREADS) as threads:
            seconds = timed(lambda: [*threads.map(self._write, [body] * bodies)])
        return size * bodies / seconds
