"""A server: uvicorn, as the gallery runs it."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress

import click

from gallery.errors import Unavailable
from gallery.settings import PREFIX, Settings

_OPEN_FILES = 65_536
DRAIN_SECONDS = 30
"""How long requests that are under way may go on when the server stops."""


def run(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM, then drains. More than one worker means processes,
    which read the settings from the environment."""
    import uvicorn

    _hand_on(settings)
    if settings.workers > 1:
        from gallery import commands

        # What must not start is refused here, once: uvicorn would exit as if all were well.
        with suppress(Unavailable), commands.opened(settings):
            pass
    _allow_files()
    click.echo(f"gallery: http://{settings.host}:{settings.port}/", err=True)
    uvicorn.run(
        "gallery.moving:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        log_config=None,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=1024,
    )


def _hand_on(settings: Settings) -> None:
    """The defaults as well, lest an older variable speak where a flag has."""
    for name, value in settings.model_dump(exclude_none=True, mode="json").items():
        if value != []:
            text = ",".join(value) if isinstance(value, list) else str(value)
            os.environ[f"{PREFIX}{name.upper()}"] = text


def _allow_files() -> None:
    """As many open files as this process may have: 1,024, which is usual, are fewer than the
    event streams of one process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
