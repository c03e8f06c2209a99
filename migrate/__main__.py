"""The commands of a move: ``gallery migrate …``, or ``python -m migrate …``."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
import orjson

from gallery import dwelling, generation, processes
from gallery.errors import GalleryError, StartRefused
from gallery.generation import Stores
from gallery.settings import LOG_FORMAT, MIB, Settings, load
from migrate import sides, survey
from migrate.compare import Compare, Verdict
from migrate.copying import Copy, Done
from migrate.folder import Folder, digest
from migrate.follow import Follow, position_in
from migrate.pace import Pace
from migrate.preflight import preflight as looks
from migrate.progress import Progress, duration
from migrate.turn import Turn
from migrate.walk import Only

_RUN = click.option("--run", "run", default="migration", show_default=True, help="the run folder")
_JSON = click.option("--json", "as_json", is_flag=True, help="print JSON")
_PART = (
    click.option("--owner", default=None, help="only this owner's"),
    click.option("--month", default=None, help="only this month's (YYYY-MM)"),
)
_PACE = (
    click.option("--mib", type=click.IntRange(min=0), default=0, help="MiB a second (0: no limit)"),
    click.option("--live", default=None, help="URL of the live server, to be kept quick"),
    click.option("--slow-ms", type=click.IntRange(min=1), default=250, show_default=True,
                 help="nothing more begins while that URL takes longer"),
)  # fmt: skip

_TURN = (
    click.option("--budget", type=click.FloatRange(min=0.1), default=5.0, show_default=True,
                 help="seconds that writers may have to wait"),
    click.option("--wait", type=click.FloatRange(min=0.1), default=10.0, show_default=True,
                 help="seconds until the changes that are under way must have ended"),
)  # fmt: skip


def _options(*options: Any) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group(name="migrate", context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Move the living library to the stores of GALLERY_NEXT_BLOBS and GALLERY_NEXT_CATALOG.

    Every command is safe to repeat. Exit code 0: done, or equal; 1: something is not as it
    should be; 2: it could not be done, or told.
    """
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=sys.stderr)


