"""Records and uploads for tests: short to write, complete when stored."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from gallery.blobs import BlobStore
from gallery.blobs.incoming import Spool
from gallery.catalog import Catalog, Page
from gallery.catalog.query import Query
from gallery.changes import Change, Op, change
from gallery.draft import Draft
from gallery.encoding import encode_sidecar
from gallery.imaging import Embedded, Inspection
from gallery.keys import EXT_OF, Kind, folder_of
from gallery.library import Library, Stored
from gallery.records import Record, Seen, to_us

OWNER = "anon-" + "a" * 32
OTHER = "member-1"
INBOX = f"users/{OWNER}/inbox"
NOON = to_us("2026-03-14T12:00:00Z")
SECOND = 1_000_000
THUMBNAIL = b"RIFF\4\0\0\0WEBP"
"""As much of a WebP as it takes to be whole."""


def ident(n: int) -> str:
    return f"{n:032x}"


def pixels(n: int) -> bytes:
    """What image number ``n`` is made of."""
    return (b"%d" % n).ljust(100 + n % 1000, b".")


def record(n: int = 1, *, owner: str = OWNER, at: int | None = None, **fields: Any) -> Record:
    """Image number ``n``, made ``n`` seconds past noon unless ``at`` says otherwise."""
    created_at = NOON + n * SECOND if at is None else at
    kind: Kind = fields.pop("kind", "output")
    values: dict[str, Any] = {
        "workflow_id": "portrait",
        "aspect_ratio": "4:3",
        "seed": n,
        "prompt": f"a red bridge, number {n}",
        "original_filename": None,
        "mime": "image/png",
        "bytes": len(pixels(n)),
        "sha256": hashlib.sha256(pixels(n)).hexdigest(),
        "status": "active",
        "thumb": folder_of(owner, kind, created_at).thumb(ident(n)),
        "rev": 1,
    }
    return Record(id=ident(n), owner=owner, kind=kind, created_at=created_at, **values | fields)


def seen(record: Record) -> Seen:
    """What a sidecar of this record would look like."""
    return Seen(len(encode_sidecar(record)), record.created_at * 1000 + record.rev)


def apply(catalog: Catalog, op: Op, *records: Record) -> None:
    """Applies one change of each, under the owner's lock as the library does."""
    for one in records:
        apply_change(catalog, change(op, one, seen(one)))


def apply_change(catalog: Catalog, what: Change) -> None:
    with catalog.lock(what.owner):
        catalog.apply(what)


def ids(page: Page | Iterable[bytes]) -> list[int]:
    """The numbers of the images on a page, in its order."""
    items = page.items if isinstance(page, Page) else page
    return [int(orjson.loads(item)["id"], 16) for item in items]


def everything(catalog: Catalog, query: Query) -> list[int]:
    """All that the query finds, page after page by cursor."""
    page = catalog.page(query)
    found = ids(page)
    while page.next_cursor:
        page = catalog.page(query.after(page.next_cursor))
        found += ids(page)
    return found


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits until it holds, which nobody has promised to be at once."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.005)


# -- uploads --------------------------------------------------------------------------------


def inspection(**fields: Any) -> Inspection:
    values: dict[str, Any] = {
        "mime": "image/png",
        "width": 64,
        "height": 48,
        "thumbnail": THUMBNAIL,
        "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        "embedded": Embedded(),
    }
    return Inspection(**values | fields)


def spooled(blobs: BlobStore, body: bytes) -> Spool:
    spool = blobs.spool()
    spool.write(body)
    spool.sync()
    return spool


def keys_of(blobs: BlobStore, prefix: str) -> list[str]:
    return [found.key for found in blobs.list(prefix)]


def upload(library: Library, body: bytes = b"pixels", *, owner: str = OWNER, **said: Any) -> Stored:
    """Puts an image whose content is ``body``."""
    spool = spooled(library.blobs, body)
    try:
        return library.put(Draft(owner, **said), spool, inspection())
    finally:
        spool.discard()


def plant(blobs: BlobStore, record: Record, body: bytes | None = None) -> None:
    """The three files of an image, written by somebody else."""
    body = pixels(int(record.id, 16)) if body is None else body
    blobs.put(record.folder.image(record.id, EXT_OF[record.mime]), body)
    blobs.put(record.thumb, THUMBNAIL)
    blobs.put(record.folder.sidecar(record.id), encode_sidecar(record))


def put(library: Library, n: int = 1, **said: Any) -> Record:
    """Uploads image number ``n``."""
    return upload(library, b"pixels %d" % n, id=ident(n), **said).entry.record


def active(library: Library, **query: Any) -> list[int]:
    return ids(library.page(Query(OWNER, **query)))


def only(library: Library) -> Record:
    """The one image that there is."""
    [month] = library.catalog.months(OWNER)
    [id] = library.catalog.seen(OWNER, month, "output")
    return library.get(OWNER, id).record


# -- files ----------------------------------------------------------------------------------


def drop(outputs: Path, key: str, body: bytes, mtime: float = NOON / 1e6) -> Path:
    """A file written by somebody else, a while ago."""
    path = outputs / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (mtime, mtime))
    return path


def files(outputs: Path) -> list[str]:
    """The names of all files of users."""
    found = (path for path in (outputs / "users").rglob("*") if path.is_file())
    return sorted(str(path.relative_to(outputs)) for path in found)


def in_inbox(outputs: Path) -> list[str]:
    return [name for name in files(outputs) if "/inbox/" in name]
