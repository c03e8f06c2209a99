"""What only some blob stores can do: whoever can make use of it asks the store whether it can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from gallery.blobs.incoming import Spool


@runtime_checkable
class LocalFiles(Protocol):
    """An ability of stores whose objects are files of this machine."""

    root: str
    """The folder that keys are paths in."""

    def open(self, key: str) -> int:
        """A descriptor open for reading, for the caller to close. Raises NotFound, also
        for what is not a regular file or lies behind a symbolic link."""

    def sync_folder(self, key: str) -> None:
        """Makes the names in the object's folder durable."""


@runtime_checkable
class Remote(Protocol):
    """An ability of stores that are asked over a network: each look costs time, so that one
    which was right is trusted for some seconds."""

    def check_now(self) -> None:
        """Like ``check``, but never trusts in a look that began before this was called."""

    def hurry(self) -> None:
        """The server is about to stop. From then on, until the store is started again, what
        gets no answer is not tried again. Doesn't block."""


@runtime_checkable
class Shared(Protocol):
    """An ability of stores that others can write to, past the gallery."""

    def strangers(self) -> Iterator[str]:
        """What ``list`` never shows of an owner: links, pipes and sockets, and whatever
        lies beside the owners' folders; a folder that holds many may stand for them."""

    def leftovers(self) -> Iterator[str]:
        """Temporary objects that should have been removed long ago."""


@runtime_checkable
class SelfMarked(Protocol):
    """An ability of stores that cannot rename: ``stage`` leaves no mark there, so each
    image says of itself that a put of this library wrote it."""

    def put_at(self, key: str) -> float | None:
        """When a put of this library wrote the image (seconds since 1970); None when it is
        somebody else's. Raises NotFound."""


@runtime_checkable
class Renames(Protocol):
    """An ability of stores that can give an object another key."""

    def rename(self, old: str, new: str) -> None:
        """Puts it in the place of what has the new key. After a crash it may have both.
        Raises NotFound."""


@runtime_checkable
class Exclusive(Protocol):
    """An ability of stores that can be told not to replace anything."""

    def put_new(self, key: str, body: bytes | Spool) -> bool:
        """Like ``put``, if nothing has the key; else False, and nothing was changed."""


@runtime_checkable
class Hashed(Protocol):
    """An ability of stores that keep with each object what was sent."""

    def sha256_of(self, key: str) -> str | None:
        """The hash of the body that was put there; None of an object that somebody else put.
        Raises NotFound."""


@runtime_checkable
class Versioned(Protocol):
    """An ability of stores that may keep what was replaced or removed."""

    def erase_hidden(self, prefix: str) -> None:
        """Removes for good what was replaced or removed of all that begins with ``prefix``."""


Purpose = Literal["view", "download", "embed"]
LIVES: Mapping[Purpose, int] = {"view": 3600, "download": 86_400, "embed": 7 * 86_400}
"""Seconds that a link lives. Seven days are the most that S3 signs for."""


@runtime_checkable
class Linked(Protocol):
    """An ability of stores that can be asked for an object without the server."""

    lives: Mapping[Purpose, int]
    """How many seconds its links live."""

    def origin(self) -> str:
        """Scheme, host and port that every link begins with."""

    def presigned(
        self, key: str, purpose: Purpose, *, disposition: str | None = None
    ) -> str | None:
        """A URL that gives the object to whoever holds it, for as long as the purpose
        wants; with this Content-Disposition, where one is given. None when the store
        cannot do that: then the server sends the bytes."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A body that is yet to come, as its sender announced it."""

    size: int
    mime: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Presigned:
    """Where a body can be put by whoever holds this."""

    url: str
    headers: dict[str, str]
    """What must be sent with it, exactly so."""


@runtime_checkable
class SentTo(Protocol):
    """An ability of stores that can be sent an object without the server."""

    def presigned_put(self, key: str, body: Expected, seconds: int) -> Presigned | None:
        """A URL that takes a body for the object, for so long. The store refuses what has
        another type or size, and where it can what has another sha256: what came has to be
        looked at in any case. None when the store cannot do that."""
