"""Which server processes of a library are alive, and what they say of themselves.

Each holds a file of its own under ``.gallery/processes`` locked as long as it lives: the
kernel lets go of it however the process ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from gallery.durable import try_lock, write_all
from gallery.errors import StartRefused, storage
from gallery.generation import Stores

_FOLDER = os.path.join(".gallery", "processes")
WITHOUT = "it was started without GALLERY_NEXT_BLOBS and GALLERY_NEXT_CATALOG"
_MINE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_MAX_BYTES = 65_536


class Presence:
    """This process among the others of a library on these ``outputs``."""

    def __init__(self, outputs: str) -> None:
        folder, name = os.path.join(outputs, _FOLDER), f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._path, new = os.path.join(folder, name), os.path.join(folder, f".{name}")
        with storage(folder):
            os.makedirs(folder, exist_ok=True)
            self._fd = os.open(new, _MINE, 0o640)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            os.rename(new, self._path)  # nobody sees it before it is locked

    def say(self, **content: Any) -> None:
        """Replaces what this process says of itself."""
        with storage(self._path):
            body = orjson.dumps({"pid": os.getpid(), **content})
            os.lseek(self._fd, 0, os.SEEK_SET)
            write_all(self._fd, body)
            os.ftruncate(self._fd, len(body))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self._fd)


def living(outputs: str) -> Iterator[dict[str, Any]]:
    """What each living process says of itself; only its pid, when it is just saying it.
    What dead ones left is removed."""
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
                    yield _said(os.pread(fd, _MAX_BYTES, 0), name)
            finally:
                os.close(fd)


def ready(outputs: str, stores: Stores) -> None:
    """Returns when every living process has opened these stores and tried them. Raises
    StartRefused, naming one that has not."""
    for said in living(outputs):
        if str(stores) not in said.get("ready", ()):
            why = said.get("why") or WITHOUT
            raise StartRefused(f"the server process {said['pid']} is not ready for {stores}: {why}")


def _said(raw: bytes, name: str) -> dict[str, Any]:
    with contextlib.suppress(orjson.JSONDecodeError):
        said = orjson.loads(raw)
        if isinstance(said, dict):
            return said
    return {"pid": int(name.partition("-")[0])}