@contextmanager
def _paced(folder: Folder, mib: int, live: str | None, slow_ms: int) -> Iterator[Pace]:
    """A pace that ends when the command is told to stop; what is under way is ended."""
    pace = Pace(mib * MIB or None, live, slow_ms / 1000, lambda: folder.is_paused)
    before = {
        number: signal.signal(number, lambda *_: pace.stop())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    pace.start()
    try:
        yield pace
    finally:
        pace.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(content: dict[str, Any], lines: Callable[[], Iterator[str]], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    else:
        for line in lines():
            click.echo(line)


@cli.command()
@_RUN
@_JSON
def preflight(run: str, *, as_json: bool) -> None:
    """Look whether the move can go well."""
    found = list(looks(dwelling.active(load()), run))
    content = {"findings": [{"what": f.what, "state": f.state, "why": f.why} for f in found]}
    _say(content, lambda: map(str, found), as_json=as_json)
    sys.exit(1 if any(f.state == "failed" for f in found) else 0)


@cli.command()
@click.option("--quick", is_flag=True, help="compare sizes only, do not read the originals")
@_RUN
@_options(*_PACE)
@_JSON
def plan(*, run: str, quick: bool, mib: int, live: str | None, slow_ms: int, as_json: bool) -> None:
    """Count what there is to move, and name all that is not as it should be."""
    settings, folder, began = dwelling.active(load()), Folder(run), time.monotonic()
    with folder.held(), _paced(folder, mib, live, slow_ms) as pace, sides.source(settings) as here:
        position = here.catalog.changes(None).position
        progress = Progress("looked at")
        found = survey.Surveyor(here, pace, progress, hashes=not quick).run(Only())
        progress.end()
        content = {
            "library": here.blobs.library,
            "from": asdict(Stores.of(settings)),
            "to": asdict(Stores.of(sides.other(settings))),
            "position": position,
            "bytes_a_second": round(found.read / (time.monotonic() - began)),
            **found.as_json(),
        }
        name = folder.write_plan(content)
    _say(content | {"digest": name}, lambda: _plan_lines(content, found, name), as_json=as_json)
    sys.exit(1 if found.anomalies else 0)


def _plan_lines(content: dict[str, Any], found: survey.Survey, name: str) -> Iterator[str]:
    for part in ("kinds", "statuses", "months"):
        for which, sums in content[part].items():
            yield f"{which:38} {sums['images']:9} images {sums['bytes'] / 1e6:12.1f} MB"
    yield f"{len(content['owners'])} owners, {content['images']} images, {content['bytes']} bytes"
    if content["bytes_a_second"]:
        seconds = content["bytes"] / content["bytes_a_second"]
        yield f"reading them again takes {duration(seconds)}"
    yield from map(str, found.anomalies)
    yield f"{len(found.anomalies)} anomalies"
    yield f"to copy it: gallery migrate copy --plan {name}"


@cli.command()
@click.option("--plan", "wanted", required=True, help="the digest of the plan, as it said")
@click.option("--policy", type=click.Choice(["strict", "quarantine"]), default="strict",
              show_default=True, help="end at what is wrong, or put it aside")  # fmt: skip
@click.option("--threads", type=click.IntRange(1, 256), default=16, show_default=True)
@_RUN
@_options(*_PART, *_PACE)
@_JSON
def copy(
    *, wanted: str, policy: Any, threads: int, run: str, owner: str | None, month: str | None,
    mib: int, live: str | None, slow_ms: int, as_json: bool,
) -> None:  # fmt: skip
    """Copy every image, and go on with that where it was left."""
    settings, folder, only = dwelling.active(load()), Folder(run), Only(owner, month).check()
    content = folder.plan(wanted)
    if content["anomalies"] and policy == "strict":
        raise StartRefused(
            f"the plan names {len(content['anomalies'])} anomalies: mend them and plan again, "
            "or copy with --policy quarantine"
        )
    with (
        folder.held(),
        folder.journal() as journal,
        _paced(folder, mib, live, slow_ms) as pace,
        _moving(settings, content) as opened,
    ):
        progress = Progress("copied", content["images"], content["bytes"])
        copying = Copy(opened, journal, pace, progress, policy=policy, threads=threads)
        copied = copying.run(only, Done.of(folder.entries()))
        progress.end()
    report = {
        "outcomes": dict(copied.outcomes),
        "anomalies": [{"what": a.what, "name": a.name} for a in copied.anomalies],
        "ended": not copied.stopped,
    }
    _say(report, lambda: _copy_lines(report), as_json=as_json)
    sys.exit(1 if copied.anomalies else 2 if copied.stopped else 0)


def _copy_lines(report: dict[str, Any]) -> Iterator[str]:
    for anomaly in report["anomalies"]:
        yield f"{anomaly['what']}: {anomaly['name']}"
    counts = (f"{count} {what}" for what, count in sorted(report["outcomes"].items()))
    yield ", ".join(counts) or "nothing was left to copy"
    if not report["ended"]:
        yield "it was stopped; the same command goes on with it"


@contextmanager
def _moving(settings: Settings, content: dict[str, Any]) -> Iterator[sides.Sides]:
    """Both sides, which are those of the plan. Raises StartRefused."""
    with sides.both(settings) as opened:
        pair = [asdict(Stores.of(side)) for side in (settings, sides.other(settings))]
        is_meant = all(content[name] in pair for name in ("from", "to"))
        if not is_meant or content["library"] != opened.source.blobs.library:
            raise StartRefused("the plan is of another library, or of a move to elsewhere")
        yield opened


@cli.command()
@click.option("--for-ever", is_flag=True, help="go on until it is stopped")
@_RUN
@_options(*_PACE)
@_JSON
def follow(
    *, for_ever: bool, run: str, mib: int, live: str | None, slow_ms: int, as_json: bool
) -> None:
    """Bring what changed since the plan was made, until the target is level."""
    settings, folder, brought = dwelling.active(load()), Folder(run), 0
    content = folder.plan()

    def say(changes: int, seconds: float) -> None:
        nonlocal brought
        brought += changes
        if not as_json:
            click.echo(f"{changes} changes brought, {duration(max(0.0, seconds))} behind", err=True)

    with (
        folder.held(),
        folder.journal() as journal,
        _paced(folder, mib, live, slow_ms) as pace,
        _moving(settings, content) as opened,
    ):
        start = position_in(folder.entries(), content, _turns(settings))
        reached = Follow(opened, journal, pace).run(
            start, folder.entries(), for_ever=for_ever, say=say
        )
        stopped = pace.stopped
    report = {"changes": brought, "position": reached, "level": not stopped}
    _say(report, lambda: iter([f"{brought} changes brought; level"]), as_json=as_json)
    sys.exit(0 if not stopped or for_ever else 2)


@cli.command()
@click.option("--sample", type=click.FloatRange(0, 100), default=100, show_default=True,
              help="per cent of the originals that are read and hashed")  # fmt: skip
@click.option("--all", "show_all", is_flag=True, help="name what is equal, too")
@_RUN
@_options(*_PART, *_PACE)
@_JSON
def verify(
    *, sample: float, show_all: bool, run: str, owner: str | None, month: str | None,
    mib: int, live: str | None, slow_ms: int, as_json: bool,
) -> None:  # fmt: skip
    """Compare both sides, image by image."""
    settings, folder, only = dwelling.active(load()), Folder(run), Only(owner, month).check()

    def say(verdict: Verdict) -> None:
        if show_all or verdict.sign != "=":
            click.echo(str(verdict), err=as_json)

    with (
        folder.held(),
        _paced(folder, mib, live, slow_ms) as pace,
        sides.both(settings) as opened,
    ):
        progress, share = Progress("compared"), sample / 100
        with open(folder.hashes_path, "w", encoding="utf-8") as hashes:
            report = Compare(opened, pace, progress, say, sample=share, hashes=hashes).run(only)
        progress.end()
        content = report.as_json() | {"sample": sample, "owner": owner, "month": month}
        folder.write(folder.report_path, content)
    signs = " ".join(f"{sign}{count}" for sign, count in content["signs"].items())
    lines = [
        f"{signs}; {report.hashed} hashed",
        f"source {report.root}",
        f"target {report.other_root}",
    ]
    _say(content, lambda: iter(lines), as_json=as_json)
    sys.exit(report.exit_code)


@cli.command()
@_options(*_TURN)
@_RUN
@_JSON
def cutover(*, budget: float, wait: float, run: str, as_json: bool) -> None:
    """Have the library live in the new stores, from one moment on, while it is used."""
    _turn(run, "to", budget, wait, as_json=as_json)


@cli.command()
@_options(*_TURN)
@_RUN
@_JSON
def rollback(*, budget: float, wait: float, run: str, as_json: bool) -> None:
    """Have it live in the old stores again, with all that was written since."""
    _turn(run, "from", budget, wait, as_json=as_json)


def _turn(run: str, to: str, budget: float, wait: float, *, as_json: bool) -> None:
    settings, folder = dwelling.active(load()), Folder(run)
    content, record = folder.plan(), generation.record_of(settings)
    stores = Stores(**content[to])
    if Stores.of(settings) == stores:
        raise StartRefused(f"the library lives in {stores} already")
    with (
        folder.held(),
        folder.journal() as journal,
        _paced(folder, 0, None, 1) as pace,
        _moving(settings, content) as opened,
    ):
        processes.ready(str(settings.outputs), stores, opened.servers())
        start = position_in(folder.entries(), content, _turns(settings))
        turn = Turn(opened, journal, pace, record, stores)
        turned = turn.run(start, folder.entries(), budget=budget, wait=wait)
    report = {"lives": str(stores), "images": turned.images, "seconds": round(turned.seconds, 3)}
    line = f"the library lives in {stores}; writers waited {turned.seconds:.2f} s"
    _say(report, lambda: iter([line]), as_json=as_json)


def _turns(settings: Settings) -> int:
    """How often the library turned."""
    found = generation.record_of(settings).read()
    return found.number if found else 0


@cli.command()
@_RUN
def pause(run: str) -> None:
    """Have nothing more begun until ``resume``."""
    Folder(run).pause(on=True)


@cli.command()
@_RUN
def resume(run: str) -> None:
    """Go on."""
    Folder(run).pause(on=False)


@cli.command()
@_RUN
@_JSON
def status(run: str, *, as_json: bool) -> None:
    """Say how far the move is."""
    settings, folder = dwelling.active(load()), Folder(run)
    content = folder.plan()
    done = Done.of(folder.entries())
    report = {
        "plan": digest(content),
        "images": content["images"],
        "months_copied": len(done.months),
        "images_of_other_months_copied": sum(map(len, done.images.values())),
        "lives": str(Stores.of(settings)),
        "position": position_in(folder.entries(), content, _turns(settings)),
        "paused": folder.is_paused,
    }
    _say(report, lambda: (f"{name}: {value}" for name, value in report.items()), as_json=as_json)


def main() -> None:
    """Entry point: what goes wrong is one line, and exit code 2."""
    try:
        cli()
    except (StartRefused, GalleryError) as error:
        click.echo(f"gallery migrate: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
