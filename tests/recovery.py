"""What a library must be after an operation was cut short, and coming to it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from gallery.catalog.query import Query
from gallery.encoding import encode
from gallery.imaging import Imaging
from gallery.keys import KINDS, parse
from gallery.library import Library
from gallery.reconcile import Reconciler, Walked
from gallery.records import Record
from gallery.totals import Totals, TotalsByKind
from tests.crashing import OPERATIONS, opened
from tests.samples import OWNER, THUMBNAIL, ident

ALL = Query(OWNER, ("active", "trash"), KINDS)
Tree = dict[str, bytes]
EARLY = -2.0
"""Some servers round an object's time up to the next second."""
AGAIN = 1e-9
"""Seconds that have always passed when a second walk comes."""
_NEW_ID = re.compile(rb"(?!0{31})[0-9a-f]{32}(?=[.\"])")


def tree(folder: Path) -> Tree:
    """Everything under ``users/``, with the ids that were made up replaced."""
    users = folder / "outputs" / "users"
    return {
        with_new_ids(str(path.relative_to(users)).encode()).decode(): with_new_ids(
            path.read_bytes()
        )
        for path in users.rglob("*")
        if path.is_file()
    }


def with_new_ids(text: bytes) -> bytes:
    """The same, with each id that was made up replaced."""
    return _NEW_ID.sub(b"new", text)


def check_whole(library: Library) -> None:
    """Every image has its three files and its entry, and there is nothing else."""
    found: dict[str, Record] = {}
    left = {listed.key for listed in library.blobs.list("users/")}
    for text in sorted(left):
        key = parse(text)
        assert key is not None
        if key.role == "sidecar":
            read = library.sidecars.find(key.folder, key.id)
            assert read is not None
            record, seen = read
            entry = library.catalog.get(OWNER, key.id)
            assert entry is not None
            assert (entry.raw, entry.seen) == (encode(record), seen)
            assert hashlib.sha256(library.blobs.read(record.image)).hexdigest() == record.sha256
            assert library.blobs.read(record.thumb) == THUMBNAIL
            left -= {text, record.image, record.thumb}
            found[key.id] = record
    assert left == set()
    assert library.page(ALL).total == len(library.page(ALL).items) == len(found)
    totals = {k: t for k, t in library.catalog.totals(OWNER).items() if t != Totals()}
    assert totals == counted(list(found.values()))


def counted(records: list[Record]) -> TotalsByKind:
    totals: TotalsByKind = {}
    for r in records:
        one = Totals(1, 0, r.bytes, None, r.created_at, r.created_at)
        if r.status == "trash":
            one = Totals(0, 1, r.bytes, r.deleted_at)
        totals[r.kind] = totals.get(r.kind, Totals()) + one
    return totals


def walked(library: Library, imaging: Imaging) -> Walked:
    """The walk of a bucket, without its waiting times."""
    return Reconciler(library, imaging, settle=EARLY, vanish=AGAIN, put=0).run()


def outcome(before: Path, folder: Path, act: Callable[[Library], object]) -> Tree:
    """The tree when nothing goes wrong."""
    shutil.copytree(before, folder)
    with opened(folder) as library:
        act(library)
        check_whole(library)
    return tree(folder)


def recover(folder: Path, name: str, imaging: Imaging, start: Tree, end: Tree) -> str:
    """Starts anew, as after a crash, and walks; says which of the two it came to."""
    with opened(folder) as library:
        walked = Reconciler(library, imaging, settle=0).run()
        assert walked.damage == []
        check_whole(library)
    now = tree(folder)
    assert now in (start, end)
    retry(folder, name, end)
    return "before" if now == start else "after"


def retry(folder: Path, name: str, end: Tree) -> None:
    with opened(folder) as library:
        if name != "purge" or library.catalog.get(OWNER, ident(2)):
            OPERATIONS[name](library)
        check_whole(library)
    if name != "copy":  # which makes another one each time
        assert tree(folder) == end
