"""Where a library that moved lives now: ``.gallery/generation.json``, beside the marker.

{"number": 1, "blobs": "s3://bucket/prefix", "catalog": "postgresql://host/database"}

``number`` counts the moves, there and back. The stores are named as the settings name them,
but for credentials. Where there is no such file the library has never moved, and lives where
the settings say. What the file says wins over them: after a move the same settings, and the
same processes, go on with the other of their two pairs of stores.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import orjson

from gallery.durable import replace_file
from gallery.errors import StartRefused, Unavailable, storage
from gallery.settings import Settings

NAME = os.path.join(".gallery", "generation.json")


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


class Record:
    """The file. To ask it for what it says costs one stat as long as it doesn't change."""

    def __init__(self, outputs: str) -> None:
        self.path = os.path.join(outputs, NAME)
        self._known: tuple[tuple[int, int, int], Generation] | None = None

    def read(self) -> Generation | None:
        """None where the library has never moved. Raises Unavailable when it can't be told."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"{self.path}: {error.strerror}") from error
        state = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._known is None or self._known[0] != state:
            self._known = state, self._parsed()
        return self._known[1]

    def _parsed(self) -> Generation:
        with storage(self.path), open(self.path, "rb") as file:
            raw = file.read(65_536)
        try:
            data = orjson.loads(raw)
            return Generation(int(data["number"]), Stores(data["blobs"], data["catalog"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"{self.path} cannot be read: {error!r}") from error

    def write(self, generation: Generation) -> None:
        """Atomically and durably: from here on the library lives there."""
        content = {"number": generation.number, **asdict(generation.stores)}
        with storage(self.path, ours=True):
            replace_file(self.path, orjson.dumps(content) + b"\n")


def record_of(settings: Settings) -> Record:
    return Record(str(settings.outputs))


def other(settings: Settings) -> Settings | None:
    """The settings of the other pair of stores; None where no move is named."""
    if settings.next_blobs is None and settings.next_catalog is None:
        return None
    return settings.model_copy(
        update={
            "blobs": settings.next_blobs or settings.blobs,
            "catalog": settings.next_catalog or settings.catalog,
            "next_blobs": settings.blobs,
            "next_catalog": settings.catalog,
        }
    )


def active(settings: Settings) -> Settings:
    """The settings with the pair of stores where the library lives now. Raises StartRefused
    when that is neither of those that are named, and Unavailable."""
    found = record_of(settings).read()
    pairs = [settings, other(settings)]
    for pair in pairs:
        if pair and found in (None, Generation(found.number, Stores.of(pair)) if found else None):
            return pair
    assert found is not None  # noqa: S101 - without a record the first pair is right
    raise StartRefused(f"the library moved to {found.stores}, which no setting names")


def has_moved(settings: Settings) -> Callable[[], bool]:
    """Tells whether the library lives elsewhere by now than in the settings' own stores."""
    record, here = record_of(settings), Stores.of(settings)

    def moved() -> bool:
        found = record.read()
        return found is not None and found.stores != here

    return moved


def without_credentials(url: str) -> str:
    """Scheme, host and database of a URL: neither users nor passwords, nor parameters."""
    parts = urlsplit(url)
    if not parts.netloc and not parts.query:
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
