"""How far a move is, and who is alive."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from typing import Any

from gallery import generation, processes
from gallery.errors import GalleryError, PositionGone, StartRefused
from gallery.generation import Stores
from gallery.settings import Settings
from migrate import sides
from migrate.copying import Done
from migrate.folder import Folder, digest
from migrate.follow import left_at
from migrate.walk import Only

_ENOUGH = 100_000
"""Changes that are counted; beyond them it is only said that there are more."""


def status(settings: Settings, folder: Folder) -> dict[str, Any]:
    """Raises GalleryError and StartRefused."""
    content = folder.plan() if folder.has_plan else None
    record = generation.record_of(settings)
    return {
        "lives": str(Stores.of(settings)),
        "turns": record.turns(),
        "turned_at": os.stat(record.path).st_mtime if record.read() else None,
        **_phase(settings, folder, content),
        "paused": folder.is_paused,
        "at_work": folder.is_held,
        "processes": [*_processes(settings)],
        "verify": folder.report(),
    }


def _phase(settings: Settings, folder: Folder, plan: dict[str, Any] | None) -> dict[str, Any]:
    """What is known of the move itself; ``copied`` is in per cent of the bytes."""
    if plan is None:
        return {"phase": "not planned", "plan": None, "copied": None, "lag": None}
    ends = [entry["did"] for entry in folder.entries() if entry["did"] in ("turn", "cleanup")]
    done = Done.of(folder.entries())
    images, size = done.sums(Only())
    share = size / plan["bytes"] if plan["bytes"] else float(done.all)
    is_there = plan["to"] == {"blobs": settings.blobs, "catalog": Stores.of(settings).catalog}
    phase = "planned"
    if ends[-1:] == ["cleanup"]:
        phase = "cleaned"
    elif is_there:
        phase = "turned, in grace"
    elif done.all:
        phase = "following"
    elif images:
        phase = "copying"
    return {
        "phase": phase,
        "plan": digest(plan),
        "copied": 100 if done.all else min(99, int(100 * share)),
        "lag": _lag(settings, folder, plan) if done.all else None,
    }


def _lag(settings: Settings, folder: Folder, plan: dict[str, Any]) -> dict[str, Any]:
    """Changes that are yet to be brought to the other side, and since how many seconds the
    first of them is waiting."""
    position = left_at(settings, folder, plan)
    try:
        with sides.source(settings) as here:
            changes, first = 0, None
            while changes < _ENOUGH:
                found = here.catalog.changes(position)
                changes, position = changes + len(found.noted), found.position
                if found.noted and first is None:
                    first = found.noted[0].at / 1e6
                if found.level:
                    break
    except PositionGone:
        return {"changes": None, "seconds": None, "why": "the feed is past it: plan and copy again"}
    except (GalleryError, StartRefused) as error:
        return {"changes": None, "seconds": None, "why": str(error)}
    seconds = 0.0 if first is None else max(0.0, time.time() - first)
    return {"changes": changes, "seconds": round(seconds, 1), "why": None}


def _processes(settings: Settings) -> Iterator[dict[str, Any]]:
    there = generation.other(settings)
    wanted = str(Stores.of(there)) if there else None
    for said in processes.living(str(settings.outputs)):
        is_ready = wanted in said.get("ready", ())
        yield {"pid": said["pid"], "ready": is_ready, "why": None if is_ready else _why(said)}


def _why(said: dict[str, Any]) -> str:
    return said.get("why") or processes.WITHOUT


def lines(report: dict[str, Any]) -> Iterator[str]:
    """For people."""
    yield f"the library lives in {report['lives']}"
    yield f"phase: {''.join(_said(report))}"
    if report["turned_at"] is not None:
        yield f"turned: {report['turns']}, last at {_when(report['turned_at'])}"
    for one in report["processes"]:
        ready = "ready" if one["ready"] else f"not ready: {one['why']}"
        yield f"server process {one['pid']}: {ready}"
    if not report["processes"]:
        yield "no server process is alive on this machine"
    if report["verify"]:
        yield _verified(report["verify"])


def _said(report: dict[str, Any]) -> Iterator[str]:
    yield report["phase"]
    if report["phase"] == "copying":
        yield f" {report['copied']} %"
    if lag := report["lag"]:
        if lag["changes"] is None:
            yield f", how far behind cannot be told ({lag['why']})"
        else:
            more = " or more" if lag["changes"] >= _ENOUGH else ""
            yield f", {lag['changes']}{more} changes and {lag['seconds']:g} s behind"
    if report["paused"]:
        yield ", paused"
    if report["at_work"]:
        yield ", a command is at work on it"


def _verified(report: dict[str, Any]) -> str:
    said = {0: "equal", 1: "different"}.get(report["exit_code"], "it could not be told")
    part = "/".join(itertools.filterfalse(lambda p: p is None, (report["owner"], report["month"])))
    sample = f"{report['sample']:g} % hashed"
    return f"last verify {_when(report['at'])}: {said}, {part or 'all'}, {sample}"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
