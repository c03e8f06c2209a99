"""How a record is written and read: sidecars, the canonical form, and the items of lists.

``docs/format.md`` is the contract; its examples are decoded by a test.
"""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from typing import Any

import orjson

from gallery.errors import Damaged, Unprocessable
from gallery.keys import EXT_OF, KINDS, Key, Kind, is_id, is_owner, parse
from gallery.records import MAX_INT, Record, to_text, to_us

MAX_SIDECAR_BYTES = 1 << 20
_LAST_US = 221_845_392_000_000_000
"""The year 9000: a retention time can still be added to what lies before it."""
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
    """The sidecar: the same, indented, because people open these, unless that makes it larger
    than one may be. Raises Unprocessable when it is larger in any case: nobody could read it."""
    raw = orjson.dumps(as_json(record), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if len(raw) > MAX_SIDECAR_BYTES:
        raw = encode(record)
    if len(raw) > MAX_SIDECAR_BYTES:
        raise Unprocessable("The record has no room for this", code="record_too_large")
    return raw


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


def with_purge_at(item: bytes, retention_us: int) -> bytes:
    """The item with the time when retention will purge it, if it is in the trash."""
    deleted_at = orjson.loads(item).get("deleted_at")
    if deleted_at is None:
        return item
    purge_at = to_text(to_us(deleted_at) + retention_us)
    return item[:-1] + b',"purge_at":"%b"}' % purge_at.encode()
