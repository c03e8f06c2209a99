"""What the commands do, without how they show it: each gives what ``--json`` prints."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gallery import backends, generation, processes
from gallery.errors import GalleryError, PositionGone, StartRefused, Unavailable
from gallery.generation import Stores
from gallery.library import Library
from gallery.settings import MIB, Settings
from migrate import due, sides, survey
from migrate.compare import Compare, Verdict
from migrate.copying import Copy, Done, Policy
from migrate.folder import Folder
from migrate.follow import Follow, position_in
from migrate.pace import Pace, Stopped
from migrate.progress import Lag, Progress
from migrate.turn import Turn
from migrate.walk import Only

log = logging.getLogger(__name__)

_BODIES = 16
_SIDECAR_BYTES = 2_048
_LEAST_BYTES, _MOST_BYTES = 64 << 10, 1 << 20
"""Of the bodies that are sent to measure how fast that is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast it may be: MiB a second (0: no limit), and the URL of a live server that has
    to answer within so many milliseconds."""

    mib: int = 0
    live: str | None = None
    slow_ms: int = 250


@contextmanager
def paced(folder: Folder, limits: Limits) -> Iterator[Pace]:
    """A pace that ends when the command is told to stop; what is under way is ended. Raises
    Unavailable when it was."""
    pace = Pace(
        limits.mib * MIB or None, limits.live, limits.slow_ms / 1000, lambda: folder.is_paused
    )
    before = {
        number: signal.signal(number, lambda *_: pace.stop())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    pace.start()
    try:
        yield pace
    except Stopped as error:
        raise Unavailable("it was stopped; the same command goes on with it") from error
    finally:
        pace.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


# -- plan -----------------------------------------------------------------------------------


def plan(settings: Settings, folder: Folder, limits: Limits, *, hashes: bool) -> dict[str, Any]:
    """Looks at everything, and writes down what there is."""
    there = sides.other(settings)
    with folder.held(), paced(folder, limits) as pace, sides.source(settings) as here:
        position = _position(settings, folder, here)
        progress, began = Progress("looked at"), time.monotonic()
        found = survey.Surveyor(here, pace, progress, hashes=hashes).run(Only())
        progress.end()
        reading = found.read / (time.monotonic() - began)
        content = {
            "library": here.blobs.library,
            "from": asdict(Stores.of(settings)),
            "to": asdict(Stores.of(there)),
            "position": position,
            **_time(there, found, reading),
            **found.as_json(),
        }
        return content | {"digest": folder.write_plan(content)}


def _position(settings: Settings, folder: Folder, here: Library) -> str:
    """Where to follow from: where that was left, as long as the feed still holds it, for
    what was copied until then is brought level by it. Else all begins anew."""
    if folder.has_plan:
        old = folder.plan()
        if old["library"] != here.blobs.library:
            raise StartRefused(f"{folder.path} is of another library: name another --run")
        if old["to"] == asdict(Stores.of(settings)):
            raise StartRefused("this move is made: for one back, name another --run, or rollback")
        left = position_in(folder.entries(), old, turns(settings))
        is_same = old["to"] == asdict(Stores.of(sides.other(settings)))
        with suppress(PositionGone):
            if is_same and here.catalog.changes(left, limit=1):
                return left
    position = here.catalog.changes(None).position
    with folder.journal() as journal:
        journal.append(did="plan", position=position)
    return position


def _time(there: Settings, found: survey.Survey, reading: float) -> dict[str, Any]:
    """Bytes a second as just measured, and the seconds that a copy takes at that; None of
    what could not be."""
    images, size = found.images.total(), found.bytes.total()
    rates: dict[str, Any] = {"reading": round(reading) or None, "writing": None, "seconds": None}
    seconds = size / reading if reading else 0.0
    try:
        place = backends.blobs_place(there, None)
        try:
            body = min(max(size // max(images, 1), _LEAST_BYTES), _MOST_BYTES)
            writing, small = place.rate(body, _BODIES), place.rate(_SIDECAR_BYTES, _BODIES)
        finally:
            place.close()
    except (GalleryError, OSError) as error:
        log.warning("how fast the new place is could not be measured: %s", error)
        return rates
    # Of each image three more small requests: a look, the thumbnail, the sidecar.
    seconds = max(seconds, size / writing + 3 * images * _SIDECAR_BYTES / small)
    return rates | {"writing": round(writing), "seconds": round(seconds, 1)}


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


def turns(settings: Settings) -> int:
    """How often the library turned."""
    found = generation.record_of(settings).read()
    return found.number if found else 0


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
        start = position_in(folder.entries(), content, turns(settings))
        following = Follow(opened, journal, pace)
        with suppress(Stopped):
            following.run(start, folder.entries(), for_ever=for_ever, say=lag.add)
        stopped = pace.stopped
        lag.end()
    reached = position_in(folder.entries(), content, turns(settings))
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
        start = position_in(folder.entries(), content, turns(settings))
        turning = Turn(opened, journal, pace, record, stores, ready)
        turned = turning.run(start, folder.entries(), budget=budget, wait=wait)
    seconds = round(turned.seconds, 3)
    return {"lives": str(stores), "images": turned.images, "seconds": seconds, "turned": True}
