"""The journal of one bulk operation: what was asked for, and how far it has come.

Its entries, in this order (``docs/format.md`` shows them):

    head        what was asked for, and the ids that it is about
    intents     what some items are about to become, written before they do
    outcomes    what became of them

Intents and outcomes come in turn, first those of the operation, then those of its undo.
An item with an intent and no outcome may or may not have been changed; that it has the
intent's etag tells that it was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import orjson

from gallery.catalog.ops import OpsLog
from gallery.catalog.query import Query
from gallery.encoding import encode, etag
from gallery.records import Record, Status

FORMAT = 1
Action = Literal["delete", "restore", "tag", "untag", "favorite"]
Result = Literal["done", "unchanged", "not_found", "failed", "undone", "changed", "gone"]
PhaseName = Literal["do", "undo"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: an action on some ids, or on all that a query finds."""

    action: Action
    ids: tuple[str, ...] | None = None
    query: Query | None = None
    tags: tuple[str, ...] = ()
    value: bool = True

    def digest(self) -> str:
        """The same for the same request. What a query leaves open does not count, so that
        it stays the same when there is more that can be asked."""
        said = asdict(self)
        if self.query is not None:
            said["query"] = {k: v for k, v in said["query"].items() if v is not None}
        return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Intent:
    """The version that an item is about to get, and what it can be given back."""

    id: str
    rev: int
    etag: str
    status: Status
    deleted_at: int | None
    tags: tuple[str, ...]
    favorite: bool

    @classmethod
    def of(cls, before: Record, after: Record) -> Intent:
        version = etag(after.rev, encode(after))
        kept = (before.status, before.deleted_at, before.tags, before.favorite)
        return cls(after.id, after.rev, version, *kept)

    def is_all_of(self, record: Record) -> bool:
        """Whether the record says what that version says, whatever its own ``rev``."""
        return etag(self.rev, encode(replace(record, rev=self.rev))) == self.etag

    def given_back(self, record: Record) -> Record:
        """The record as it was before."""
        return replace(
            record,
            status=self.status,
            deleted_at=self.deleted_at,
            tags=tuple(self.tags),
            favorite=self.favorite,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item. ``rev`` is its version then, ``code`` says why it failed."""

    id: str
    outcome: Result
    rev: int | None = None
    code: str | None = None

    def as_json(self) -> dict[str, Any]:
        said = {"id": self.id, "outcome": self.outcome, "rev": self.rev}
        return said if self.code is None else said | {"code": self.code}


@dataclass(slots=True)
class Phase:
    """The operation itself, or its undo."""

    name: PhaseName
    intents: dict[str, Intent] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def take(self, entry: dict[str, Any]) -> None:
        self.intents |= {data["id"]: Intent(**data) for data in entry.get("intents", ())}
        self.outcomes |= {data["id"]: Outcome(**data) for data in entry.get("outcomes", ())}


class Journal:
    """One operation, as far as its journal says. Who adds to it holds its lock."""

    def __init__(self, log: OpsLog, owner: str, head: dict[str, Any]) -> None:
        self._log = log
        self.owner = owner
        self.op: str = head["op"]
        self.action: Action = head["action"]
        self.request: str = head["request"]
        self.ids: list[str] = head["ids"]
        self.do, self.undo = Phase("do"), Phase("undo")

    @classmethod
    def read(cls, log: OpsLog, owner: str, op: str) -> Journal | None:
        """The operation, or None when the owner has none of that id."""
        entries = log.read(owner, op)
        if not entries or entries[0].get("format") != FORMAT:
            return None
        journal = cls(log, owner, entries[0])
        for entry in entries[1:]:
            (journal.undo if entry["phase"] == "undo" else journal.do).take(entry)
        return journal

    @classmethod
    def begin(cls, log: OpsLog, owner: str, op: str, wanted: Wanted, ids: list[str]) -> Journal:
        head = {"format": FORMAT, "op": op, "action": wanted.action, "request": wanted.digest()}
        head |= {"ids": ids}
        log.append(owner, op, head)
        return cls(log, owner, head)

    def intend(self, phase: Phase, intents: Sequence[Intent]) -> None:
        self._add(phase, {"intents": [asdict(intent) for intent in intents]})

    def settle(self, phase: Phase, outcomes: Sequence[Outcome]) -> None:
        self._add(phase, {"outcomes": [outcome.as_json() for outcome in outcomes]})

    def _add(self, phase: Phase, entry: dict[str, Any]) -> None:
        self._log.append(self.owner, self.op, {"phase": phase.name} | entry)
        phase.take(entry)

    def pending(self, phase: Phase) -> list[str]:
        """The ids that have no outcome yet."""
        return [id for id in self.ids if id not in phase.outcomes]

    def report(self, phase: Phase) -> Report:
        outcomes = [phase.outcomes[id] for id in self.ids if id in phase.outcomes]
        return Report(self.op, self.action, len(self.ids), outcomes)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes so far, in the order that was given."""

    op: str
    action: Action
    total: int
    outcomes: list[Outcome]

    def as_json(self, counted: tuple[Result, ...]) -> dict[str, Any]:
        """With the number of each of the ``counted`` outcomes."""
        counts = Counter(outcome.outcome for outcome in self.outcomes)
        return {
            "op": self.op,
            "action": self.action,
            "total": self.total,
            **{result: counts[result] for result in counted},
            "finished": len(self.outcomes) == self.total,
            "outcomes": [outcome.as_json() for outcome in self.outcomes],
        }
