"""The record of one image, and how it is written: sidecars, items and journal lines.

``docs/format.md`` is the contract; its examples are decoded by a test. A record is the
content of a sidecar. Fields this software doesn't know are kept in ``extra`` and written
back on every rewrite.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

from gallery.errors import Damaged
from gallery.keys import EXT_OF, KINDS, Folder, Key, Kind, folder_of, is_id, is_owner, parse

Status = Literal["active", "trash"]
Op = Literal["put", "edit", "trash", "restore", "purge"]
MAX_SIDECAR_BYTES = 1 << 20
MAX_INT = 1 << 53
"""What every reader of JSON can hold; sums of such sizes still fit 64 bits."""
_LAST_US = 221_845_392_000_000_000
"""The year 9000: a retention time can still be added to what lies before it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CRC_TAIL = len(b',"crc":"00000000"}')


def to_us(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time; naive means UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except OverflowError as error:
        raise ValueError(text) from error


def to_text(us: int) -> str:
    """The time as stored: UTC, six digits and Z."""
    moment = _EPOCH.replace(tzinfo=None) + timedelta(microseconds=us)
    return f"{moment.isoformat(timespec='microseconds')}Z"


@dataclass(frozen=True, slots=True)
class Record:
    """One image. Times are integer microseconds since 1970 (UTC), ``bytes`` is the
    original's size, ``rev`` counts the sidecar's replacements."""

    id: str
    owner: str
    kind: Kind
    workflow_id: str | None
    aspect_ratio: str | None
    seed: int | str | None
    prompt: str | None
    original_filename: str | None
    mime: str
    bytes: int
    sha256: str
    created_at: int
    status: Status
    thumb: str
    tags: tuple[str, ...] = ()
    favorite: bool = False
    width: int | None = None
    height: int | None = None
    blurhash: str | None = None
    deleted_at: int | None = None
    rev: int = 0
    negative_prompt: str | None = None
    model: str | None = None
    source: str | None = None
    job_id: str | None = None
    parents: tuple[str, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Folder:
        return folder_of(self.owner, self.kind, self.created_at)

    @property
    def image(self) -> str:
        """The original's key."""
        return self.folder.image(self.id, EXT_OF[self.mime])

    @property
    def month(self) -> str:
        return self.folder.month


_FIELDS = tuple(f.name for f in fields(Record) if f.name != "extra")
_KNOWN = frozenset(_FIELDS)
_OPTIONAL = frozenset({"negative_prompt", "model", "source", "job_id", "parents"})
_TEXT, _NONE = frozenset({str}), type(None)
_TYPES: dict[str, frozenset[type]] = {
    **dict.fromkeys(("id", "owner", "sha256", "mime", "created_at"), _TEXT),
    **dict.fromkeys(
        ("workflow_id", "aspect_ratio", "prompt", "original_filename"), _TEXT | {_NONE}
    ),
    **dict.fromkeys(("blurhash", "negative_prompt", "model", "source", "job_id"), _TEXT | {_NONE}),
    **dict.fromkeys(("thumb", "deleted_at"), _TEXT | {_NONE}),
    **dict.fromkeys(("width", "height", "rev"), frozenset({int, _NONE})),
    "seed": frozenset({int, str, _NONE}),
    "bytes": frozenset({int}),
}


def as_json(record: Record) -> dict[str, Any]:
    """The record as sidecars, manifests and clients see it."""
    out: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(record, name)
        if value is not None or name not in _OPTIONAL:
            out[name] = value
    out["created_at"] = to_text(record.created_at)
    if record.deleted_at is not None:
        out["deleted_at"] = to_text(record.deleted_at)
    out.update(record.extra)
    return out


def encode(record: Record) -> bytes:
    """The canonical, compact form: what manifests hold and checksums are taken of."""
    return orjson.dumps(as_json(record))


def encode_sidecar(record: Record) -> bytes:
    """The sidecar: the same, indented, because people open these."""
    return orjson.dumps(as_json(record), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def decode_sidecar(raw: bytes, key: Key) -> Record:
    """The record in a sidecar found at ``key``. Raises Damaged, saying what is wrong."""
    if len(raw) > MAX_SIDECAR_BYTES:
        raise Damaged(f"larger than {MAX_SIDECAR_BYTES} bytes")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Damaged(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Damaged("not a JSON object")
    return decode(data, key)


def decode(data: dict[str, Any], key: Key | None = None) -> Record:
    """The record in ``data``, which must fit ``key`` if it was found there. An older
    writer's fields alone are enough. Raises Damaged."""
    try:
        record = _decode(data, key.folder.kind if key else "output")
        folder = record.folder
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise Damaged(f"a field is missing or malformed: {error!r}") from error
    if key is not None and (record.id != key.id or folder != key.folder):
        raise Damaged("id, owner, kind or the day of created_at do not fit its place")
    if not is_id(record.id) or not is_owner(record.owner):
        raise Damaged("no key can be made of it")
    if record.thumb != folder.thumb(record.id):
        thumb = parse(record.thumb)
        if thumb is None or (thumb.folder, thumb.id, thumb.role) != (folder, record.id, "thumb"):
            return replace(record, thumb=folder.thumb(record.id))
    return record


def _decode(data: dict[str, Any], kind: Kind) -> Record:
    values = {name: data[name] for name in _FIELDS if name in data}
    for name, types in _TYPES.items():
        if type(data.get(name)) not in types:
            raise TypeError(f"{name} is {type(data.get(name)).__name__}")
        values[name] = data.get(name)
    values["created_at"] = to_us(data["created_at"])
    if data.get("deleted_at") is not None:
        values["deleted_at"] = to_us(data["deleted_at"])
    for name in ("created_at", "deleted_at"):
        if not 0 <= (values[name] or 0) < _LAST_US:
            raise ValueError(name)
    values["rev"] = data.get("rev") or 0
    for name in ("bytes", "rev", "width", "height"):
        if not 0 <= (values[name] or 0) <= MAX_INT:
            raise ValueError(name)
    values["favorite"] = bool(data.get("favorite"))
    values["tags"] = _texts(data.get("tags") or ())
    if data.get("parents") is not None:
        values["parents"] = _texts(data["parents"])
    values["kind"] = data.get("kind") or kind
    values["thumb"] = data.get("thumb") or ""
    if values["kind"] not in KINDS or data["mime"] not in EXT_OF:
        raise ValueError("kind or mime")
    if data.get("status") not in ("active", "trash"):
        raise ValueError("status")
    unknown = data.keys() - _KNOWN
    return Record(**values, extra={name: data[name] for name in data if name in unknown})


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) for v in values):
        raise TypeError("not a list of texts")
    return tuple(values)


def checksum(raw: bytes) -> str:
    return f"{zlib.crc32(raw):08x}"


def etag(rev: int, raw: bytes) -> str:
    """The version of a record: its rev and the checksum of its canonical form."""
    return f'"{rev}-{checksum(raw)}"'


def item(raw: bytes) -> bytes:
    """The record as lists give it: its canonical form with ``url`` and ``thumb_url``."""
    return item_at(raw, 0, len(raw))


def item_at(block: bytes, start: int, end: int) -> bytes:
    """The item of the record that stands from ``start`` to ``end``.

    It isn't decoded, because a list page takes fifty: a quotation mark within a text is
    escaped, so what is looked for is the field, and the image lies above its thumbnail.
    """
    ext = block.index(b',"mime":"image/', start, end) + 15
    thumb = block.index(b',"thumb":"', ext, end) + 10
    quote = block.index(b'"', thumb, end)
    name = block.index(b"/thumb/", thumb, quote)
    return b'%b,"url":"/outputs/%b%b.%b","thumb_url":"/outputs/%b"}' % (
        block[start : end - 1],
        block[thumb:name],
        block[name + 6 : name + 39],
        _EXT_OF_KIND[block[ext : ext + 2]],
        block[thumb:quote],
    )


_EXT_OF_KIND = {b"pn": b"png", b"jp": b"jpg", b"we": b"webp"}
"""By how the name of the type goes on after ``image/``."""


def id_for(library: str, owner: str, idempotency_key: str) -> str:
    """The id an Idempotency-Key determines: the same on every backend and in every process."""
    digest = hashlib.sha256(f"{library}\n{owner}\n{idempotency_key}".encode()).digest()
    return uuid.UUID(bytes=digest[:16], version=4).hex


@dataclass(frozen=True, slots=True)
class Seen:
    """The sidecar's size and mtime when it was last read or written."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one image. ``at`` is its created_at; a purge carries no record."""

    op: Op
    owner: str
    id: str
    kind: Kind
    at: int
    rev: int
    record: Record | None = None
    seen: Seen = Seen(0, 0)

    @property
    def month(self) -> str:
        return folder_of(self.owner, self.kind, self.at).month


def change(op: Op, record: Record, seen: Seen = Seen(0, 0)) -> Change:
    kept = None if op == "purge" else record
    return Change(
        *(op, record.owner, record.id, record.kind, record.created_at, record.rev, kept, seen)
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one kind. ``bytes`` counts the originals, trash included; ``first`` and
    ``last`` are the created_at of the oldest and newest active image, ``oldest_deleted``
    the earliest deleted_at in the trash (microseconds, None where there is none)."""

    active: int = 0
    trash: int = 0
    bytes: int = 0
    oldest_deleted: int | None = None
    first: int | None = None
    last: int | None = None

    @classmethod
    def of(cls, record: Record) -> Totals:
        """One image's part."""
        if record.status == "trash":
            return cls(0, 1, record.bytes, record.deleted_at or 0)
        return cls(1, 0, record.bytes, None, record.created_at, record.created_at)

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.active + other.active,
            self.trash + other.trash,
            self.bytes + other.bytes,
            _least(self.oldest_deleted, other.oldest_deleted),
            _least(self.first, other.first),
            max((t for t in (self.last, other.last) if t is not None), default=None),
        )

    def as_list(self) -> list[int | None]:
        return [
            *(self.active, self.trash, self.bytes),
            *(self.oldest_deleted, self.first, self.last),
        ]


def _least(a: int | None, b: int | None) -> int | None:
    return min((t for t in (a, b) if t is not None), default=None)


TotalsByKind = dict[Kind, Totals]


def counted(each: Iterable[Totals]) -> tuple[int, Totals]:
    """How many of these owners have images, and what they have together, without times."""
    found = [totals for totals in each if totals.active + totals.trash]
    whole = sum(found, Totals())
    return len(found), Totals(whole.active, whole.trash, whole.bytes)


def encode_line(data: Mapping[str, Any], record: bytes | None = None) -> bytes:
    """A journal line: ``data``, then the record's canonical form, then a checksum of all
    that stands before it."""
    body = orjson.dumps(data)[:-1]
    if record is not None:
        body += b',"record":' + record
    return body + b',"crc":"%b"}\n' % checksum(body).encode()


def decode_line(line: bytes) -> dict[str, Any]:
    """The content of a journal line (without its newline). Raises Damaged."""
    body, tail = line[:-CRC_TAIL], line[-CRC_TAIL:]
    if tail != b',"crc":"%b"}' % checksum(body).encode():
        raise Damaged("checksum")
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Damaged(str(error)) from error
    if not isinstance(data, dict):
        raise Damaged("not an object")
    return data


def record_in_line(line: bytes) -> bytes:
    """The canonical form of the record in a manifest line. What stands before it is ours
    and holds no text of a user, so its first mark is the record's."""
    return line[marks(line)[0] : -CRC_TAIL]


Marks = tuple[int, int, int]
"""Where in a line the record and the thumbnail's key begin, and the number of the image's
type in ``EXTS``: with them an item can be cut out of a line without searching."""
EXTS = (b"png", b"jpg", b"webp")
_EXT_NUMBER = {b"pn": 0, b"jp": 1, b"we": 2}


def marks(line: bytes) -> Marks:
    """The marks of a manifest line; zeros where there is no record."""
    record = line.find(b',"record":') + 10
    if record < 10:
        return 0, 0, 0
    mime = line.index(b',"mime":"image/', record) + 15
    thumb = line.index(b',"thumb":"', mime) + 10
    return record, thumb, _EXT_NUMBER[line[mime : mime + 2]]
