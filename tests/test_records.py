"""Records and their codecs: sidecars, canonical form, journal lines, times and checksums."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.encoding import (
    MAX_SIDECAR_BYTES,
    as_json,
    decode,
    decode_sidecar,
    encode,
    encode_sidecar,
    etag,
    item,
)
from gallery.errors import Damaged
from gallery.keys import Key, id_for, is_id
from gallery.lines import decode_line, encode_line, record_in_line
from gallery.records import Record, to_text, to_us
from gallery.totals import Totals
from tests.samples import NOON, OTHER, OWNER, ident, record

FIRST, LAST = to_us("0001-01-01T00:00:00Z"), to_us("9999-12-31T23:59:59.999999Z")
KEPT = to_us("8999-12-31T23:59:59.999999Z")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LEAF = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXT)
VALUES = st.recursive(
    LEAF, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3)
)
RECORDS = st.builds(
    record,
    st.integers(0, 2**53),
    owner=st.sampled_from([OWNER, OTHER]),
    at=st.integers(0, KEPT),
    kind=st.sampled_from(["output", "input", "control"]),
    prompt=st.none() | TEXT,
    negative_prompt=st.none() | TEXT,
    seed=st.none() | TEXT | st.integers(0, 2**64 - 1),
    bytes=st.integers(0, 2**53),
    mime=st.sampled_from(["image/png", "image/jpeg", "image/webp"]),
    status=st.sampled_from(["active", "trash"]),
    deleted_at=st.none() | st.integers(0, KEPT),
    tags=st.lists(TEXT, max_size=3).map(tuple),
    parents=st.none() | st.lists(TEXT, max_size=3).map(tuple),
    favorite=st.booleans(),
    rev=st.integers(0, 2**31),
    extra=st.dictionaries(TEXT.map(lambda t: f"x-{t}"), VALUES, max_size=4),
)


def key_of(one: Record) -> Key:
    return Key(one.folder, one.id, "sidecar", "json")


@given(RECORDS)
def test_a_record_survives_every_form(one: Record) -> None:
    assert decode_sidecar(encode_sidecar(one), key_of(one)) == one
    assert decode(orjson.loads(encode(one))) == one
    line = encode_line({"op": "put"}, encode(one))
    assert decode_line(line[:-1])["record"] == orjson.loads(encode(one))
    assert record_in_line(line[:-1]) == encode(one)


@given(RECORDS)
def test_an_item_is_the_record_with_its_links(one: Record) -> None:
    shown = orjson.loads(item(encode(one)))
    assert shown.pop("url") == f"/outputs/{one.image}"
    assert shown.pop("thumb_url") == f"/outputs/{one.thumb}"
    assert shown == orjson.loads(encode(one))


def test_optional_fields_are_left_out_where_there_are_none() -> None:
    assert not {"negative_prompt", "model", "source", "job_id", "parents"} & set(as_json(record()))
    assert as_json(record(model="sdxl"))["model"] == "sdxl"
    assert {"width", "deleted_at", "blurhash", "seed"} <= set(as_json(record(seed=None)))


OLD = ("id", "owner", "workflow_id", "aspect_ratio", "seed", "prompt", "original_filename", "mime",
       "bytes", "sha256", "created_at", "status", "thumb", "tags")  # fmt: skip


def old_sidecar(**fields: Any) -> dict[str, Any]:
    everything = as_json(record())
    return {name: everything[name] for name in OLD} | fields


def test_an_older_writers_fields_are_enough() -> None:
    found = decode_sidecar(orjson.dumps(old_sidecar()), key_of(record()))
    assert found == record(rev=0)


def test_the_drawer_gives_the_kind_where_the_sidecar_does_not() -> None:
    one = record(kind="input")
    data = old_sidecar(thumb=one.thumb)
    assert decode_sidecar(orjson.dumps(data), key_of(one)).kind == "input"


@pytest.mark.parametrize("thumb", [None, "", "thumb/x.webp", "../../etc/passwd", 7])
def test_a_thumb_that_is_no_key_of_this_image_becomes_its_own(thumb: object) -> None:
    raw = orjson.dumps(old_sidecar(thumb=thumb))
    if thumb == 7:
        with pytest.raises(Damaged):
            decode_sidecar(raw, key_of(record()))
    else:
        assert decode_sidecar(raw, key_of(record())).thumb == record().thumb


def test_a_thumb_of_somebody_else_becomes_its_own() -> None:
    theirs = record(owner=OTHER).thumb
    found = decode_sidecar(orjson.dumps(old_sidecar(thumb=theirs)), key_of(record()))
    assert found.thumb == record().thumb


@pytest.mark.parametrize("name", ["id", "owner", "mime", "bytes", "sha256", "created_at", "status"])
def test_a_sidecar_without_what_it_needs_is_damaged(name: str) -> None:
    data = old_sidecar()
    del data[name]
    with pytest.raises(Damaged):
        decode_sidecar(orjson.dumps(data), key_of(record()))


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ident(2)},
        {"id": "../" + ident(1)},
        {"owner": OTHER},
        {"owner": "../x"},
        {"kind": "input"},
        {"kind": "other"},
        {"created_at": "2026-03-15T12:00:01Z"},
        {"created_at": "yesterday"},
        {"created_at": 1_800_000_000},
        {"created_at": "9999-12-31T23:59:59-12:00"},
        {"deleted_at": "never"},
        {"mime": "image/gif"},
        {"mime": ["image/png"]},
        {"status": "gone"},
        {"bytes": "12"},
        {"bytes": 2**63},
        {"bytes": -1},
        {"tags": "bridge"},
        {"tags": [1]},
        {"parents": "x"},
        {"prompt": 5},
        {"rev": "1"},
        {"width": 1.5},
        {"sha256": None},
    ],
)
def test_a_malformed_field_is_damage(fields: dict[str, Any]) -> None:
    with pytest.raises(Damaged):
        decode_sidecar(orjson.dumps(old_sidecar(**fields)), key_of(record()))


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"\0" * 100, b"\xff\xfe", b'{"id":"\\ud800"}', b"[" * 5000]
)
def test_what_is_no_object_is_damage(raw: bytes) -> None:
    with pytest.raises(Damaged):
        decode_sidecar(raw, key_of(record()))


def test_a_sidecar_may_be_large_but_not_endless() -> None:
    one = record(extra={"note": "x" * (MAX_SIDECAR_BYTES - 2000)})
    assert decode_sidecar(encode_sidecar(one), key_of(one)) == one
    with pytest.raises(Damaged, match="larger than"):
        decode_sidecar(b" " * (MAX_SIDECAR_BYTES + 1), key_of(one))


# -- times ----------------------------------------------------------------------------------


@given(st.integers(FIRST, LAST))
def test_a_time_is_written_with_six_digits_and_z(us: int) -> None:
    text = to_text(us)
    assert to_us(text) == us
    assert len(text) == len("2026-03-14T12:00:00.000000Z")
    assert text.endswith("Z")


@given(st.integers(FIRST, LAST), st.integers(FIRST, LAST))
def test_times_as_text_are_in_the_order_of_time(one: int, two: int) -> None:
    assert (one < two) == (to_text(one) < to_text(two))


@pytest.mark.parametrize(
    "text",
    ["2026-03-14T12:00:00", "2026-03-14 12:00", "2026-03-14T21:00:00+09:00", "2026-03-14T12:00Z"],
)
def test_naive_means_utc_and_offsets_are_converted(text: str) -> None:
    assert to_us(text) == NOON


# -- lines and checksums --------------------------------------------------------------------


@given(st.dictionaries(TEXT, LEAF), st.data())
def test_a_line_with_any_byte_changed_is_damaged(head: dict[str, Any], data: st.DataObject) -> None:
    line = encode_line({"op": "put"} | head, encode(record()))[:-1]
    at = data.draw(st.integers(0, len(line) - 1))
    bit = data.draw(st.integers(0, 7))
    spoiled = line[:at] + bytes([line[at] ^ (1 << bit)]) + line[at + 1 :]
    with pytest.raises(Damaged):
        decode_line(spoiled)


@given(RECORDS)
def test_a_line_cut_anywhere_is_damaged(one: Record) -> None:
    line = encode_line({"op": "put"}, encode(one))
    assert line.count(b"\n") == 1
    for end in range(0, len(line) - 1, 7):
        with pytest.raises(Damaged):
            decode_line(line[:end])


def test_an_etag_changes_with_rev_and_with_content() -> None:
    tags = {
        etag(one.rev, encode(one))
        for one in (record(), record(rev=2), record(tags=("x",)), replace(record(), prompt="y"))
    }
    assert len(tags) == 4


def test_an_idempotency_key_determines_the_id() -> None:
    one = id_for("lib", OWNER, "key")
    assert is_id(one)
    assert one == "15bde30d9ed346c7a8e483a9877316ab"
    others = {id_for("lib", OTHER, "key"), id_for("lib", OWNER, "k"), id_for("l", OWNER, "key")}
    assert len(others | {one}) == 4
    assert one[12] == "4"


def test_totals_add_up() -> None:
    some = Totals(1, 2, 30, 5, 6, 7)
    assert some + Totals() == some
    assert some + Totals(1, 0, 1, 4, 8, 9) == Totals(2, 2, 31, 4, 6, 9)
    assert Totals(*some.as_list()) == some  # type: ignore[arg-type]
