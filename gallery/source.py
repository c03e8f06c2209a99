"""A folder of somebody's past work: the files in it, and what became of them."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from gallery.errors import StartRefused

NO_FILE = "no regular file"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was not taken in. ``failed`` if it may be an image all the same."""

    name: str
    why: str
    failed: bool


@dataclass(slots=True)
class Summary:
    """How an import went, or would go. ``bytes`` are those of the images imported."""

    dry_run: bool = False
    imported: int = 0
    skipped: int = 0
    bytes: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(one.failed for one in self.left_out)

    def leave_out(self, path: str, why: str, *, failed: bool) -> None:
        self.left_out.append(LeftOut(shown_path(path), why, failed))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        reasons = Counter(one.why for one in self.left_out).most_common()
        why = ", ".join(f"{count} {why}" for why, count in reasons)
        return (
            f"{self.imported} {'to be ' if self.dry_run else ''}imported, "
            f"{self.skipped} skipped as already there, {len(self.left_out)} left out"
            f"{f' ({why})' if why else ''}, {self.bytes} bytes"
        )


def shown_path(path: str) -> str:
    """A path of any bytes as text that no terminal obeys."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def find(source: str, outputs: str, summary: Summary) -> list[str]:
    """The regular files below ``source``, in a steady order; what else lies there is left
    out. Raises StartRefused for a folder that is not there, or is the library's own."""
    top, ours = os.path.realpath(source), os.path.realpath(outputs)
    if not os.path.isdir(top):
        raise StartRefused(f"{shown_path(source)} is no folder")
    if os.path.commonpath((top, ours)) == ours:
        raise StartRefused(f"{shown_path(source)} lies in {outputs}, where images are kept")
    found: list[str] = []
    folders = [top]
    while folders:
        below = _look(folders.pop(), ours, found, summary)
        folders += reversed(below)
    return found


def _look(folder: str, ours: str, found: list[str], summary: Summary) -> list[str]:
    """Takes note of what lies in one folder; gives the folders in it."""
    below: list[str] = []
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        summary.leave_out(folder, str(error.strerror), failed=True)
        return below
    for entry in entries:
        if entry.is_symlink():
            summary.leave_out(entry.path, "a link", failed=False)
        elif entry.is_dir(follow_symlinks=False):
            if entry.path == ours:
                summary.leave_out(entry.path, "the library itself", failed=False)
            else:
                below.append(entry.path)
        elif entry.is_file(follow_symlinks=False):
            found.append(entry.path)
        else:
            summary.leave_out(entry.path, NO_FILE, failed=False)
    return below
