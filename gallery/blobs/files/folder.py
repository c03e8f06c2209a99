"""One folder of the tree, open, and what is done in it.

It is walked to folder by folder from the root, each opened without following links, so that no
link, wherever it lies, leads out of the tree.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import stat

from gallery.beneath import FOLDER, open_folder
from gallery.durable import write_all
from gallery.errors import NotFound, Unavailable
from gallery.records import Seen

log = logging.getLogger(__name__)

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def enter(root: str, folder: str, *, make: bool, key: str) -> int:
    """The folder as a descriptor, for the caller to close. ``key`` is what is looked for there;
    with ``make`` folders on the way are made. Raises NotFound, Unavailable and OSError."""
    fd = open_folder(root, folder)
    return _walk(root, folder, make=make, key=key) if fd is None else fd


def _walk(root: str, folder: str, *, make: bool, key: str) -> int:
    fd = os.open(root, FOLDER & ~os.O_NOFOLLOW)
    for part in filter(None, folder.split("/")):
        try:
            below = _step(fd, part, make=make, key=key)
        finally:
            os.close(fd)
        fd = below
    return fd


def _step(fd: int, name: str, *, make: bool, key: str) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=fd)
    except FileNotFoundError:
        if not make:
            raise
    except NotADirectoryError as error:
        if make:
            raise Unavailable(f"{name!r}, on the way to {key}, is no folder") from error
        raise NotFound(key) from error
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o750, dir_fd=fd)
        os.fsync(fd)
    return os.open(name, FOLDER, dir_fd=fd)


def open_file(folder: int, name: str, key: str) -> int:
    """A descriptor open for reading, for the caller to close. Raises NotFound for what is no
    regular file, and OSError."""
    try:
        fd = os.open(name, READ, dir_fd=folder)
    except OSError as error:
        if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise
        raise NotFound(key) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotFound(key)
    return fd


def write(folder: int, name: str, data: bytes) -> None:
    """Durable, but for the name."""
    fd = os.open(name, _WRITE, 0o640, dir_fd=folder)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def rename(folder: int, old: str, new: str) -> Seen:
    """Within the folder; gives what the file is seen as from then on."""
    move(old, folder, new, folder)
    info = os.stat(new, dir_fd=folder, follow_symlinks=False)
    return Seen(info.st_size, info.st_mtime_ns)


def move(old: str, source: int | None, name: str, folder: int) -> None:
    """Renames a file to ``name`` in a folder. Another folder that has this name is moved
    aside, with what somebody keeps in it: else the image could never be written again."""
    try:
        os.rename(old, name, src_dir_fd=source, dst_dir_fd=folder)
    except IsADirectoryError:
        aside = f"{name}.{secrets.token_hex(4)}.aside"
        os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
        log.warning("a folder lay in the place of %s: it is %s now", name, aside)
        os.rename(old, name, src_dir_fd=source, dst_dir_fd=folder)
