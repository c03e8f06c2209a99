"""A library made as another one is: its images, with the sidecars byte for byte.

Of use when a library moves, and on the way back. What is changed is changed in the order of
``effects``, and under the owner's lock.
"""

from __future__ import annotations

from collections.abc import Sequence

from gallery.blobs.incoming import Spool
from gallery.catalog import Entry
from gallery.changes import Change, change, op_between
from gallery.library import Library, goes_on
from gallery.records import Record


@goes_on
def take(
    library: Library, record: Record, sidecar: bytes, body: Spool | bytes, thumb: bytes
) -> Entry:
    """Stores an image as the other library has it, unless one of its id came here meanwhile:
    then gives that."""
    with library.catalog.lock(record.owner):
        if known := library.catalog.get(record.owner, record.id):
            return known
        return library.effects.store(record, sidecar, body, thumb)


def place(library: Library, known: Record | None, record: Record, sidecar: bytes) -> Change:
    """Like ``take``, for somebody who brings many and is the only one who writes here: the
    sidecar of an image that the catalog knows as that, and whose bytes are here. It needs no
    lock; ``enter`` tells the catalog what this gives."""
    folder, id = record.folder, record.id
    if known is not None:
        seen = library.blobs.replace(folder, id, sidecar)
        return change(op_between(known, record), record, seen)
    library.blobs.stage(folder, id, sidecar)
    return change("put", record, library.blobs.commit(folder, id, sidecar))


def enter(library: Library, changes: Sequence[Change]) -> None:
    """Tells the catalog of one owner's changes, which are of different images."""
    library.locked(changes[0].owner, lambda: library.catalog.apply_all(changes))


def drop(library: Library, owner: str, id: str) -> None:
    """Purges an image that the other library has no more, whether it was in the trash or
    not, if there is one."""
    with library.catalog.lock(owner):
        if entry := library.catalog.get(owner, id):
            library.blobs.doom(entry.record.folder, id)
            library.effects.finish_purge(entry.record)
