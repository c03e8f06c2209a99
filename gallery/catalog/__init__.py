"""The contract of a catalog: which images there are, in order, and how many.

A catalog can be thrown away and rebuilt from the sidecars. ``tests/conformance`` checks
every sentence below, for each catalog.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import orjson

from gallery.catalog.facets import Facets
from gallery.catalog.notes import Notes
from gallery.catalog.ops import OpsLog
from gallery.catalog.query import Query
from gallery.changes import Change, Op
from gallery.encoding import decode, etag
from gallery.keys import Kind
from gallery.records import Record, Seen
from gallery.totals import Totals, TotalsByKind

Listener = Callable[[str, str], None]
"""Called with (owner, id) after a change became visible, both empty when any image may
have changed; must not block."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One image as the catalog knows it: its record in canonical form."""

    raw: bytes
    seen: Seen

    @property
    def record(self) -> Record:
        return decode(orjson.loads(self.raw))

    @property
    def etag(self) -> str:
        return etag(self.record.rev, self.raw)


@dataclass(frozen=True, slots=True)
class Page:
    """``items`` are JSON objects, ready to send, or several of them with commas between.
    ``total`` is None where it was not asked for; ``next_cursor`` is None on the last page.
    ``version`` changes when the owner's images do, and is the same in every process. ``bytes``
    are those of all that ``total`` counts, where the query asks for a count."""

    items: list[builtins.bytes]
    total: int | None
    next_cursor: str | None
    version: str
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    owner: str
    id: str
    deleted_at: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A change of one image as the feed tells it; with ``op`` "load" and no id, all of an
    owner's month may have changed. ``position`` is right after it, ``at`` when it was made
    (microseconds)."""

    position: str
    op: Op | Literal["load"]
    owner: str
    month: str
    id: str
    kind: Kind | None
    rev: int
    at: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Some changes, oldest first, where to go on from, and whether that is the end: of what
    can be told by now, where more is ``held`` back by something that is under way."""

    noted: list[Noted]
    position: str
    level: bool
    held: bool = False


class Catalog(Protocol):
    """Which images there are. Methods block; they are called from threads.

    Every method raises Unavailable when the catalog cannot be reached.
    """

    @property
    def ops(self) -> OpsLog:
        """The journals of changes of many images."""

    @property
    def notes(self) -> Notes:
        """What all processes of the library need to know beside its images."""

    def start(self, library: str) -> None:
        """Opens the catalog of ``library``. Raises StartRefused when it is another's."""

    def close(self) -> None: ...

    def check(self) -> None:
        """Returns when the catalog is the one that was started, and can be asked. Costs little,
        however much it holds."""

    def lock(self, owner: str) -> AbstractContextManager[None]:
        """The owner's lock, held against every process of this library. Not reentrant. Waits
        while the fence is closed. Raises Moved when the library lives elsewhere by then."""

    def check_lock(self, owner: str) -> None:
        """Returns as long as the caller has the owner's lock. Raises Unavailable when it was
        lost, with a connection, and others may have had it since."""

    def fence(self, seconds: float) -> AbstractContextManager[Callable[[], None]]:
        """Keeps all who want an owner's lock waiting, in every process, when those who have
        one have given it back. Raises Unavailable when that takes longer. What it gives raises
        Unavailable when the fence was lost, with a connection, and they went on."""

    def apply(self, change: Change) -> None:
        """Makes ``change`` durable and visible to every later call in any process. Applying
        it twice is like applying it once. The caller holds the owner's lock."""

    def apply_all(self, changes: Sequence[Change]) -> None:
        """Like ``apply`` for each, in this order, but cheaper. They are of one owner and of
        different images. When it raises, any of the first may have been applied."""

    def get(self, owner: str, id: str, month: str | None = None) -> Entry | None:
        """The image, active or in the trash. ``month`` (``YYYY-MM``), where the caller
        knows it, saves a search."""

    def page(self, query: Query) -> Page:
        """Images in order, by page number or after a cursor. Raises BadRequest for a cursor
        that this order did not make."""

    def totals(self, owner: str) -> TotalsByKind: ...

    def version(self, owner: str) -> str:
        """That of the owner's pages."""

    def timeline(self, query: Query, starts: Callable[[int, int], list[int]]) -> list[int]:
        """How many of the query's images were made from each start to the next.
        ``starts(first, last)`` gives ascending times that cover both (microseconds)."""

    def facets(self, owner: str, kind: Kind) -> Facets:
        """What the newest ``facets.NEWEST`` active images of the owner have in common."""

    def owners(self) -> list[str]:
        """Everybody who has or had images, in byte order."""

    def whole(self) -> tuple[int, Totals]:
        """How many owners have images, and what they have together, without times."""

    def find(self, id: str) -> list[str]:
        """The owners of images with this id; for administrators, so it may be slow."""

    def expired(self, before: int) -> Iterator[Expired]:
        """Images in the trash whose deleted_at is before ``before``."""

    def seen(self, owner: str, month: str, kind: Kind) -> dict[str, Seen]:
        """What the sidecar of each image of a month looked like, by id."""

    def listen(self, listener: Listener) -> None:
        """Has ``listener`` called after every change that becomes visible here."""

    def changes(self, since: str | None, *, owner: str | None = None, limit: int = 1000) -> Changes:
        """At most ``limit`` changes after a position, of one owner or all, in the order in
        which every process tells them; None is now. Raises PositionGone when they are no
        longer all known."""

    def catch_up(self, owner: str) -> int:
        """Notes the changes of an owner that a crash kept from ``changes``; how many. Who
        keeps the fence closed may ask, too. Raises Unavailable when a change of the owner's
        that is under way does not end."""

    def swallowed(self) -> list[str]:
        """The owners of whom a process began to change something and may have kept it from
        ``changes``: it is at it, or died. Costs the same however many owners there are."""

    def months(self, owner: str) -> list[str]:
        """The months that the owner has or had images in, ascending."""

    def lines(self, owner: str, month: str) -> int:
        """How many lines the journal of a month has; where there is none, its images."""

    def rebuild(self, owner: str, month: str, records: list[tuple[Record, Seen]]) -> None:
        """Replaces all that is known of this month. The records are of different images. The
        caller holds the owner's lock."""

    def damaged(self) -> list[tuple[str, str]]:
        """(owner, month) of what was found unreadable in part, and wants a rebuild."""

    def leads(self) -> bool:
        """Whether this process is the one of the library's that runs the periodic jobs.
        One is, from the first that asks until it closes or dies."""

    def maintain(self) -> None:
        """Work of the periodic job: tidying that no request should wait for."""


@runtime_checkable
class Immediate(Protocol):
    """An ability of catalogs that can often answer from memory, without blocking."""

    def fresh(self) -> bool:
        """Whether all that any process has written is known here."""

    def page_now(self, query: Query) -> Page | None:
        """The page if it is at hand and up to date, else None."""


@runtime_checkable
class KeepsKeys(Protocol):
    """An ability of catalogs on another machine: they keep the keys that sign, so that no
    process depends on a store of images for them."""

    def signing_keys(self) -> list[str]:
        """The keys, newest first; none where none were kept yet."""

    def keep_signing_keys(self, keys: list[str]) -> list[str]:
        """Keeps these durably, where there are none yet; gives those that are kept."""


@runtime_checkable
class Apart(Protocol):
    """An ability of catalogs on another machine: processes may use them that share nothing
    else with this one."""

    @property
    def notes(self) -> Notes: ...

    def servers(self) -> set[str]:
        """The ids of the server processes that are connected."""
