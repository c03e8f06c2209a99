"""What can be the matter with a file of an image, and a server whose images it happens to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.faults.ledger import Item, Ledger, client_of, visiting
from tests.faults.test_strangers import listening
from tests.http.server import Server

FIFTY_MB = 50 << 20
Damage = Callable[[Path], object]


def rewritten(change: Callable[[bytes], bytes]) -> Damage:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def replaced_by(make: Callable[[Path], object]) -> Damage:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def folder_with_a_file(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("somebody's")


def flipped(raw: bytes) -> bytes:
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


SIDECARS: dict[str, Damage] = {
    "missing": lambda path: path.unlink(),
    "empty": rewritten(lambda _: b""),
    "cut short": rewritten(lambda raw: raw[: len(raw) // 2]),
    "NULs": rewritten(lambda raw: bytes(len(raw))),
    "not UTF-8": rewritten(lambda raw: b"\xff\xfe" + raw),
    "not an object": rewritten(lambda _: b"[1, 2]"),
    "nested deeply": rewritten(lambda _: b"[" * 100_000),
    "another image's": rewritten(lambda raw: raw.replace(b'"id": "', b'"id": "f', 1)),
    "absurd numbers": rewritten(lambda raw: raw.replace(b'"bytes": ', b'"bytes": 9' + b"9" * 30)),
    "50 MB of spaces": rewritten(lambda raw: raw + b" " * FIFTY_MB),
    "50 MB of NULs": lambda path: os.truncate(path, FIFTY_MB),
    "a folder": replaced_by(lambda path: path.mkdir()),
    "a folder with something in it": replaced_by(folder_with_a_file),
    "a pipe": replaced_by(os.mkfifo),
    "a socket": replaced_by(lambda path: listening(os.fsencode(path))),
    "a link to nowhere": replaced_by(lambda path: path.symlink_to("nowhere")),
    "a link to itself": replaced_by(lambda path: path.symlink_to(path.name)),
}
THUMBNAILS: dict[str, Damage] = SIDECARS
IMAGES: dict[str, Damage] = {
    "missing": SIDECARS["missing"],
    "empty": SIDECARS["empty"],
    "cut short": SIDECARS["cut short"],
    "longer": rewritten(lambda raw: raw + b"more"),
    "a flipped bit": rewritten(flipped),
    "another image": rewritten(lambda raw: b"\xff\xd8\xff" + raw[3:]),
    "a folder": SIDECARS["a folder with something in it"],
    "a pipe": SIDECARS["a pipe"],
    "a link to nowhere": SIDECARS["a link to nowhere"],
}


class Site:
    """A running server, and what each test stored there."""

    def __init__(self, root: Path, server: Server) -> None:
        self.root, self.server = root, server
        self._ledgers: list[Ledger] = []

    def filled(self, owner: str) -> Ledger:
        ledger = Ledger()
        with visiting(self.server, ledger, owner) as [visitor]:
            visitor.uploaded(3)
        self._ledgers.append(ledger)
        return ledger

    @property
    def whole(self) -> Ledger:
        return Ledger([item for ledger in self._ledgers for item in ledger.items])

    def files(self, item: Item) -> tuple[Path, Path, Path]:
        """Image, thumbnail and sidecar."""
        with client_of(self.server, item.owner) as client:
            record = client.get(f"/api/v1/images/{item.id}").json()
        image, thumb = (self.root / record[url].removeprefix("/") for url in ("url", "thumb_url"))
        return image, thumb, image.with_suffix(".json")
