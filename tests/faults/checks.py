"""Whether the promise is kept: what a ledger allows is compared with a server and the files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson
from PIL import Image

from tests.cli import run
from tests.faults.ledger import ABSENT, Item, Ledger, client_of, wait_for
from tests.http.server import Server, served

T = TypeVar("T")


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    """All that the owner has, page after page, trash included."""
    found: list[dict[str, Any]] = []
    for path in ("/api/v1/images", "/api/v1/trash"):
        query = {"cursor": "", "size": "200"}
        while True:
            page = client.get(path, params=query)
            assert page.status_code == 200, page.text
            found += page.json()["items"]
            if not (cursor := page.json()["next_cursor"]):
                break
            query["cursor"] = cursor
    return found


def at_rest(check: Callable[[], T], seconds: float = 20.0) -> T:
    """What ``check`` gives as soon as it holds: what heals is healed in the background."""
    until = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def check_answers(ledger: Ledger, server: Server) -> list[dict[str, Any]]:
    """Every image is as the ledger allows it, byte by byte, and there is no other."""
    return at_rest(lambda: _answers(ledger, server))


def _answers(ledger: Ledger, server: Server) -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = []
    for owner in ledger.owners():
        with client_of(server, owner) as client:
            records = listed(client)
            by_content = {record["sha256"]: record for record in records}
            assert len(by_content) == len(records)
            for item in ledger.of(owner):
                record = by_content.pop(sha256(item.body).hexdigest(), None)
                _check_item(client, item, record)
            assert by_content == {}
            me = client.get("/api/v1/me").json()
            assert me["count"] == len(records), me
            every += records
    return every


def _check_item(client: httpx.Client, item: Item, record: dict[str, Any] | None) -> None:
    found = (record["status"], tuple(record["tags"])) if record else ABSENT
    assert found in item.may, (item.owner, item.id, found, item.may)
    if record is not None:
        assert client.get(record["url"]).content == item.body
        thumb = client.get(record["thumb_url"])
        assert thumb.status_code == 200, thumb.text
        Image.open(BytesIO(thumb.content)).load()


def names_of(records: list[dict[str, Any]], read: Callable[[str], bytes]) -> set[str]:
    """What there must be of these images; and each sidecar says the same."""
    names = set()
    for record in records:
        image, thumb = (record[url].removeprefix("/outputs/") for url in ("url", "thumb_url"))
        sidecar = image.rpartition(".")[0] + ".json"
        said = orjson.loads(read(sidecar))
        assert {name: record[name] for name in said} == said
        names |= {image, thumb, sidecar}
    return names


def check_files(records: list[dict[str, Any]], outputs: Path, besides: set[str]) -> None:
    """Each image has its sidecar, and nothing else lies there."""
    expected = besides | names_of(records, lambda name: (outputs / name).read_bytes())
    there = (outputs / "users").rglob("*")
    there = (path for path in there if path.is_symlink() or not path.is_dir())
    assert {str(path.relative_to(outputs)) for path in there} == expected


def check(
    ledger: Ledger, server: Server, outputs: Path, besides: frozenset[str] = frozenset()
) -> None:
    """The whole promise, at rest. Files that tests put there themselves are ``besides``."""
    at_rest(lambda: check_files(_answers(ledger, server), outputs, set(besides)))


@contextmanager
def healed(root: Path, **settings: Any) -> Iterator[Server]:
    """A server that was started anew, and has walked the tree."""
    log = root / "log"
    before = log.stat().st_size if log.exists() else 0
    with served(root, **settings) as server:
        wait_for("a walk", lambda: b"walked" in log.read_bytes()[before:])
        yield server


def check_healed(ledger: Ledger, root: Path, **settings: Any) -> None:
    """The promise after a restart, with nothing done by hand; the doctor agrees."""
    outputs = Path(settings.get("outputs", root / "outputs"))
    with healed(root, **settings) as server:
        check(ledger, server, outputs)
    doctor = run(root, "doctor", **settings)
    assert doctor.returncode == 0, doctor.stdout
