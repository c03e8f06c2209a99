"""Running the command line on a small library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.draft import DAY_US
from gallery.library import Library, now_us
from tests import images
from tests.http.server import environment
from tests.samples import OTHER, OWNER, upload

Result = subprocess.CompletedProcess[str]


def fill(root: Path) -> Path:
    """Makes a library of four images of two owners: one in the trash for 40 days."""
    library = open_library(root)
    for number, owner in enumerate((OWNER, OWNER, OTHER)):
        upload(library, images.png(seed=number), owner=owner, created_at=now_us() - number)
    old = upload(library, images.png(seed=3)).entry.record
    now = now_us()
    library.clock = lambda: now - 40 * DAY_US
    library.trash(OWNER, old.id)
    close(library)
    return root


def open_library(root: Path) -> Library:
    blobs = FileBlobs(str(root / "outputs"))
    blobs.start()
    catalog = ManifestCatalog(str(root / "manifests"), memory_bytes=64 << 20)
    catalog.start(blobs.library)
    return Library(blobs, catalog)


def close(library: Library) -> None:
    library.catalog.close()
    library.blobs.close()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gallery", *arguments]


def run(root: Path, *arguments: str, stdin: str = "", **settings: object) -> Result:
    return subprocess.run(
        command(*arguments), cwd=root, env=environment(root, **settings),
        input=stdin, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != "ballast" and "feed" not in path.parts
    }
