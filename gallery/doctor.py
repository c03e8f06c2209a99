"""The doctor: compares files and catalog, and names every discrepancy. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from gallery import checkpoint, keys
from gallery.blobs import Listed
from gallery.blobs.abilities import Shared
from gallery.checkpoint import Checkpoint
from gallery.encoding import decode_sidecar
from gallery.errors import Damaged, NotFound
from gallery.keys import Key
from gallery.library import Library
from gallery.reconcile import Files, by_month
from gallery.records import Record, Seen


@dataclass(slots=True)
class Month:
    """What one owner has in one month: files by what they are, images in the catalog, and
    lines of its journal (more than images: every change is one)."""

    owner: str
    month: str
    images: int = 0
    sidecars: int = 0
    thumbs: int = 0
    cataloged: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """``what`` is one of a fixed set of phrases, ``name`` a key or manifest."""

    what: str
    name: str

    @property
    def text(self) -> str:
        """The name as text: a file's may be any bytes."""
        return os.fsencode(self.name).decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class Report:
    months: dict[tuple[str, str], Month] = field(default_factory=dict)
    discrepancies: list[Discrepancy] = field(default_factory=list)

    def month(self, owner: str, month: str) -> Month:
        return self.months.setdefault((owner, month), Month(owner, month))

    def add(self, what: str, name: str) -> None:
        self.discrepancies.append(Discrepancy(what, name))

    def as_json(self) -> dict[str, Any]:
        return {
            "months": [asdict(month) for month in self.months.values()],
            "discrepancies": [asdict(found) | {"name": found.text} for found in self.discrepancies],
        }

    def lines(self) -> Iterator[str]:
        """For people: a line a month, then a line a discrepancy."""
        columns = ("images", "sidecars", "thumbs", "catalog", "lines")
        yield f"{'owner':38} {'month':7} " + " ".join(f"{name:>8}" for name in columns)
        for m in self.months.values():
            counts = (m.images, m.sidecars, m.thumbs, m.cataloged, m.lines)
            yield f"{m.owner:38} {m.month:7} " + " ".join(f"{count:8}" for count in counts)
        for found in self.discrepancies:
            # Names of any bytes may be there: shown so that no terminal obeys them.
            yield f"{found.what}: {ascii(found.name)[1:-1]}"
        yield f"{len(self.discrepancies)} discrepancies"


def examine(library: Library) -> Report:
    """Looks at all of it, and repeats what the scrub found. Raises Unavailable when that
    cannot be done."""
    report = Report()
    for owner in sorted({*library.blobs.owners(), *library.catalog.owners()}):
        _owner(library, owner, report)
    if isinstance(library.blobs, Shared):
        for name in library.blobs.strangers():
            report.add("no file of an owner", name)
        for name in library.blobs.leftovers():
            report.add("left over", name)
    for owner, month in library.catalog.damaged():
        report.add("the manifest has bad lines", f"{owner} {month}")
    scrubbed = checkpoint.read(library.catalog.notes) or Checkpoint()
    for image, damage in scrubbed.damaged.items():
        key = keys.parse(image)
        if key and library.catalog.get(key.folder.owner, key.id, key.folder.month):
            report.add(str(damage), image)
    return report


def _owner(library: Library, owner: str, report: Report) -> None:
    cataloged: dict[tuple[keys.Kind, str], dict[str, Seen]] = {}
    for month in library.catalog.months(owner):
        report.month(owner, month).lines = library.catalog.lines(owner, month)
        for kind in keys.KINDS:
            if seen := library.catalog.seen(owner, month, kind):
                cataloged[kind, month] = seen
                report.month(owner, month).cataloged += len(seen)

    def known(listed: Iterator[Listed]) -> Iterator[Listed]:
        for found in listed:
            if keys.inboxed(found.key):
                report.add("left in the inbox", found.key)
            elif keys.parse(found.key) is None:
                report.add("no name of ours", found.key)
            else:
                yield found

    for (kind, month), group in by_month(known(library.blobs.list(f"users/{owner}/"))):
        seen = cataloged.pop((kind, month), {})
        for files in group:
            _count(report.month(owner, month), files)
            _image(library, files, seen.pop(files.id, None), report)
        _only_cataloged(library, owner, month, seen, report)
    for (_, month), seen in cataloged.items():
        _only_cataloged(library, owner, month, seen, report)


def _count(month: Month, files: Files) -> None:
    month.images += "image" in files.by_role
    month.sidecars += "sidecar" in files.by_role
    month.thumbs += "thumb" in files.by_role


def _only_cataloged(
    library: Library, owner: str, month: str, seen: dict[str, Seen], report: Report
) -> None:
    for id in seen:
        if entry := library.catalog.get(owner, id, month):
            report.add("in the catalog, but its files are gone", entry.record.image)


def _image(library: Library, files: Files, seen: Seen | None, report: Report) -> None:
    name = files.folder.sidecar(files.id)
    for role, mark in (("put", "a put"), ("purge", "a purge"), ("new", "an edit")):
        if role in files.by_role:
            report.add(f"left by {mark} that did not end", files.by_role[role].key)
    if "sidecar" in files.by_role:
        record = _read(library, files, report)
        if record is not None:
            _compare(record, files, report)
        if seen is None:
            report.add("not in the catalog", name)
        elif seen != files.sidecar:
            report.add("the catalog knows another version", name)
    elif "image" in files.by_role:
        report.add("image without sidecar", files.by_role["image"].key)
    elif files.by_role.keys() == {"thumb"}:
        report.add("thumbnail without image", files.by_role["thumb"].key)


def _read(library: Library, files: Files, report: Report) -> Record | None:
    name = files.by_role["sidecar"].key
    try:
        raw = library.blobs.read(name)
        return decode_sidecar(raw, Key(files.folder, files.id, "sidecar", "json"))
    except NotFound:  # it went while the doctor looked
        return None
    except Damaged as error:
        report.add(f"damaged sidecar ({error})", name)
        return None


def _compare(record: Record, files: Files, report: Report) -> None:
    image = files.by_role.get("image")
    if image is None:
        report.add("sidecar without image", record.image)
    elif image.size != record.bytes:
        report.add(f"{image.size} bytes instead of {record.bytes}", record.image)
    thumb = files.by_role.get("thumb")
    if thumb is None or not thumb.size:
        report.add("no thumbnail", record.thumb)
