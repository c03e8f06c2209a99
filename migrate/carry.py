"""One image to the other side: original, thumbnail, sidecar, row.

What is told of it is read from the sidecar, and once more when the original is there: if it
was changed meanwhile, that is what arrives. What is changed later stands in the feed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal

from gallery import keys, replica
from gallery.blobs import is_there
from gallery.blobs.abilities import Exclusive
from gallery.blobs.incoming import Spool
from gallery.catalog import Entry
from gallery.encoding import MAX_SIDECAR_BYTES, decode_sidecar, encode, encode_sidecar
from gallery.errors import Damaged, NotFound, Unavailable
from gallery.keys import Folder, Key
from gallery.records import Record
from migrate.journal import Journal, begun_in
from migrate.objects import PIECE, read_into, sha256_of
from migrate.pace import Pace
from migrate.sides import Sides
from migrate.telling import Telling

Outcome = Literal["copied", "changed", "healed", "same", "gone", "dropped"]


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of an image, and how large its original is."""

    outcome: Outcome
    bytes: int = 0


class Differs(Exception):
    """Something else lies in the place of what is to be copied. It is never overwritten."""


class Carrier:
    """For several threads, each with an image of its own. With ``doubtful`` also what the
    target's catalog knows is looked for in its blobs. Methods raise Damaged for an image that is
    not what its sidecar says, Differs, and GalleryErrors of the stores."""

    def __init__(
        self, sides: Sides, pace: Pace, journal: Journal, *, doubtful: bool = False
    ) -> None:
        self._source = sides.source
        self._target = sides.target
        self._to = sides.to
        self._pace = pace
        self._journal = journal
        self._doubtful = doubtful
        self._telling = Telling(sides.target)
        self.begun: set[str] = set()
        """The names of sidecars whose images may have been sent: they are looked for first."""
        self._lay_there = not isinstance(sides.target.blobs, Exclusive)
        """Whether the last original that came to be sent was there already, so that the next
        one probably is. A store that would replace it is always asked before."""
        self._sent: dict[tuple[str, str], Folder] = {}
        """What something was sent of, and is not all there yet."""

    def recover(self, entries: Iterable[dict[str, Any]]) -> None:
        """Ends what a process that died had begun on the target: of what the catalog does not
        know, nobody else would find what lies there. What is still to be sent may yet be purged,
        and stays begun, for a later process as well. What was begun the other way round is not
        looked at: here it may be the last original. ``entries`` are the journal's."""
        for name, what in begun_in(entries, self._to).items():
            self.begun.add(name)
            if key := keys.parse(name):
                if what == "send" and self._is_awaited(key):
                    self._sent[key.folder.owner, key.id] = key.folder
                    continue
                self._sweep(key.folder, key.id)
            self._note("sent" if what == "send" else "dropped", name)

    def _is_awaited(self, key: Key) -> bool:
        """Whether an image is there to be sent, and the target doesn't know it yet."""
        folder, id = key.folder, key.id
        known = self._target.catalog.get(folder.owner, id)
        return known is None and is_there(self._source.blobs, folder.sidecar(id))

    def _note(self, did: str, image: str) -> None:
        self._journal.append(did=did, image=image, to=self._to)

    def by_id(self, owner: str, id: str, month: str | None = None) -> Carried:
        """Makes the target say of an image what the source says now. Its sidecar decides: where
        a manifest is damaged a catalog doesn't know of all that lies there. Most lie where they
        did, so the source's catalog is asked only of others."""
        known = self._target.catalog.get(owner, id)
        there = self._read(known.record.folder, id) if known else None
        if known and there and not _is_another(there[0], known.record):
            return self._update(known, *there)
        entry = self._source.catalog.get(owner, id, month)
        if entry and known and _is_another(entry.record, known.record):
            self._drop(owner, id)
        if found := entry or known:
            return self.carry(found.record.folder, id)
        return self._drop(owner, id, self._sent.get((owner, id)))

    def carry(self, folder: Folder, id: str) -> Carried:
        """The same of an image that lies in this folder, if it does."""
        found = self._read(folder, id)
        if found is None:
            return self._gone(folder, id)
        record, raw = found
        known = self._target.catalog.get(folder.owner, id)
        if known and _is_another(record, known.record):
            self._make_way(known.record, record)
            known = None
        return self._update(known, record, raw) if known else self._send(record, raw)

    def _make_way(self, known: Record, record: Record) -> None:
        """Drops what the target knows under an id that another image has by now. If both lie on
        the source, its catalog says which of them has it."""
        if known.folder != record.folder and is_there(
            self._source.blobs, known.folder.sidecar(known.id)
        ):
            entry = self._source.catalog.get(record.owner, record.id)
            if entry is None or entry.record.folder != record.folder:
                raise Differs(f"{record.image}: its id is also that of {known.image}")
        self._drop(record.owner, record.id)

    def _update(self, known: Entry, record: Record, raw: bytes) -> Carried:
        """An image that the target knows."""
        if known.record.sha256 != record.sha256:
            raise Differs(f"{record.image}: the target has another original under this id")
        outcome: Outcome = "same" if known.raw == encode(record) else "changed"
        if self._doubtful and self._heal(record) and outcome == "same":
            outcome = "healed"
        if outcome != "same":
            self._telling.tell(replica.place(self._target, known.record, record, raw))
        return Carried(outcome, record.bytes)

    def _send(self, record: Record, sidecar: bytes) -> Carried:
        """An image that the target doesn't know. If it was purged meanwhile, then what is wrong
        with its original is only that."""
        folder, id = record.folder, record.id
        self._sent[folder.owner, id] = folder
        self._note("send", folder.sidecar(id))
        self._journal.settle()  # if the source purges it, nobody else knows of what was sent
        try:
            self._bodies(record, sidecar)
        except Damaged:
            if self._read(folder, id) is not None:
                if folder.sidecar(id) not in self.begun:
                    self._all_sent(folder, id)  # nothing was
                raise
        found = self._read(folder, id)
        if found is None:
            return self._drop(folder.owner, id, left=folder)
        self._telling.tell(replica.place(self._target, None, *found))
        self._all_sent(folder, id)
        return Carried("copied", record.bytes)

    def _all_sent(self, folder: Folder, id: str) -> None:
        if self._sent.pop((folder.owner, id), None):
            self._note("sent", folder.sidecar(id))

    def _heal(self, record: Record) -> bool:
        """Sends again what the target's blobs lost of an image; whether that was anything."""
        lost = not is_there(self._target.blobs, record.folder.sidecar(record.id))
        return self._bodies(record, None) or lost

    def _gone(self, folder: Folder, id: str) -> Carried:
        """An image without a sidecar on the source. If both know it all the same, it is being
        purged, which the feed will tell; or somebody removed it, and the target has the last:
        then the catalog's word is brought."""
        place = folder.owner, id, folder.month
        entry, known = self._source.catalog.get(*place), self._target.catalog.get(*place)
        if entry and known and entry.record.folder == folder == known.record.folder:
            return self._update(known, entry.record, encode_sidecar(entry.record))
        return self._drop(folder.owner, id, left=folder)

    def _drop(self, owner: str, id: str, left: Folder | None = None) -> Carried:
        """Purges what the source has no more, or what was ``left`` of it."""
        entry = self._target.catalog.get(owner, id)
        folder = entry.record.folder if entry else left
        if folder is None:
            return Carried("gone")
        self._note("drop", folder.sidecar(id))
        self._journal.sync()
        replica.drop(self._target, owner, id)
        self._sweep(folder, id)
        self._note("dropped", folder.sidecar(id))
        self._all_sent(folder, id)
        return Carried("dropped" if entry else "gone")

    def _sweep(self, folder: Folder, id: str) -> None:
        target = self._target
        with target.catalog.lock(folder.owner):
            if target.catalog.get(folder.owner, id) is None:
                if is_there(target.blobs, folder.sidecar(id)):
                    target.blobs.doom(folder, id)
                target.effects.sweep(folder, id)

    def _read(self, folder: Folder, id: str) -> tuple[Record, bytes] | None:
        key = folder.sidecar(id)
        try:
            raw = self._source.blobs.read(key, 0, MAX_SIDECAR_BYTES + 1)
        except NotFound:
            return None
        return decode_sidecar(raw, Key(folder, id, "sidecar", "json")), raw

    # -- originals and thumbnails -----------------------------------------------------------

    def _bodies(self, record: Record, announced: bytes | None) -> bool:
        """Whether anything of them was missing. The sidecar is announced, of a new image: that
        is sent without a look, unless it may be there already."""
        target, whole = self._target.blobs, False
        if announced is None or self._lay_there or record.folder.sidecar(record.id) in self.begun:
            whole = self._is_there(record)
        if not whole:
            whole = not self._original(record, announced)
        if whole and is_there(target, record.thumb):
            return False
        with suppress(NotFound):
            target.put(record.thumb, self._source.blobs.read(record.thumb))
            return True
        return not whole

    def _is_there(self, record: Record) -> bool:
        blobs = self._target.blobs
        try:
            size = blobs.stat(record.image).size
        except NotFound:
            self._lay_there = not isinstance(blobs, Exclusive)
            return False
        self._lay_there = True
        if size != record.bytes or sha256_of(blobs, record.image) != record.sha256:
            raise Differs(f"{record.image}: the target has something else there")
        return True

    def _original(self, record: Record, announced: bytes | None) -> bool:
        """Never sent if it is not what its record says. It is announced as any put is: without
        a sidecar it would be taken for an image that somebody dropped. False when it was there."""
        self._pace.spend(record.bytes)
        with ExitStack() as held:
            try:
                body, found = self._read_original(record, held)
            except NotFound as error:
                raise Damaged(f"{record.image} is not there") from error
            if found != (record.bytes, record.sha256):
                raise Damaged(f"{record.image} is not what its sidecar says")
            if announced is not None:
                self._target.blobs.stage(record.folder, record.id, announced)
            return self._put_new(record, body)

    def _read_original(
        self, record: Record, held: ExitStack
    ) -> tuple[bytes | Spool, tuple[int, str]]:
        """Read once, and hashed; with its size and hash. A store whose objects are files takes
        a file as one; others are sent what was read, and refuse what is another by its hash."""
        if isinstance(self._target.blobs, Exclusive) and record.bytes < PIECE:
            body = self._source.blobs.read(record.image, 0, PIECE)
            return body, (len(body), hashlib.sha256(body).hexdigest())
        spool = self._target.blobs.spool()
        held.callback(spool.discard)
        read_into(spool, self._source.blobs, record.image)
        spool.sync()
        return spool, (spool.size, spool.sha256)

    def _put_new(self, record: Record, body: bytes | Spool) -> bool:
        blobs = self._target.blobs
        if not isinstance(blobs, Exclusive):  # it was looked for
            blobs.put(record.image, body)
            return True
        if blobs.put_new(record.image, body):
            return True
        if not self._is_there(record):
            raise Unavailable(f"{record.image} comes and goes")
        return False


def _is_another(here: Record, there: Record) -> bool:
    """Whether an image was purged, and another put under its id. If their times were the same,
    it would be one that was tampered with; and what lies in another folder has to be sent there,
    whether its bytes are the same or not."""
    is_other = here.sha256 != there.sha256 and here.created_at != there.created_at
    return is_other or here.folder != there.folder
