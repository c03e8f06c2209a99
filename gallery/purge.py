"""Purging many: what would go, by name, and then just that.

Used by retention, by administrators, by the command line and by owners for all of their trash.
An item is purged only if it is still in the trash at the ``rev`` that the plan saw, and since
the same time: who edits a sidecar by hand seldom counts that up.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from dataclasses import dataclass

import orjson
from itsdangerous import BadSignature, TimestampSigner

from gallery import keys
from gallery.catalog import Expired
from gallery.catalog.query import Query
from gallery.draft import DAY_US
from gallery.errors import Conflict, Moved, NotFound, Unavailable
from gallery.library import Library
from gallery.records import Record

log = logging.getLogger(__name__)

DIGEST_SECONDS = 3600
ABSURD_US = 20 * 365 * DAY_US
_NEVER = 1 << 62
_AHEAD_US = 300 * 1_000_000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Item:
    """``deleted_at`` where it goes because of its age."""

    owner: str
    id: str
    rev: int
    bytes: int
    deleted_at: int | None = None

    @classmethod
    def of(cls, record: Record) -> Item:
        return cls(record.owner, record.id, record.rev, record.bytes, record.deleted_at)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a purge would take, in the order of owners."""

    items: list[Item]

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)

    def by_owner(self) -> dict[str, int]:
        return dict(Counter(item.owner for item in self.items))

    def digest(self) -> str:
        lines = (f"{item.owner} {item.id} {item.rev}\n" for item in self.items)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def carry_out(self, library: Library) -> int:
        """Purges the items that have not changed; gives how many. What cannot be reached keeps
        no other: Unavailable is raised when these are purged."""
        purged, away = 0, None
        for item in self.items:
            try:
                library.purge(item.owner, item.id, rev=item.rev, deleted_at=item.deleted_at)
                purged += 1
            except (NotFound, Conflict):
                pass
            except Moved:
                raise
            except Unavailable as error:
                library.blobs.check()
                library.catalog.check()
                away = error
        if away is not None:
            raise away
        return purged


def plan(library: Library, *, before: int, owner: str | None = None) -> Plan:
    """What is in the trash since before that time (microseconds), of one owner or all."""
    items = []
    for expired in library.catalog.expired(before):
        if owner is not None and expired.owner != owner:
            continue
        if record := _still(library, expired):
            items.append(Item.of(record))
    return Plan(sorted(items, key=lambda item: (item.owner, item.id)))


def retention(library: Library, *, thorough: bool = False) -> Plan:
    """What retention purges now: by the recorded deletion. An age that no clock can have
    given (negative, older than the image, decades) is left alone and logged; the negative
    ones are only looked for when ``thorough``, because that reads all of the trash."""
    now = library.clock()
    due = now - library.retention_us
    items = []
    for expired in library.catalog.expired(_NEVER if thorough else due):
        if due <= expired.deleted_at <= now:
            continue
        if (record := _still(library, expired)) is None:
            continue
        age = now - expired.deleted_at
        if not 0 <= age <= ABSURD_US or expired.deleted_at < record.created_at - _AHEAD_US:
            log.warning(
                "%s: in the trash since %s, which cannot be: not purged",
                *(record.image, record.deleted_at),
            )
            continue
        items.append(Item.of(record))
    return Plan(items)


def _still(library: Library, expired: Expired) -> Record | None:
    """Its record, if it is in the trash since then: meanwhile it may have been restored, and
    put there again a moment ago."""
    entry = library.catalog.get(expired.owner, expired.id)
    if entry is None or entry.record.status != "trash":
        return None
    return entry.record if (entry.record.deleted_at or 0) == expired.deleted_at else None


def empty_trash(library: Library, owner: str, count: int) -> int:
    """Purges the owner's whole trash, if it holds ``count`` images as they saw it; gives how
    many. Raises Conflict."""
    whole = _in_trash(library, owner)
    if len(whole.items) != count:
        raise Conflict(f"The trash holds {len(whole.items)} images now", code="trash_changed")
    return whole.carry_out(library)


def _in_trash(library: Library, owner: str) -> Plan:
    query = Query(owner, ("trash",), keys.KINDS, "deleted", size=_PAGE)
    page = library.page(query)
    items = page.items
    while page.next_cursor:
        page = library.page(query.after(page.next_cursor))
        items = items + page.items
    found = map(orjson.loads, items)
    return Plan([Item(owner, data["id"], data["rev"], data["bytes"]) for data in found])


def signed(plan: Plan, signer: TimestampSigner) -> str:
    """The plan's digest, to be echoed within an hour."""
    return signer.sign(plan.digest()).decode()


def verified(plan: Plan, digest: str, signer: TimestampSigner) -> None:
    """Raises Conflict unless ``digest`` was signed for just this plan in the last hour."""
    try:
        said = signer.unsign(digest, max_age=DIGEST_SECONDS).decode()
    except BadSignature as error:
        raise Conflict("This digest is not from here, or too old", code="bad_digest") from error
    if said != plan.digest():
        raise Conflict("The trash has changed since the dry run", code="plan_changed")
