"""What stands in the feed: its segments on the disk, and what they tell."""

from __future__ import annotations

from pathlib import Path

from gallery.catalog.manifests import ManifestCatalog
from gallery.lines import decode_line


def segment(manifests: Path, number: int) -> Path:
    return manifests / "feed" / f"{number:010d}"


def lines(manifests: Path, number: int) -> list[dict[str, object]]:
    return [decode_line(line) for line in segment(manifests, number).read_bytes().split(b"\n")[:-1]]


def segments(manifests: Path) -> list[int]:
    return sorted(
        int(path.name) for path in (manifests / "feed").iterdir() if path.name.isdecimal()
    )


def heard(catalog: ManifestCatalog, since: str) -> list[tuple[str, str]]:
    return [(noted.op, noted.id) for noted in catalog.changes(since).noted]
