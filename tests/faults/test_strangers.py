"""Links, pipes, sockets and odd names anywhere in the tree: left alone, and nothing waits."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from tests.cli import run
from tests.faults.checks import check, check_answers, healed
from tests.faults.ledger import Ledger, visiting
from tests.http.server import served

ID = "c" * 32
TEXT = b"somebody else's"


def file(path: bytes) -> None:
    with open(path, "wb") as written:
        written.write(TEXT)


def listening(path: bytes) -> None:
    """A socket's name is shorter than most paths are: it is bound from within its folder."""
    here = os.open(".", os.O_RDONLY)
    os.chdir(os.path.dirname(path))
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.basename(path))
    os.chdir(here)
    os.close(here)


def link_to(target: str) -> Callable[[bytes], None]:
    return lambda path: os.symlink(target, path)


NAMES: dict[bytes, Callable[[bytes], None]] = {
    b"notes.txt": file,
    b"\xff\xfe.png": file,
    b"line\nbreak.png": file,
    b"\x1b[31mred.png": file,
    b" .png": file,
    b"-rf": file,
    "고양이.png".encode(): file,
    b"n" * 255: file,
    b".hidden": file,
    ID.upper().encode() + b".png": file,
    b"pipe": os.mkfifo,
    ID.encode() + b".png": os.mkfifo,
    ID.encode() + b".json": os.mkfifo,
    b"." + ID.encode() + b".json.put": os.mkfifo,
    b"." + ID.encode() + b".json.purge": listening,
    b"d" * 32 + b".png": link_to("/etc/passwd"),
    b"d" * 32 + b".json": link_to("nowhere"),
    b"e" * 32 + b".png": listening,
    b"loop": link_to("loop"),
    b"parent": link_to(".."),
    b"root": link_to("/"),
    b"2026-13": os.mkdir,
    b"\xff folder": os.mkdir,
}


def places(root: Path) -> Iterator[Path]:
    """Every folder of a library with an image in it."""
    day = next((root / "outputs" / "users" / "kim").glob("20??/??/??"))
    outputs = (day, *list(day.parents)[:5], day / "thumb")
    yield from outputs
    manifests = root / "manifests"
    yield from (manifests, manifests / "users", manifests / "users" / "kim", manifests / "feed")
    yield from (root / "outputs" / ".gallery", root / "outputs" / ".gallery" / "incoming")


def planted(root: Path) -> set[str]:
    """Every odd name in every folder; gives those under ``users/`` that are no folders."""
    found = set()
    for place in list(places(root)):
        for name, make in NAMES.items():
            path = os.path.join(os.fsencode(place), name)
            make(path)
            if not os.path.isdir(path) or os.path.islink(path):
                found.add(os.path.relpath(os.fsdecode(path), root / "outputs"))
    return {name for name in found if name.startswith("users/")}


def check_left_alone(root: Path) -> None:
    for place in places(root):
        names = set(os.listdir(os.fsencode(place)))
        assert NAMES.keys() <= names
        assert {(place / os.fsdecode(n)).read_bytes() for n, m in NAMES.items() if m is file} == {
            TEXT
        }


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger()
    with served(tmp_path) as server, visiting(server, ledger, "kim") as [visitor]:
        visitor.uploaded(3)
    return ledger


def test_what_is_not_ours_is_left_alone_and_holds_nothing_up(
    tmp_path: Path, ledger: Ledger
) -> None:
    strangers = planted(tmp_path)
    for _ in range(2):
        with healed(tmp_path) as server:
            with visiting(server, ledger, "kim") as [visitor]:
                visitor.uploaded(1)
                visitor.change(ledger.items[0], "edit")
            check(ledger, server, tmp_path / "outputs", frozenset(strangers))
            check_left_alone(tmp_path)
    assert "Traceback" not in (tmp_path / "log").read_text(errors="replace")


def test_the_doctor_lists_it(tmp_path: Path, ledger: Ledger) -> None:
    strangers = planted(tmp_path)
    done = run(tmp_path, "doctor")
    assert done.returncode == 1, done.stderr
    listed = {line.partition(": ")[2] for line in done.stdout.splitlines()}
    assert {ascii(name)[1:-1] for name in strangers} <= listed
    as_json = run(tmp_path, "doctor", "--json")
    assert as_json.returncode == 1, as_json.stderr
    names = [found["name"] for found in orjson.loads(as_json.stdout)["discrepancies"]]
    assert sorted(names) == sorted(set(names))
    assert len(names) >= len(strangers)


def test_a_manifest_that_is_a_link_or_a_pipe_is_its_owners_trouble_alone(
    tmp_path: Path, ledger: Ledger
) -> None:
    manifest = next((tmp_path / "manifests" / "users" / "kim").glob("*.jsonl"))
    manifest.rename(tmp_path / "elsewhere.jsonl")
    manifest.symlink_to(tmp_path / "elsewhere.jsonl")
    with served(tmp_path) as server:
        with visiting(server, ledger, "yuna") as [visitor]:
            visitor.uploaded(1)
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
    manifest.unlink()
    with healed(tmp_path) as server:
        check_answers(ledger, server)
