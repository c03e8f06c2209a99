"""What lies in the tree: names and files, in the order of whole keys."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from gallery.errors import storage

Placed = tuple[str, os.DirEntry[str]]
"""A key, and what lies there."""


class Found:
    """A listed file. Its size is asked of the disk when somebody asks for it."""

    __slots__ = ("_entry", "key")

    def __init__(self, key: str, entry: os.DirEntry[str]) -> None:
        self.key = key
        self._entry = entry

    def _stat(self) -> os.stat_result:
        try:
            return self._entry.stat(follow_symlinks=False)
        except OSError:
            with storage(self.key):
                raise

    @property
    def size(self) -> int:
        return self._stat().st_size

    @property
    def mtime_ns(self) -> int:
        return self._stat().st_mtime_ns


def walk(root: str, top: str) -> Iterator[Placed]:
    """All below ``top`` but the folders. These wait on a stack: recursion would pass each file
    up through every level."""
    stack: list[Iterator[Placed]] = [iter(entries(root, top))]
    while stack:
        for key, entry in stack[-1]:
            if entry.is_dir(follow_symlinks=False):
                stack.append(iter(entries(root, key)))
                break
            yield key, entry
        else:
            stack.pop()


def entries(root: str, folder: str) -> list[Placed]:
    """What lies in a folder, in the order of whole keys, where "/" follows the name of a
    folder."""
    path = os.path.join(root, folder)
    with storage(path), contextlib.suppress(FileNotFoundError):
        try:
            with os.scandir(path) as found:
                prefix = f"{folder}/" if folder else ""
                return [(prefix + entry.name, entry) for entry in sorted(found, key=_sort_key)]
        except OSError as error:
            # No key is so long: only an inbox has such folders, and they are left alone.
            if error.errno != errno.ENAMETOOLONG:
                raise
    return []


def folders(root: str, folder: str) -> list[str]:
    """The names of the folders in one that is there."""
    with storage(folder), os.scandir(os.path.join(root, folder)) as found:
        return [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]


def _sort_key(entry: os.DirEntry[str]) -> str:
    """The order of code points is that of UTF-8 bytes."""
    return f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
