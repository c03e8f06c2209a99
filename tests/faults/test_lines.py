"""Damaged manifests and feed lines: the images are answered as they were, all the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.checks import check_answers, check_healed, healed
from tests.faults.ledger import Ledger, check_refusal, client_of, visiting, wait_for
from tests.http.server import Server, served

EIGHT_MB = 8 << 20
Damage = Callable[[bytes], bytes]


def every_line(change: Callable[[list[bytes]], list[bytes]]) -> Damage:
    return lambda raw: b"".join(change(raw.splitlines(keepends=True)))


DAMAGES: dict[str, Damage] = {
    "torn": lambda raw: raw[:-20],
    "torn in the middle of a character": lambda raw: raw + '{"op":"put","id":"고'.encode()[:-1],
    "cut to half": lambda raw: raw[: len(raw) // 2],
    "cut to its header": every_line(lambda lines: lines[:1]),
    "empty": lambda _: b"",
    "headless": every_line(lambda lines: lines[1:]),
    "duplicated": every_line(lambda lines: [*lines, *lines[1:]]),
    "reversed": every_line(lambda lines: [lines[0], *reversed(lines[1:])]),
    "a missing line": every_line(lambda lines: [*lines[:5], *lines[6:]]),
    "garbage at the end": lambda raw: raw + b"\xff\xfe garbage \x00\x01\n",
    "garbage in the middle": every_line(lambda lines: [*lines[:2], b"garbage\n", *lines[2:]]),
    "a flipped bit": lambda raw: raw.replace(b'"status":"active"', b'"status":"bctive"', 1),
    "NULs at the end": lambda raw: raw + bytes(4096),
    "a line of NULs": lambda raw: raw + bytes(4096) + b"\n",
    "all NULs": lambda raw: bytes(len(raw)),
    "a line of 8 MB": lambda raw: raw + b"x" * EIGHT_MB + b"\n",
    "a record of 8 MB": lambda raw: raw + b'{"op":"put","x":"%b"}\n' % (b"x" * EIGHT_MB),
    "nested a million deep": lambda raw: raw + b"[" * 1_000_000 + b"\n",
    "empty lines": lambda raw: raw + b"\n\n\n",
    "text of another kind": lambda _: b"<html>not a manifest</html>\n",
}


def fill(server: Server, ledger: Ledger, owner: str) -> None:
    with visiting(server, ledger, owner) as [visitor]:
        first, second, third, *_ = visitor.uploaded(5)
        visitor.change(first, "edit")
        visitor.change(second, "delete")
        visitor.change(third, "delete")
        visitor.change(third, "restore")


def manifest_of(root: Path, owner: str) -> Path:
    return next((root / "manifests" / "users" / owner).glob("*.jsonl"))


def damaged(path: Path, damage: Damage) -> None:
    """In place, as a disk or an editor would."""
    path.write_bytes(damage(path.read_bytes()))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Server]]:
    root = tmp_path_factory.mktemp("running")
    with served(root) as server:
        yield root, server


@pytest.mark.parametrize("name", DAMAGES)
def test_a_manifest_damaged_beside_a_running_server(
    running: tuple[Path, Server], name: str
) -> None:
    (root, server), ledger = running, Ledger()
    owner = f"running-{list(DAMAGES).index(name)}"
    fill(server, ledger, owner)
    damaged(manifest_of(root, owner), DAMAGES[name])
    check_served(ledger, server, owner)
    with visiting(server, ledger, owner) as [visitor]:
        visitor.uploaded(2)
        visitor.change(ledger.items[3], "edit")
    check_answers(ledger, server)


def check_served(ledger: Ledger, server: Server, owner: str) -> None:
    """Each image is there, by its id too."""
    with client_of(server, owner) as client:
        for item in ledger.of(owner):
            answer = client.get(f"/api/v1/images/{item.id}")
            assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def restarted(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dict[str, Ledger], Server]]:
    """Every damage was done while no server ran, each to somebody else's manifest."""
    root = tmp_path_factory.mktemp("restarted")
    ledgers = {name: Ledger() for name in DAMAGES}
    with served(root) as server:
        for number, name in enumerate(DAMAGES):
            fill(server, ledgers[name], f"stopped-{number}")
    for number, name in enumerate(DAMAGES):
        damaged(manifest_of(root, f"stopped-{number}"), DAMAGES[name])
    with healed(root) as server:
        yield ledgers, server
    check_healed(Ledger([item for ledger in ledgers.values() for item in ledger.items]), root)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_manifest_damaged_while_no_server_ran(
    restarted: tuple[dict[str, Ledger], Server], name: str
) -> None:
    ledgers, server = restarted
    ledger = ledgers[name]
    check_answers(ledger, server)
    with visiting(server, ledger, ledger.owners()[0]) as [visitor]:
        visitor.uploaded(1)
        visitor.change(ledger.items[3], "delete")
    check_answers(ledger, server)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Ledger, list[Server]]]:
    """Two servers on one tree, and all that was answered by either."""
    root, ledger = tmp_path_factory.mktemp("pair"), Ledger()
    with served(root) as one, served(root) as other:
        yield root, ledger, [one, other]
    check_healed(ledger, root)


