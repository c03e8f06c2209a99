"""No room: a file system that is really full, of bytes or of inodes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checks import check_answers, check_healed, listed
from tests.faults.ledger import Ledger, Visitor, client_of, visiting
from tests.faults.machine import full_of_bytes, full_of_files, tmpfs
from tests.http.server import served

OWNER = "kim"


@pytest.mark.parametrize(
    ("options", "full"),
    [("size=48m", full_of_bytes), ("size=48m,nr_inodes=300", full_of_files)],
    ids=["bytes", "inodes"],
)
def test_on_a_full_disk_all_but_uploads_goes_on_and_uploads_resume(
    tmp_path: Path, options: str, full: Callable[[Path], AbstractContextManager[None]]
) -> None:
    ledger = Ledger()
    with tmpfs(tmp_path / "disk", options) as volume:
        folders: dict[str, Any] = {name: volume / name for name in ("outputs", "manifests")}
        with (
            served(tmp_path, **folders) as server,
            visiting(server, ledger, OWNER) as [visitor],
        ):
            visitor.uploaded(6)
            with full(volume):
                without_room(visitor)
                check_answers(ledger, server)
            visitor.uploaded(2)
            copied(visitor)
            check_answers(ledger, server)
        check_healed(ledger, tmp_path, **folders)


def without_room(visitor: Visitor) -> None:
    """What each request comes to when nothing more can be written."""
    first, second, third = visitor.ledger.items[:3]
    assert visitor.upload() is None
    copy = visitor.client.post("/api/v1/inputs/copy", json={"id": first.id})
    assert (copy.status_code, copy.json()["code"]) == (507, "storage_full")
    assert visitor.change(first, "edit") == 200
    for item in (second, third):
        assert visitor.change(item, "delete") == 200
    assert visitor.change(third, "restore") == 200
    assert visitor.change(second, "purge") == 204
    assert visitor.upload() is None
    assert visitor.ledger.statuses[507] == 2
    assert visitor.client.get("/readyz").status_code == 200


def copied(visitor: Visitor) -> None:
    """An input is made, and goes again: the ledger is about outputs."""
    answer = visitor.client.post("/api/v1/inputs/copy", json={"id": visitor.ledger.items[0].id})
    assert answer.status_code == 201, answer.text
    url = f"/api/v1/inputs/{answer.json()['id']}/delete"
    assert visitor.client.post(url).status_code == 200
    purged = visitor.client.post("/api/v1/trash/empty", json={"count": 1})
    assert purged.json() == {"purged": 1}


def test_a_disk_that_uploads_fill_keeps_what_it_took(tmp_path: Path) -> None:
    ledger = Ledger()
    with tmpfs(tmp_path / "disk", "size=24m") as volume:
        folders: dict[str, Any] = {name: volume / name for name in ("outputs", "manifests")}
        with (
            served(tmp_path, **folders) as server,
            visiting(server, ledger, OWNER) as [visitor],
        ):
            body = visitor.uploaded()[0].body
            pad = bytes(1 << 20)
            for number in range(40):  # a PNG may end before its file does
                visitor.upload(body + pad + b"%d" % number)
            assert 0 < ledger.statuses[507] < 40
            with client_of(server, OWNER) as client:
                assert len(listed(client)) == ledger.statuses[201]
            check_answers(ledger, server)
            first = ledger.items[1]
            visitor.change(first, "delete")
            visitor.change(first, "purge")
            assert visitor.upload() is not None
        check_healed(ledger, tmp_path, **folders)
