"""Settings as flags of the commands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from gallery import dwelling
from gallery.settings import PREFIX, Settings, load

Command = Callable[..., None]


def settings_flags(*names: str) -> Callable[[Command], Command]:
    """Gives a command a flag for each of these settings (all, if none are named), and the
    settings as its first argument: of a library that moved, with the stores where it lives."""
    chosen = names or tuple(Settings.model_fields)

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def run(**kwargs: Any) -> None:
            flags = {name: kwargs.pop(name) for name in chosen}
            settings = load(**flags)
            if "catalog" in chosen:
                settings = dwelling.active(settings)
            command(settings, **kwargs)

        for name in reversed(chosen):
            text = f"{Settings.model_fields[name].description} [{PREFIX}{name.upper()}]"
            run = click.option(f"--{name.replace('_', '-')}", name, help=text)(run)
        return run

    return decorate
