"""Who may write: the locks that processes hold against each other, all of them flocks.

    manifests/users/{owner}/.lock           the owner's lock; never renamed or removed
    manifests/fence.lock, turnstile.lock    see ``fence``
    manifests/jobs.lock                     held by the process that runs the periodic jobs

A lock ends with the process that holds it. Threads of one process hold them against each other,
too: each opens the file for itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from gallery.catalog.folder import ManifestFolder
from gallery.durable import locked, try_lock
from gallery.errors import Moved, storage
from gallery.fence import FileFence


class OwnerLocks:
    """``has_moved`` says whether the library lives elsewhere by now."""

    def __init__(self, folder: ManifestFolder, has_moved: Callable[[], bool]) -> None:
        self._folder = folder
        self._has_moved = has_moved
        self.fence = FileFence(folder.root, folder.is_there)

    @contextmanager
    def changing(self, owner: str) -> Iterator[None]:
        """For a change: behind the fence, and only where the library lives. Raises Moved."""
        with self.fence.passed():
            if self._has_moved():
                raise Moved(f"{self._folder.root} is not where the library lives now")
            with self.held(owner):
                yield

    @contextmanager
    def held(self, owner: str, seconds: float | None = None) -> Iterator[None]:
        """The lock alone. Raises Unavailable when it takes longer than ``seconds``, if they
        are given."""
        path = os.path.join(self._folder.of_owner(owner), ".lock")
        with ExitStack() as held:
            with storage(path, ours=True):
                if not os.path.exists(path):
                    self._folder.make_owner(owner)
                held.enter_context(locked(path, seconds))
            yield


class Leader:
    """Which process runs the periodic jobs: the one that holds a lock, until it closes or
    dies."""

    def __init__(self, root: str) -> None:
        self._path = os.path.join(root, "jobs.lock")
        self._fd: int | None = None

    def leads(self) -> bool:
        if self._fd is None:
            with storage(self._path):
                fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            if not try_lock(fd):
                os.close(fd)
                return False
            self._fd = fd
        return True

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
