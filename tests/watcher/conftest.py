"""A library whose tree is watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gallery.imaging import Imaging
from gallery.keys import Folder
from gallery.library import Library
from gallery.watcher import Watcher
from tests.images import png
from tests.living import living, until
from tests.samples import OWNER, active, drop, ident

DAY = Folder(OWNER, "output", date(2026, 3, 14))


@pytest.fixture
def watcher(library: Library, imaging: Imaging) -> Iterator[Watcher]:
    with living(library, imaging) as watcher:
        yield watcher


@pytest.fixture
def day(watcher: Watcher, library: Library, outputs: Path) -> Path:
    """The folder of the day, watched."""
    drop(outputs, DAY.image(ident(99), "png"), png())
    until(lambda: active(library) == [99])
    return outputs / str(DAY)
