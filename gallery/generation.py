"""Where a library that moved lives now: ``.gallery/generation.json``, beside the marker.

{"number": 1, "blobs": "s3://bucket/prefix", "catalog": "postgresql://host/database"}

``number`` counts the moves, there and back. The stores are named as the settings name them,
but for credentials. Where there is no such file the library has never moved, and lives where
the settings say. What the file says wins over them: after a move the same settings, and the
same processes, go on with the other of their two pairs of stores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from gallery.durable import replace_file, try_lock
from gallery.errors import Unavailable, storage
from gallery.settings import Settings

NAME = os.path.join(".gallery", "generation.json")
_LOCK = os.path.join(".gallery", "generation.lock")
_TREE = os.path.join(".gallery", "library.json")
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Stores:
    """A pair of stores by their names."""

    blobs: str
    catalog: str

    @classmethod
    def of(cls, settings: Settings) -> Stores:
        return cls(settings.blobs, without_credentials(settings.catalog))

    def __str__(self) -> str:
        return f"{self.blobs} and {self.catalog}"


@dataclass(frozen=True, slots=True)
class Generation:
    number: int
    stores: Stores

    @classmethod
    def parsed(cls, data: dict[str, Any]) -> Generation:
        """Raises KeyError, TypeError and ValueError."""
        return cls(int(data["number"]), Stores(str(data["blobs"]), str(data["catalog"])))

    def as_json(self) -> dict[str, Any]:
        return {"number": self.number, **asdict(self.stores)}

    def __str__(self) -> str:
        return f"{self.stores} (number {self.number})"


class Record:
    """The file. To ask it for what it says costs one stat as long as it doesn't change."""

    def __init__(self, outputs: str) -> None:
        self.path = os.path.join(outputs, NAME)
        self._lock = os.path.join(outputs, _LOCK)
        self._tree = os.path.join(outputs, _TREE)
        self._known: tuple[tuple[int, int, int], Generation] | None = None

    def read(self) -> Generation | None:
        """None where the library has never moved. Raises Unavailable when it can't be told: a
        record that was there is never taken away."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError as error:
            if self._known is None:
                return None
            raise Unavailable(f"{self.path} is away") from error
        except OSError as error:
            raise Unavailable(f"{self.path}: {error.strerror}") from error
        state = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._known is None or self._known[0] != state:
            self._known = state, self._parsed()
        return self._known[1]

    def turns(self) -> int:
        """How often the library turned. Raises Unavailable."""
        found = self.read()
        return found.number if found else 0

    def _parsed(self) -> Generation:
        with storage(self.path), open(self.path, "rb") as file:
            raw = file.read(65_536)
        try:
            return Generation.parsed(orjson.loads(raw))
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"{self.path} cannot be read: {error!r}") from error

    def write(self, generation: Generation) -> None:
        """Atomically and durably: from here on the library lives there."""
        with storage(self.path, ours=True):
            replace_file(self.path, orjson.dumps(generation.as_json()) + b"\n")

    def has_tree(self) -> bool:
        """Whether the folder is that of a library's images, and no empty one."""
        return os.path.exists(self._tree)

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Whoever turns the library, or says elsewhere what the record says, holds this. It
        ends with its process. Raises Unavailable when somebody else has it for so long."""
        until = time.monotonic() + seconds
        with storage(self._lock, ours=True):
            os.makedirs(os.path.dirname(self._lock), exist_ok=True)
            fd = os.open(self._lock, _OPEN, 0o640)
        try:
            while not try_lock(fd):
                if time.monotonic() > until:
                    raise Unavailable("the library is just turning", code="busy")
                time.sleep(_PAUSE_SECONDS)
            yield
        finally:
            os.close(fd)


def record_of(settings: Settings) -> Record:
    return Record(str(settings.outputs))


def other(settings: Settings) -> Settings | None:
    """The settings of the other pair of stores; None where no move is named."""
    if not (settings.next_blobs or settings.next_catalog):
        return None
    return settings.model_copy(
        update={
            "blobs": settings.next_blobs or settings.blobs,
            "catalog": settings.next_catalog or settings.catalog,
            "next_blobs": settings.blobs,
            "next_catalog": settings.catalog,
        }
    )


def without_credentials(url: str) -> str:
    """Scheme, host and database of a URL: neither users nor passwords, nor parameters."""
    parts = urlsplit(url)
    if not parts.netloc and not parts.query:
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
