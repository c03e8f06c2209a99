"""The command of the cleanup."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
import orjson

from gallery import dwelling, generation
from gallery.errors import StartRefused
from gallery.generation import Stores
from gallery.settings import load
from migrate import due, sides
from migrate.cleanup import Cleaned, Cleanup
from migrate.folder import Folder, digest


@click.command()
@click.option("--after-days", type=click.IntRange(min=0), default=7, show_default=True,
              help="length of the grace period (of a bucket at least 7)")  # fmt: skip
@click.option("--delete", "remove", is_flag=True, help="remove what was set aside")
@click.option("--plan", "wanted", default=None, help="do it: the digest that the dry run said")
@click.option("--known-reads", type=click.IntRange(min=0), default=0, show_default=True,
              help="fallback reads that were looked into")  # fmt: skip
@click.option("--run", "run", default="migration", show_default=True, help="the run folder")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def cleanup(
    *, after_days: int, remove: bool, wanted: str | None, known_reads: int, run: str, as_json: bool
) -> None:
    """Empty the stores that the library left, when the grace period is over.

    Without --plan it only says what it would do.
    """
    settings, folder = dwelling.active(load()), Folder(run)
    with folder.held(), sides.held(settings), sides.both(settings) as opened:
        number = generation.record_of(settings).turns()
        verified = due.due(folder, opened, number, after_days=after_days, known_reads=known_reads)
        stores = asdict(Stores.of(sides.other(settings)))
        name = digest({"number": number, "of": stores, "delete": remove, **asdict(verified)})
        if wanted not in (None, name):
            raise StartRefused(f"what there is to do is {name} now, not {wanted}")
        with folder.journal() as journal:
            if wanted and not due.has_begun(folder.entries()):
                journal.append(**due.noted(number, verified))
                journal.sync()
            cleaning = Cleanup(opened, verified.position, journal if wanted else None)
            cleaned = cleaning.remove() if remove else cleaning.set_aside()
    _say(cleaned, name, remove=remove, done=wanted is not None, as_json=as_json)
    sys.exit(1 if cleaned.left else 0)


def _say(cleaned: Cleaned, name: str, *, remove: bool, done: bool, as_json: bool) -> None:
    if as_json:
        content = cleaned.as_json() | {"digest": name, "done": done}
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        return
    for line in _lines(cleaned.as_json(), name, remove=remove, done=done):
        click.echo(line)


def _lines(report: dict[str, Any], name: str, *, remove: bool, done: bool) -> Iterator[str]:
    for month in report["months"]:
        size = month["bytes"] / 1e6
        yield f"{month['owner']} {month['month']}: {month['images']} images, {size:.1f} MB"
    for key, why in report["left"].items():
        yield f"stays: {key}: {why}"
    did = "removed" if remove else "set aside"
    yield f"{report['images']} images {'were' if done else 'would be'} {did}"
    if not done:
        flag = " --delete" if remove else ""
        yield f"to do it: gallery migrate cleanup{flag} --plan {name}"
