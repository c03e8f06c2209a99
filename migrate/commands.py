"""What the commands do, without how they show it: each gives what ``--json`` prints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, Literal

from gallery import backends, generation, keys, processes
from gallery.errors import StartRefused
from gallery.generation import Stores
from gallery.settings import Settings
from migrate import due, sides
from migrate.compare import Compare, Verdict
from migrate.copying import Copy, Done, Policy
from migrate.folder import Folder
from migrate.follow import Follow, left_at
from migrate.pace import Limits, Stopped, paced
from migrate.progress import Lag, Progress
from migrate.turn import Turn
from migrate.walk import Only

# -- copy and follow ------------------------------------------------------------------------


def copy(
    settings: Settings, folder: Folder, limits: Limits, only: Only, *,
    wanted: str, policy: Policy, threads: int, again: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Copies what no earlier run has. The new place becomes the library's by this."""
    content = folder.plan(wanted)
    if content["anomalies"] and policy == "strict":
        raise StartRefused(
            f"the plan names {len(content['anomalies'])} anomalies: mend them and plan again, "
            "or copy with --policy quarantine"
        )
    with (
        folder.held(),
        folder.journal() as journal,
        paced(folder, limits) as pace,
        _moving(settings, content, claim=True) as opened,
    ):
        done = Done() if again else Done.of(folder.entries())
        for key in filter(None, (keys.parse(one["name"]) for one in content["anomalies"])):
            done.doubt(key.folder.owner, key.folder.month)
        progress = Progress("copied", *_part(content, only))
        progress.skip(*done.sums(only))
        copying = Copy(opened, journal, pace, progress, policy=policy, threads=threads, again=again)
        copied = copying.run(only, done)
        progress.end()
    return {
        "outcomes": dict(copied.outcomes),
        "anomalies": [{"what": a.what, "name": a.name} for a in copied.anomalies],
        "ended": not copied.stopped,
    }


def _part(content: dict[str, Any], only: Only) -> tuple[int, int]:
    """Images and bytes of what is meant, as far as the plan knows them."""
    nothing = {"images": 0, "bytes": 0}
    sums = content
    if only.owner:
        sums = nothing if only.month else content["owners"].get(only.owner, nothing)
    elif only.month:
        sums = content["months"].get(only.month, nothing)
    return sums["images"], sums["bytes"]


@contextmanager
def _moving(
    settings: Settings, content: dict[str, Any], *, claim: bool = False
) -> Iterator[sides.Sides]:
    """Both sides, which are those of the plan; for one process at a time, whatever its run
    folder. Raises StartRefused."""
    pair = [asdict(Stores.of(side)) for side in (settings, sides.other(settings))]
    if any(content[name] not in pair for name in ("from", "to")):
        raise StartRefused("the plan is of a move to elsewhere: make a plan for this one")
    if content["library"] != backends.known_library(settings):
        raise StartRefused("the plan is of another library")
    with sides.held(settings), sides.both(settings, claim=claim) as opened:
        yield opened


def _has_a_way_back(folder: Folder) -> None:
    """Raises StartRefused when nothing can be brought to the other side any more."""
    if due.has_begun(folder.entries()):
        raise StartRefused("a cleanup has begun there: plan and copy with another --run")


def follow(settings: Settings, folder: Folder, limits: Limits, *, for_ever: bool) -> dict[str, Any]:
    """Brings what changed, until the target is level, or until it is stopped."""
    content, lag = folder.plan(), Lag()
    _has_a_way_back(folder)
    with (
        folder.held(),
        folder.journal() as journal,
        paced(folder, limits) as pace,
        _moving(settings, content) as opened,
    ):
        start = left_at(settings, folder, content)
        following = Follow(opened, journal, pace)
        with suppress(Stopped):
            following.run(start, folder.entries(), for_ever=for_ever, say=lag.add)
        stopped = pace.stopped
        lag.end()
    reached = left_at(settings, folder, content)
    return {"changes": lag.changes, "position": reached, "level": not stopped}


# -- verify ---------------------------------------------------------------------------------


def verify(
    settings: Settings, folder: Folder, limits: Limits, only: Only,
    say: Callable[[Verdict], None], *, sample: float,
) -> tuple[dict[str, Any], int]:  # fmt: skip
    """Compares both sides; gives the exit code besides."""
    progress = Progress("compared", *(_part(folder.plan(), only) if folder.has_plan else (0, 0)))
    with folder.held(), paced(folder, limits) as pace, sides.both(settings) as opened:
        began = {"at": round(time.time()), "position": opened.source.catalog.changes(None).position}
        with folder.hashes() as hashes:
            compare = Compare(opened, pace, progress, say, sample=sample / 100, hashes=hashes)
            report = compare.run(only)
        progress.end()
        content = {
            **report.as_json(), **began,
            "sample": sample, "owner": only.owner, "month": only.month,
            "equal": report.exit_code == 0, "exit_code": report.exit_code,
        }  # fmt: skip
        folder.write(folder.report_path, content)
    return content, report.exit_code


# -- turning --------------------------------------------------------------------------------


def turn(
    settings: Settings, folder: Folder, to: Literal["from", "to"], *, budget: float, wait: float
) -> dict[str, Any]:
    """Has the library live where the plan says it goes to, or came from."""
    content, record = folder.plan(), generation.record_of(settings)
    stores = Stores(**content[to])
    if Stores.of(settings) == stores:
        return {"lives": str(stores), "images": 0, "seconds": 0.0, "turned": False}
    _has_a_way_back(folder)
    with (
        folder.held(),
        folder.journal() as journal,
        paced(folder, Limits()) as pace,
        _moving(settings, content) as opened,
    ):

        def ready() -> None:
            processes.ready(str(settings.outputs), stores, opened.servers())

        if not settings.secret:
            opened.check_keys()
        ready()
        start = left_at(settings, folder, content)
        turning = Turn(opened, journal, pace, record, stores, ready)
        turned = turning.run(start, folder.entries(), budget=budget, wait=wait)
    seconds = round(turned.seconds, 3)
    return {"lives": str(stores), "images": turned.images, "seconds": seconds, "turned": True}
