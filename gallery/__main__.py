"""The command line."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

import click
import orjson

from gallery import keys, serving
from gallery.errors import GalleryError, StartRefused
from gallery.flags import settings_flags
from gallery.settings import LOG_FORMAT, Settings, load

_INTERRUPTED = 128 + signal.SIGINT
"""The exit code that shells give for Ctrl-C."""


class Commands(click.Group):
    """The commands below, and those that other packages bring (``gallery.commands``)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(found.name for found in _brought())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if known := super().get_command(ctx, cmd_name):
            return known
        loaded = (found.load() for found in _brought() if found.name == cmd_name)
        return next(loaded, None)


def _brought() -> EntryPoints:
    return entry_points(group="gallery.commands")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gallery")
def cli() -> None:
    """A filesystem-first gallery server for AI images."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=sys.stderr)


@cli.command()
@settings_flags()
def serve(settings: Settings) -> None:
    """Serve the library."""
    serving.run(settings)


@cli.command()
@click.option("--images", default=300, show_default=True, help="images to draw")
@settings_flags("host", "port")
def demo(settings: Settings, images: int) -> None:
    """Fill a temporary library with drawn images, and serve it."""
    from gallery import commands

    # The server passes the signal on when it has drained: the folder goes all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="gallery-demo-") as folder:
        outputs, manifests = Path(folder, "outputs"), Path(folder, "manifests")
        files = {
            "outputs": outputs,
            "manifests": manifests,
            "blobs": "file:",
            "catalog": "manifest:",
            "next_blobs": "",
            "next_catalog": "",
            "delivery": "server",
        }
        fresh = load(**{**settings.model_dump(), **files, "single_owner": "demo"})
        with click.progressbar(length=images, label="drawing", file=sys.stderr) as bar:
            commands.fill_demo(fresh, images, "demo", lambda: bar.update(1))
        serving.run(fresh)


@cli.command()
@click.option("--processes", default=0, help="processes that read (0: one a core)")
@settings_flags("outputs", "manifests", "blobs", "catalog")
def rebuild(settings: Settings, processes: int) -> None:
    """Make the manifests again from the tree."""
    from gallery import commands

    owners = commands.owners(settings)
    with click.progressbar(length=len(owners), label="rebuilding", file=sys.stderr) as bar:
        images = commands.rebuild(settings, owners, processes, lambda: bar.update(1))
    click.echo(f"{images} images of {len(owners)} owners")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@settings_flags("outputs", "manifests", "blobs", "catalog")
def doctor(settings: Settings, *, as_json: bool) -> None:
    """Compare files and manifests, and name every discrepancy. Changes nothing.

    Exit code 0: all is well; 1: there are discrepancies; 2: it could not be told.
    """
    from gallery import commands
    from gallery.doctor import examine

    with commands.opened(settings, only_look=True) as library:
        report = examine(library)
    if as_json:
        click.echo(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(report.lines()))
    sys.exit(1 if report.discrepancies else 0)


@cli.command()
@click.option("--mib", type=click.IntRange(min=0), default=0, help="MiB a second (0: no limit)")
@click.option("--sizes", is_flag=True, help="only compare sizes: no image is read")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@settings_flags("outputs", "manifests", "blobs", "catalog")
def scrub(settings: Settings, mib: int, *, sizes: bool, as_json: bool) -> None:
    """Read every original again, and name those that are damaged. Changes nothing of them.

    Exit code 0: all are whole; 1: some are not; 2: it could not be told; 130: interrupted.
    """
    from gallery import commands

    with commands.opened(settings, only_look=True) as library:
        count = commands.images_of(library)
        try:
            with click.progressbar(length=count, label="scrubbing", file=sys.stderr) as bar:
                found = commands.scrub(library, mib, lambda: bar.update(1), whole=not sizes)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)
    if as_json:
        click.echo(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(found.lines()))
    sys.exit(1 if found.damaged else 0)


@cli.command("purge-trash")
@click.option("--older-than-days", type=click.IntRange(min=0), help="default: the retention time")
@click.option("--owner", default=None, help="only this owner's")
@click.option("--dry-run", is_flag=True, help="only say what would be purged")
@click.option("--yes", is_flag=True, help="do not ask")
@settings_flags("outputs", "manifests", "blobs", "catalog", "retention_days")
def purge_trash(
    settings: Settings, *, older_than_days: int | None, owner: str | None, dry_run: bool, yes: bool
) -> None:
    """Delete what has been in the trash for long enough, for ever."""
    from gallery import commands

    days = settings.retention_days if older_than_days is None else older_than_days
    with commands.opened(settings) as library:
        plan = commands.trash_plan(library, days, owner)
        for name, count in plan.by_owner().items():
            click.echo(f"{name}: {count}")
        click.echo(f"{len(plan.items)} images, {plan.bytes} bytes")
        if dry_run or not plan.items:
            return
        if not yes:
            click.confirm("Delete them for ever?", abort=True)
        click.echo(f"{plan.carry_out(library)} purged")


@cli.command()
@settings_flags("outputs", "manifests", "blobs", "catalog", "max_pixels", "decoders")
def thumbnails(settings: Settings) -> None:
    """Make the thumbnails again that are missing or not whole."""
    from gallery import commands

    owners = commands.owners(settings)
    with click.progressbar(owners, label="thumbnails", file=sys.stderr) as bar:
        made, failed = commands.make_thumbnails(settings, bar)
    click.echo(f"{made} made")
    for name in failed:
        click.echo(f"not possible: {name}", err=True)
    sys.exit(1 if failed else 0)


@cli.command("import")
@click.argument("folder", metavar="DIR")
@click.option("--owner", required=True, help="whose images they become")
@click.option("--kind", type=click.Choice(keys.KINDS), default="output", show_default=True)
@click.option("--dry-run", is_flag=True, help="only say what would happen")
@click.option("--json", "as_json", is_flag=True, help="print the summary as JSON")
@settings_flags("outputs", "manifests", "blobs", "catalog", "max_pixels", "decoders")
def import_(
    settings: Settings, folder: str, owner: str, kind: keys.Kind, *, dry_run: bool, as_json: bool
) -> None:
    """Copy a folder of past work into the library. To go on, run it again.

    Exit code 0: done; 1: some files failed; 2: it could not be done; 130: interrupted.
    """
    from gallery import commands, source

    keys.owner(owner)
    summary = source.Summary(dry_run)
    paths = source.find(folder, str(settings.outputs), summary)
    try:
        with click.progressbar(length=len(paths), label="importing", file=sys.stderr) as bar:
            commands.take_in(settings, paths, owner, kind, summary, lambda: bar.update(1))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    finally:
        for one in summary.left_out:
            click.echo(f"left out: {one.name}: {one.why}", err=True)
        click.echo(orjson.dumps(summary.as_json()) if as_json else summary.line())
    sys.exit(1 if summary.failed else 0)


@cli.group()
def bucket() -> None:
    """Prepare a bucket of an object store."""


@bucket.command()
@click.option("--environment", type=click.Choice(["dev", "stage", "prod"]),
              help="whose bucket it is: goes before its name")  # fmt: skip
@click.option("--noncurrent-days", type=click.IntRange(min=1), default=30, show_default=True,
              help="how long replaced and removed versions are kept")  # fmt: skip
@click.option("--cold-days", type=click.IntRange(min=1), help="move large objects after so long")
@click.option("--cold-class", default="STANDARD_IA", show_default=True,
              type=click.Choice(["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]),
              help="the storage class they are moved to")  # fmt: skip
@settings_flags("blobs", "public_origin")
def init(settings: Settings, *, environment: str | None, **wanted: Any) -> None:
    """Make the bucket that GALLERY_BLOBS names, private and tidied by age.

    Does what is not done yet, and names what the server doesn't support.
    """
    from gallery import backends

    place, steps = backends.init_bucket(settings, environment, **wanted)
    for step in steps:
        click.echo(step)
    click.echo(f"GALLERY_BLOBS={place}")


def main() -> None:
    """Entry point: what goes wrong is one line, and exit code 2."""
    try:
        cli()
    except (StartRefused, GalleryError) as error:
        click.echo(f"gallery: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
