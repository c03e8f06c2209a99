"""The examples in docs/format.md are what the codecs read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import orjson
import pytest

from gallery import keys, recovery
from gallery.blobs.marker import FORMAT
from gallery.catalog.ops import FileOps
from gallery.changes import Op
from gallery.encoding import as_json, checksum, decode, decode_sidecar, encode
from gallery.generation import Record, Stores
from gallery.journal import Journal, Result, Wanted
from gallery.lines import decode_line, record_in_line
from gallery.totals import Totals

DOCUMENT = (Path(__file__).parents[1] / "docs" / "format.md").read_text(encoding="utf-8")
_BLOCK = re.compile(
    r"^```(?P<what>[a-z-]+)(?: (?P<where>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
BLOCKS = [match.groupdict() for match in _BLOCK.finditer(DOCUMENT)]


def blocks(what: str) -> list[str]:
    return [block["body"] for block in BLOCKS if block["what"] == what]


def rows(what: str) -> list[str]:
    return [row for body in blocks(what) for row in body.splitlines()]


LINES = [line.encode() for line in rows("line")]
SIDECARS = [(b["where"], b["body"]) for b in BLOCKS if b["what"] == "sidecar"]


def test_there_are_examples_of_everything() -> None:
    kinds = {"keys", "roles", "no-keys", "library", "sidecar", "line", "journal", "position"}
    assert {block["what"] for block in BLOCKS} == kinds | {"generation", "links"}
    assert {row.split()[0] for row in rows("keys")} == set(keys.KINDS)
    assert {row.split()[0] for row in rows("roles")} == {"sidecar", "thumb", "put", "purge", "new"}
    assert {decode_line(line).get("op") for line in LINES} == {
        None,
        "put",
        "purge",
        "load",
        "close",
    }
    assert len(SIDECARS) == 2


@pytest.mark.parametrize("row", rows("keys"))
def test_a_key_of_each_kind_is_one(row: str) -> None:
    kind, text = row.split()
    key = keys.parse(text)
    assert key is not None
    assert (key.folder.kind, key.role) == (kind, "image")
    assert key.folder.image(key.id, key.ext) == text


@pytest.mark.parametrize("row", rows("roles"))
def test_a_key_of_each_role_is_one(row: str) -> None:
    role, text = row.split()
    key = keys.parse(text)
    assert key is not None
    assert key.role == role


@pytest.mark.parametrize("row", rows("no-keys"))
def test_what_is_said_to_be_no_key_is_none(row: str) -> None:
    assert keys.parse(row) is None


def test_the_marker_is_of_this_format() -> None:
    (marker,) = map(orjson.loads, blocks("library"))
    assert marker["format"] == FORMAT
    assert set(marker) == {"format", "library"}


def test_the_links_are_what_a_server_reads() -> None:
    (body,) = blocks("links")
    (link,) = recovery.decoded(body.encode())
    assert link.fits("not-a-real-secret")
    assert not link.fits("not-a-real-secret ")


def test_the_record_of_a_move_is_read(tmp_path: Path) -> None:
    (body,) = blocks("generation")
    record = Record(str(tmp_path))
    Path(record.path).parent.mkdir()
    Path(record.path).write_text(body)
    found = record.read()
    assert found is not None
    assert found.stores == Stores("s3://pictures/gallery", "postgresql://db.example.org/gallery")
    record.write(found)
    assert orjson.loads(Path(record.path).read_bytes()) == orjson.loads(body)


@pytest.mark.parametrize(("where", "body"), SIDECARS)
def test_a_sidecar_is_read_where_it_lies(where: str, body: str) -> None:
    key = keys.parse(where)
    assert key is not None
    record = decode_sidecar(body.encode(), key)
    data = orjson.loads(body)
    written = as_json(record)
    assert {name: written[name] for name in data if name != "created_at"} == {
        name: value if name != "tags" else tuple(value)
        for name, value in data.items()
        if name != "created_at"
    }


def test_every_field_of_a_sidecar_is_explained() -> None:
    table = DOCUMENT.partition("| field | is |")[2].partition("\n\n")[0]
    explained = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row[:90])}
    newest = set(orjson.loads(SIDECARS[0][1])) - {"rating"}
    assert newest <= explained


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read_and_its_checksum_is_as_said(line: bytes) -> None:
    assert decode_line(line)["crc"] == checksum(line[: line.rindex(b',"crc"')])


@pytest.mark.parametrize("line", [line for line in LINES if b'"record"' in line])
def test_a_record_in_a_line_is_canonical(line: bytes) -> None:
    data = decode_line(line)
    record = decode(data["record"])
    assert encode(record) == record_in_line(line)
    assert (data["at"], data["deleted"]) == (record.created_at, record.deleted_at)
    assert [Totals(*values).as_list() for values in data["totals"].values()] == list(
        data["totals"].values()
    )


def test_a_journal_of_an_operation_is_read(tmp_path: Path) -> None:
    path = tmp_path / "yuna" / "ops" / "example.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(blocks("journal")))
    journal = Journal.read(FileOps(str(tmp_path)), "yuna", "example")
    assert journal is not None
    assert len(journal.do.outcomes) == len(journal.ids) == 3
    assert journal.request == Wanted("delete", tuple(journal.ids)).digest()
    (changed,) = journal.do.intents
    assert journal.do.outcomes[changed].outcome == "done"
    assert [*journal.undo.intents] == journal.pending(journal.undo)[:1] == [changed]


def test_every_outcome_is_named() -> None:
    section = DOCUMENT.partition("## Operations")[2].partition("\n## ")[0]
    assert all(f"`{result}`" in section for result in get_args(Result))


def test_every_operation_is_named() -> None:
    assert all(f"`{op}`" in DOCUMENT for op in (*get_args(Op), "load", "close"))


def test_a_position_names_a_line_of_the_feed() -> None:
    (position,) = rows("position")
    generation, segment, offset = position.split(".")
    feed = [decode_line(line) for line in LINES if b'"segment"' in line]
    assert [(head["generation"], str(head["segment"])) for head in feed] == [(generation, segment)]
    golden = Path(__file__).parent / "golden/format-1/manifests/feed" / f"{int(segment):010d}"
    assert golden.read_bytes()[int(offset) - 1 : int(offset) + 6] == b'\n{"op":'
