"""Operations that are cut short: after a step of the stores, or by the death of a process.

As a program, ``python -m tests.crashing FOLDER OPERATION`` dies of the operation again and
again, each time one step of the file system later, each time on a copy of FOLDER.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gallery.blobs.files import FileBlobs
from gallery.blobs.incoming import Spool
from gallery.bulk import Bulk
from gallery.catalog.folder import library_of
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.ops import FileOps
from gallery.changes import Change
from gallery.journal import Report, Wanted
from gallery.keys import Folder
from gallery.library import Library
from gallery.records import Seen
from tests.samples import NOON, OWNER, ident, upload

KILLED = 9
PLENTY = 64 << 20
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"}


def put(library: Library, n: int = 3) -> None:
    upload(library, b"pixels %d" % n, id=ident(n), prompt=f"number {n}")


OPERATIONS: dict[str, Callable[[Library], Any]] = {
    "put": put,
    "edit": lambda library: library.edit(OWNER, ident(1), tags=("edited",), favorite=True),
    "trash": lambda library: library.trash(OWNER, ident(1)),
    "restore": lambda library: library.restore(OWNER, ident(2)),
    "purge": lambda library: library.purge(OWNER, ident(2)),
    "copy": lambda library: library.copy(OWNER, ident(1), "control"),
}


OP = ident(99)
ASKED = tuple(map(ident, (1, 2, 3, 9, 4)))
"""Image 2 is in the trash, and there is no image 9."""
WANTED = {
    "delete": Wanted("delete", ASKED),
    "tag": Wanted("tag", ASKED, tags=("bridge", "red")),
}


def bulk(library: Library, action: str) -> Report:
    return Bulk(library, batch=2).run(OWNER, WANTED[action], OP)


def undo(library: Library) -> Report:
    return Bulk(library, batch=2).undo(OWNER, OP)


OF_MANY: dict[str, Callable[[Library], Any]] = {
    "bulk-delete": lambda library: bulk(library, "delete"),
    "bulk-tag": lambda library: bulk(library, "tag"),
    "undo": undo,
}


def prepare(folder: Path) -> None:
    """A library with image 1, and image 2 in the trash."""
    with opened(folder) as library:
        put(library, 1)
        put(library, 2)
        library.trash(OWNER, ident(2))


@contextmanager
def opened(folder: Path, after: Callable[[], None] = lambda: None) -> Iterator[Library]:
    """The library in ``folder``, whose stores call ``after`` when a step is done."""
    manifests = str(folder / "manifests")
    blobs = SteppedBlobs(str(folder / "outputs"), library_of(manifests))
    catalog = SteppedCatalog(manifests, memory_bytes=PLENTY)
    catalog.ops = ops = SteppedOps(os.path.join(manifests, "users"))
    blobs.after = catalog.after = ops.after = after
    library = Library(blobs, catalog, clock=lambda: NOON)
    library.start()
    try:
        yield library
    finally:
        library.close()


class SteppedBlobs(FileBlobs):
    after: Callable[[], None]

    def keep_room(self) -> None:
        """No ballast: these libraries are copied a thousand times."""

    def put(self, key: str, body: bytes | Spool) -> None:
        super().put(key, body)
        self.after()

    def delete(self, key: str) -> None:
        super().delete(key)
        self.after()

    def stage(self, folder: Folder, id: str, sidecar: bytes) -> None:
        super().stage(folder, id, sidecar)
        self.after()

    def commit(self, folder: Folder, id: str, sidecar: bytes) -> Seen:
        seen = super().commit(folder, id, sidecar)
        self.after()
        return seen

    def replace_all(self, folder: Folder, sidecars: Mapping[str, bytes]) -> dict[str, Seen]:
        seen = super().replace_all(folder, sidecars)
        self.after()
        return seen

    def doom(self, folder: Folder, id: str) -> None:
        super().doom(folder, id)
        self.after()


class SteppedCatalog(ManifestCatalog):
    after: Callable[[], None]

    def apply(self, change: Change) -> None:
        super().apply(change)
        self.after()

    def apply_all(self, changes: Sequence[Change]) -> None:
        super().apply_all(changes)
        self.after()


class SteppedOps(FileOps):
    after: Callable[[], None]

    def append(self, owner: str, op: str, entry: Mapping[str, Any]) -> None:
        super().append(owner, op, entry)
        self.after()


# -- death of a process ---------------------------------------------------------------------


def die_at(step: int) -> None:
    """Ends this process before its ``step``-th change of the file system, or half-way
    through it if that is a write."""
    left, write = [step], os.write

    def is_last() -> bool:
        left[0] -= 1
        return left[0] == 0

    def torn(fd: int, data: Any) -> int:
        if is_last():
            write(fd, bytes(data)[: len(data) // 2])
            os._exit(KILLED)
        return write(fd, data)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        flags = args[2] if event == "open" and isinstance(args[2], int) else 0
        changes = event in _CHANGES or flags & (os.O_WRONLY | os.O_RDWR)
        if changes and is_last():
            os._exit(KILLED)

    os.write = torn
    sys.addaudithook(hook)


def main(folder: Path, operation: str) -> None:
    step, status = 0, KILLED
    while status == KILLED:
        step += 1
        copy = folder.with_name(f"{operation}-{step}")
        shutil.copytree(folder, copy)
        if (child := os.fork()) == 0:
            with opened(copy) as library:
                die_at(step)
                (OPERATIONS | OF_MANY)[operation](library)
                os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(step, status)


def died_at_every_step(folder: Path, operation: str) -> tuple[int, int]:
    """How many processes it took until one did not die of the operation, and the status of that
    one. What each left lies beside the folder: each died one change of the file system later."""
    died = subprocess.run(
        [sys.executable, "-m", "tests.crashing", str(folder), operation],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (died.returncode, died.stderr) == (0, ""), died
    steps, status = map(int, died.stdout.split())
    return steps, status


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
