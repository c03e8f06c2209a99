"""Which manifests are just written to: ``manifests/begun/{owner}.{month}``, an empty file.

It is there from before a manifest's line is written until the feed tells of it, and stays when
the process dies in between. So whoever needs to know at once whether the feed holds back a
change need not look at every manifest. It is not made durable: after a power cut the walk looks
at all of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_MADE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Begun:
    """Below ``root``, as long as the library "is there": a volume that is away is not filled
    anew."""

    def __init__(self, root: str, is_there: Callable[[], bool]) -> None:
        self._folder = os.path.join(root, "begun")
        self._is_there = is_there

    @contextmanager
    def change(self, owner: str, month: str) -> Iterator[None]:
        """Around a manifest's line and the feed's; the caller holds the owner's lock."""
        path = self._path(owner, month)
        try:
            os.close(os.open(path, _MADE, 0o640))
        except FileNotFoundError:
            if not self._is_there():
                raise
            os.makedirs(self._folder, exist_ok=True)
            os.close(os.open(path, _MADE, 0o640))
        yield
        os.unlink(path)

    def end(self, owner: str, month: str) -> None:
        """The feed tells all of it; the caller holds the owner's lock."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(owner, month))

    def all(self) -> list[tuple[str, str]]:
        """Owners and months."""
        with contextlib.suppress(FileNotFoundError):
            found = [name.rpartition(".") for name in sorted(os.listdir(self._folder))]
            return [(owner, month) for owner, _, month in found]
        return []

    def _path(self, owner: str, month: str) -> str:
        return os.path.join(self._folder, f"{owner}.{month}")
