"""The commands of a move: ``gallery migrate …``, or ``python -m migrate …``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal

import click
import orjson

from gallery import dwelling
from gallery.errors import GalleryError, StartRefused
from gallery.settings import LOG_FORMAT, Settings, load
from migrate import commands, planning, printed
from migrate import status as how_far
from migrate.cleaning import cleanup
from migrate.compare import Verdict
from migrate.folder import Folder
from migrate.pace import Limits
from migrate.preflight import preflight as looks
from migrate.walk import Only

_RUN = click.option("--run", default="migration", show_default=True, help="the run folder")
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


def _settings() -> Settings:
    """With the library where it lives now."""
    return dwelling.active(load())


def _say(content: Any, shown: Iterable[object], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    else:
        for line in shown:
            click.echo(line)


@cli.command()
@_RUN
@_JSON
def preflight(run: str, *, as_json: bool) -> None:
    """Look whether the move can go well; change nothing."""
    found = list(looks(_settings(), run))
    states = {name: sum(f.state == name for f in found) for name in ("ok", "warning", "failed")}
    content = {
        "findings": [
            {"what": f.what, "state": f.state, "why": f.why, "todo": f.todo} for f in found
        ],
        **states,
    }
    sums = ", ".join(f"{count} {name}" for name, count in states.items())
    _say(content, [*found, sums], as_json=as_json)
    sys.exit(1 if states["failed"] else 0)


@cli.command()
@click.option("--quick", is_flag=True, help="compare sizes only, do not read the originals")
@_RUN
@_options(*_PACE)
@_JSON
def plan(*, run: str, quick: bool, as_json: bool, **limits: Any) -> None:
    """Count what there is to move, and name all that is not as it should be."""
    content = planning.plan(_settings(), Folder(run), Limits(**limits), hashes=not quick)
    _say(content, printed.of_plan(content), as_json=as_json)
    sys.exit(1 if content["anomalies"] else 0)


@cli.command()
@click.option("--plan", "wanted", required=True, help="the digest of the plan, as it said")
@click.option("--policy", type=click.Choice(["strict", "quarantine"]), default="strict",
              show_default=True, help="end at what is wrong, or put it aside")  # fmt: skip
@click.option("--threads", type=click.IntRange(1, 256), default=16, show_default=True)
@click.option("--again", is_flag=True,
              help="look at everything, and bring again what the target lost")  # fmt: skip
@_RUN
@_options(*_PART, *_PACE)
@_JSON
def copy(
    *, wanted: str, policy: Any, threads: int, again: bool, run: str, owner: str | None,
    month: str | None, as_json: bool, **limits: Any,
) -> None:  # fmt: skip
    """Copy every image, and go on with that where it was left."""
    only = Only(owner, month).check()
    report = commands.copy(
        _settings(), Folder(run), Limits(**limits), only,
        wanted=wanted, policy=policy, threads=threads, again=again,
    )  # fmt: skip
    _say(report, printed.of_copy(report), as_json=as_json)
    sys.exit(1 if report["anomalies"] else 0 if report["ended"] else 2)


@cli.command()
@click.option("--for-ever", is_flag=True, help="go on until it is stopped")
@_RUN
@_options(*_PACE)
@_JSON
def follow(*, for_ever: bool, run: str, as_json: bool, **limits: Any) -> None:
    """Bring what changed since the plan was made, until the target is level."""
    report = commands.follow(_settings(), Folder(run), Limits(**limits), for_ever=for_ever)
    _say(report, printed.of_follow(report), as_json=as_json)
    sys.exit(0 if report["level"] or for_ever else 2)


@cli.command()
@click.option("--sample", type=click.FloatRange(0, 100), default=100, show_default=True,
              help="per cent of the originals that are read and hashed")  # fmt: skip
@click.option("--all", "show_all", is_flag=True, help="name what is equal, too")
@_RUN
@_options(*_PART, *_PACE)
@_JSON
def verify(
    *, sample: float, show_all: bool, run: str, owner: str | None, month: str | None,
    as_json: bool, **limits: Any,
) -> None:  # fmt: skip
    """Compare both sides, image by image."""

    def say(verdict: Verdict) -> None:
        if show_all or verdict.sign != "=":
            click.echo(str(verdict), err=as_json)

    only = Only(owner, month).check()
    report, code = commands.verify(
        _settings(), Folder(run), Limits(**limits), only, say, sample=sample
    )
    _say(report, printed.of_verify(report), as_json=as_json)
    sys.exit(code)


@cli.command()
@_options(*_TURN)
@_RUN
@_JSON
def cutover(*, run: str, as_json: bool, **seconds: float) -> None:
    """Have the library live in the new stores, from one moment on, while it is used."""
    _turn(run, "to", as_json=as_json, **seconds)


@cli.command()
@_options(*_TURN)
@_RUN
@_JSON
def rollback(*, run: str, as_json: bool, **seconds: float) -> None:
    """Have it live in the old stores again, with all that was written since."""
    _turn(run, "from", as_json=as_json, **seconds)


def _turn(run: str, to: Literal["from", "to"], *, as_json: bool, **seconds: float) -> None:
    report = commands.turn(_settings(), Folder(run), to, **seconds)
    _say(report, printed.of_turn(report), as_json=as_json)


@cli.command()
@_RUN
@_JSON
def pause(run: str, *, as_json: bool) -> None:
    """Have nothing more begun until ``resume``."""
    _pause(run, as_json=as_json, on=True)


@cli.command()
@_RUN
@_JSON
def resume(run: str, *, as_json: bool) -> None:
    """Go on."""
    _pause(run, as_json=as_json, on=False)


def _pause(run: str, *, as_json: bool, on: bool) -> None:
    Folder(run).pause(on=on)
    _say({"paused": on}, ["paused" if on else "not paused"], as_json=as_json)


@cli.command()
@_RUN
@_JSON
def status(run: str, *, as_json: bool) -> None:
    """Say where the library lives, how far the move is, and who is ready for it."""
    report = how_far.status(_settings(), Folder(run))
    _say(report, how_far.lines(report), as_json=as_json)


cli.add_command(cleanup)


def main() -> None:
    """Entry point: what goes wrong is one line, and exit code 2; as with ``gallery``."""
    try:
        cli()
    except (StartRefused, GalleryError) as error:
        click.echo(f"gallery: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
