"""What faults are made of: file systems that come and go, and calls that are made to fail."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

_PACKAGES = {"strace": "strace", "mkfs.ext4": "e2fsprogs", "mount": "mount", "umount": "mount"}
_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
ATTACH_SECONDS = 20.0


def needed(tool: str) -> str:
    """The tool's path. One that is missing fails the test: nothing is skipped."""
    path = shutil.which(tool)
    package = _PACKAGES.get(tool, "util-linux")
    assert path, f"these tests need {tool}: apt-get install {package}"
    return path


def run(tool: str, *arguments: str | Path) -> None:
    done = subprocess.run([needed(tool), *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, f"{tool} {arguments}: {done.stderr.decode()} (is this root?)"


# -- file systems -----------------------------------------------------------------------------


@contextmanager
def tmpfs(at: Path, options: str) -> Iterator[Path]:
    """A file system in memory, with mount options such as ``size=8m``."""
    at.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", options, "tmpfs", at)
    try:
        yield at
    finally:
        run("umount", "-l", at)


class Disk:
    """An ext4 file system in a file, which can lose its power."""

    def __init__(self, at: Path, megabytes: int) -> None:
        self.at = at
        self._image = at.with_suffix(".img")
        at.mkdir()
        with self._image.open("wb") as file:
            file.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", self._image)
        self.mount()

    def mount(self) -> None:
        run("mount", "-o", "loop", self._image, self.at)

    def unmount(self) -> None:
        run("umount", self.at)

    def cut(self) -> None:
        """What was not synced is lost, and nothing more is written."""
        fd = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _IOC_SHUTDOWN, _NO_LOG_FLUSH.to_bytes(4, "little"))
        finally:
            os.close(fd)


@contextmanager
def disk(at: Path, megabytes: int = 64) -> Iterator[Disk]:
    made = Disk(at, megabytes)
    try:
        yield made
    finally:
        run("umount", "-l", at)


class Bound:
    """A folder that is mounted elsewhere too, where it can be taken away and come back."""

    def __init__(self, volume: Path, at: Path) -> None:
        self.volume, self.at = volume, at
        self.mounted = False
        at.mkdir()

    def mount(self) -> None:
        run("mount", "--bind", self.volume, self.at)
        self.mounted = True

    def unmount(self) -> None:
        run("umount", "-l", self.at)
        self.mounted = False


@contextmanager
def bound(volume: Path, at: Path) -> Iterator[Bound]:
    volume.mkdir(exist_ok=True)
    made = Bound(volume, at)
    made.mount()
    try:
        yield made
    finally:
        if made.mounted:
            made.unmount()


# -- no room ----------------------------------------------------------------------------------


def for_ever(write: Callable[[], object]) -> None:
    while True:
        write()


def until_full(write: Callable[[], object]) -> None:
    with pytest.raises(OSError, match="No space") as full:
        for_ever(write)
    assert full.value.errno == errno.ENOSPC


@contextmanager
def full_of_bytes(volume: Path) -> Iterator[None]:
    """Somebody else takes all the room there is: also what a disk that writes later had put by,
    as it finds out that it doesn't need it."""
    filler, before = volume / "filler", -1
    with filler.open("wb", buffering=0) as file:
        while file.tell() > before:
            before = file.tell()
            for size in (4096, 512):
                until_full(partial(file.write, bytes(size)))
            os.fsync(file.fileno())
    yield
    filler.unlink()


@contextmanager
def full_of_files(volume: Path) -> Iterator[None]:
    numbers = itertools.count()
    until_full(lambda: (volume / f"filler-{next(numbers)}").touch())
    yield
    for path in volume.glob("filler-*"):
        path.unlink()


# -- system calls -----------------------------------------------------------------------------


@contextmanager
def strace(pid: int, *arguments: str) -> Iterator[None]:
    """Watches a process, its threads and children with strace's options; both go on when the
    block ends. Ends by itself when the process does."""
    command = [needed("strace"), "-f", "-p", str(pid), *arguments]
    watching = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        assert watching.stderr
        said = b""
        while b"attached" not in said:
            line = watching.stderr.readline()
            assert line, f"strace did not attach: {said.decode()}"
            said += line
        yield
    finally:
        watching.terminate()
        watching.communicate(timeout=ATTACH_SECONDS)
