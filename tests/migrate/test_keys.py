"""The keys that sign cookies are the same wherever the library lives."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from gallery.errors import StartRefused
from migrate.commands import turn
from migrate.folder import Folder
from tests.cli import fill
from tests.migrate import movers


def test_a_library_does_not_turn_to_where_its_visitors_would_be_strangers(tmp_path: Path) -> None:
    with movers.mover(fill(tmp_path / "home")) as mover:
        mover.copied()
        settings, folder = mover.loaded(**mover.settings), Folder(str(mover.root / "migration"))
        path = mover.root / "outputs" / ".gallery" / "secret"
        before = path.read_text()
        path.write_text(f"{secrets.token_hex(32)}\n{before}")
        with pytest.raises(StartRefused, match="the keys that sign cookies are others"):
            turn(settings, folder, "to", budget=5.0, wait=5.0)
        path.write_text(before)
        assert turn(settings, folder, "to", budget=5.0, wait=5.0)["turned"]
