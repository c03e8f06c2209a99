"""Which server processes of a library are alive, and what they say of themselves.

Each holds a file of its own under ``.gallery/processes`` locked as long as it lives: the
kernel lets go of it however the process ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from gallery.durable import try_lock, write_all
from gallery.errors import StartRefused, storage
from gallery.generation import Stores

_FOLDER = os.path.join(".gallery", "processes")
WITHOUT = "it was started without GALLERY_NEXT_BLOBS and GALLERY_NEXT_CATALOG"
_MINE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCKED = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_WRITTEN = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_BYTES = 65_536


def new_id() -> str:
    """Of a server process, by which others know it."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:8]}"


class Presence:
    """This process among the others of a library on these ``outputs``, once they are there: in
    an empty folder, where a volume may be mounted later, nothing is made."""

    def __init__(self, outputs: str, name: str) -> None:
        self._folder = os.path.join(outputs, _FOLDER)
        self._name = name
        self._path = os.path.join(self._folder, name)
        self._fd: int | None = None

    def _open(self) -> int:
        new = os.path.join(self._folder, f".{self._name}")
        with storage(self._folder):
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._folder)
            os.close(os.open(new, _MINE, 0o640))
            # Read only: what is held open for writing keeps a volume from being remounted.
            fd = os.open(new, _LOCKED)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                os.rename(new, self._path)  # nobody sees it before it is locked
            except OSError:
                os.close(fd)
                raise
            return fd

    def say(self, **content: Any) -> None:
        """Replaces what this process says of itself. Raises GalleryError when it cannot."""
        if self._fd is not None and not self._is_there(self._fd):
            os.close(self._fd)
            self._fd = None
        if self._fd is None:
            self._fd = self._open()
        with storage(self._path):
            fd = os.open(self._path, _WRITTEN)
            try:
                write_all(fd, orjson.dumps({"pid": os.getpid(), **content}))
            finally:
                os.close(fd)

    def _is_there(self, fd: int) -> bool:
        """Not any more where another volume was mounted over the folder, or its own is gone."""
        try:
            mine = os.fstat(fd)
        except OSError:
            return False
        with storage(self._path), contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.stat(self._path), mine)
        return False

    def close(self) -> None:
        if self._fd is None:
            return
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self._fd)
        self._fd = None


def living(outputs: str) -> Iterator[dict[str, Any]]:
    """What each living process says of itself, and its id; only this and its pid, when it is
    just saying it. What dead ones left is removed."""
    folder = os.path.join(outputs, _FOLDER)
    with storage(folder):
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        if name.startswith("."):
            continue
        path = os.path.join(folder, name)
        with contextlib.suppress(FileNotFoundError):
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if try_lock(fd):
                    os.unlink(path)
                else:
                    yield _said(os.pread(fd, _MAX_BYTES, 0), name) | {"id": name}
            finally:
                os.close(fd)


def ready(outputs: str, stores: Stores, connected: Iterable[str] = ()) -> None:
    """Returns when every living process has opened these stores and tried them, and those that
    are ``connected`` to the database are among them. Raises StartRefused, naming one that is
    not: that process could not go on. It could do no harm, as it would write nothing any more."""
    strangers = set(connected)
    for said in living(outputs):
        strangers.discard(said["id"])
        if str(stores) not in said.get("ready", ()):
            why = said.get("why") or WITHOUT
            raise StartRefused(f"the server process {said['pid']} is not ready for {stores}: {why}")
    if strangers:
        raise StartRefused(
            f"the server process {min(strangers)} of another machine uses the database, and does "
            f"not share {outputs}: stop it, for it is not ready for {stores}"
        )


def _said(raw: bytes, name: str) -> dict[str, Any]:
    with contextlib.suppress(orjson.JSONDecodeError):
        said = orjson.loads(raw)
        if isinstance(said, dict):
            return said
    return {"pid": int(name.partition("-")[0])}
