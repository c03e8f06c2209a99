"""Whether the time has come for a cleanup: when nobody can want the side that was left."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from gallery import fallback
from gallery.blobs.abilities import LIVES, Linked
from gallery.errors import StartRefused
from migrate.folder import Folder
from migrate.sides import Sides

DAY_SECONDS = 86_400
LINK_DAYS = max(LIVES.values()) // DAY_SECONDS
"""Whoever holds a link to a bucket may use it for so long."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A whole and equal verify: when, from which position of the feed on, and what of."""

    at: int
    position: str
    root: str
    images: int


def due(
    folder: Folder, sides: Sides, number: int, *, after_days: int, known_reads: int
) -> Verified:
    """What was verified since the ``number``-th turn. Raises StartRefused when it is too early
    for a cleanup, or something speaks against it."""
    entries = list(folder.entries())
    turned = _turned(entries, number)
    days = max(after_days, LINK_DAYS) if isinstance(sides.target.blobs, Linked) else after_days
    if (left := turned + days * DAY_SECONDS - time.time()) > 0:
        raise StartRefused(f"the grace period lasts for {left / DAY_SECONDS:.1f} days more")
    reads = fallback.reads(sides.source.catalog.notes).get(str(number), 0)
    if reads != known_reads:
        raise StartRefused(
            f"{reads} lost originals were read where the library lived before: the log names "
            f"them; mend them, verify, and say --known-reads {reads}"
        )
    return _verified(folder, entries, number, turned)


def _turned(entries: Iterable[dict[str, Any]], number: int) -> int:
    """When the library turned last."""
    at = [entry["at"] for entry in entries if entry["did"] == "turn" and entry["number"] == number]
    if not number or not at:
        raise StartRefused("this run folder knows of no turn to where the library lives now")
    return int(at[-1])


def _verified(
    folder: Folder, entries: Iterable[dict[str, Any]], number: int, turned: int
) -> Verified:
    """By the journal, when a cleanup has begun: from then on the sides differ."""
    for entry in entries:
        if entry["did"] == "cleanup" and entry["number"] == number:
            return Verified(**entry["verified"])
    try:
        with open(folder.report_path, "rb") as file:
            report = orjson.loads(file.read())
    except (OSError, orjson.JSONDecodeError) as error:
        raise StartRefused(f"{folder.report_path}: {error}; verify first") from error
    whole = (report["sample"], report["owner"], report["month"]) == (100, None, None)
    if not whole or not report.get("equal"):
        raise StartRefused("the last verify was not of all, or not all was equal")
    if report["at"] <= turned:
        raise StartRefused("the last verify is older than the turn: verify again")
    images = report["signs"]["="]
    return Verified(report["at"], report["position"], report["root"], images)


def noted(number: int, verified: Verified) -> dict[str, Any]:
    """What the journal says when a cleanup begins."""
    return {"did": "cleanup", "number": number, "verified": asdict(verified)}


def has_begun(entries: Iterable[dict[str, Any]]) -> bool:
    """Whether a cleanup has since the library turned last: then there is no way back."""
    began = False
    for entry in entries:
        if entry["did"] in ("turn", "cleanup"):
            began = entry["did"] == "cleanup"
    return began