# A feed that lost a line looks untouched once it has grown to its old size again; what the
# line told is learnt with the next change of that month.
@pytest.mark.parametrize("name", sorted(DAMAGES.keys() - {"a missing line"}))
def test_a_feed_damaged_beside_running_servers(
    pair: tuple[Path, Ledger, list[Server]], name: str
) -> None:
    root, everything, [one, other] = pair
    ledger, owner = Ledger(), f"feed-{list(DAMAGES).index(name)}"
    fill(one, ledger, owner)
    check_answers(ledger, other)
    damaged(max((root / "manifests" / "feed").glob("0*")), DAMAGES[name])
    with visiting(one, ledger, owner) as [visitor]:
        visitor.uploaded(1)
    check_answers(ledger, other)
    with visiting(other, ledger, owner, f"{owner}-other") as visitors:
        for visitor in visitors:
            visitor.uploaded(1)
    check_answers(ledger, one)
    everything.items += ledger.items


def remove_manifests(root: Path) -> None:
    """Once more, if a server that runs has just written a note there."""
    folder = root / "manifests"
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def remove_an_owners(root: Path) -> None:
    shutil.rmtree(root / "manifests" / "users" / "kim")


def remove_all_owners(root: Path) -> None:
    shutil.rmtree(root / "manifests" / "users")


def remove_one(root: Path) -> None:
    manifest_of(root, "kim").unlink()


def remove_the_feed(root: Path) -> None:
    shutil.rmtree(root / "manifests" / "feed")


REMOVALS = [remove_manifests, remove_all_owners, remove_an_owners, remove_one, remove_the_feed]


@pytest.mark.parametrize("remove", REMOVALS)
def test_manifests_removed_while_no_server_ran(
    tmp_path: Path, remove: Callable[[Path], None]
) -> None:
    ledger = Ledger()
    with served(tmp_path) as server:
        fill(server, ledger, "kim")
        fill(server, ledger, "yuna")
    remove(tmp_path)
    check_healed(ledger, tmp_path)


@pytest.mark.parametrize("remove", REMOVALS)
def test_manifests_removed_beside_a_running_server(
    tmp_path: Path, remove: Callable[[Path], None]
) -> None:
    ledger = Ledger()
    with served(tmp_path) as server:
        fill(server, ledger, "kim")
        fill(server, ledger, "yuna")
        remove(tmp_path)
        with client_of(server, "kim") as client:
            answer = client.get("/api/v1/images")
            if answer.status_code != 200:
                check_refusal(answer)
        if remove is not remove_manifests:
            wait_for("all images again", lambda: answers(ledger, server))
            with visiting(server, ledger, "kim") as [visitor]:
                visitor.uploaded(1)
            check_answers(ledger, server)
    check_healed(ledger, tmp_path)


def answers(ledger: Ledger, server: Server) -> bool:
    check_answers(ledger, server)
    return True
