"""Every sentence of OpsLog's contract, for the log of every catalog."""

from __future__ import annotations

import threading
import time

import pytest

from gallery.catalog.ops import KEEP_SECONDS, OpsLog
from tests.conformance.stores import Catalogs
from tests.samples import OTHER, OWNER, apply, ident, record

OP = ident(7)


@pytest.fixture
def logs(both: Catalogs) -> tuple[OpsLog, OpsLog]:
    """Where to write and where to read."""
    apply(both.write, "put", record(1), record(2, owner=OTHER))
    return both.write.ops, both.read.ops


def test_an_operation_that_nobody_began_has_no_entries(logs: tuple[OpsLog, OpsLog]) -> None:
    write, read = logs
    assert read.read(OWNER, OP) == []
    with write.lock(OWNER, OP):
        assert read.read(OWNER, OP) == []
    assert read.read(OWNER, OP) == []
    assert read.read("nobody-of-ours", OP) == []


def test_entries_are_read_in_the_order_of_adding(logs: tuple[OpsLog, OpsLog]) -> None:
    write, read = logs
    entries = [{"n": n, "text": "한\n글", "list": [None, True, 2**53]} for n in range(3)]
    with write.lock(OWNER, OP):
        for entry in entries:
            write.append(OWNER, OP, entry)
    found = read.read(OWNER, OP)
    assert [{name: one[name] for name in entries[0]} for one in found] == entries


def test_an_operation_is_its_owners_alone(logs: tuple[OpsLog, OpsLog]) -> None:
    write, read = logs
    with write.lock(OWNER, OP):
        write.append(OWNER, OP, {"n": 1})
    assert read.read(OTHER, OP) == []
    assert read.read(OWNER, ident(8)) == []
    with write.lock(OTHER, OP), write.lock(OTHER, ident(8)), write.lock(OWNER, OP):
        pass  # no lock is in the way of another


def test_only_one_holds_an_operations_lock(logs: tuple[OpsLog, OpsLog]) -> None:
    write, other = logs
    order: list[str] = []

    def second() -> None:
        with other.lock(OWNER, OP):
            order.append("second")

    with write.lock(OWNER, OP):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        order.append("first")
        write.append(OWNER, OP, {"n": 1})
    thread.join(10)
    assert order == ["first", "second"]


def test_operations_are_forgotten_after_their_time(logs: tuple[OpsLog, OpsLog]) -> None:
    write, read = logs
    with write.lock(OWNER, OP):
        write.append(OWNER, OP, {"n": 1})
    write.expire(time.time() + KEEP_SECONDS - 60)
    assert len(read.read(OWNER, OP)) == 1
    write.expire(time.time() + KEEP_SECONDS + 60)
    assert read.read(OWNER, OP) == []
    with write.lock(OWNER, OP):
        write.append(OWNER, OP, {"n": 2})
    assert [entry["n"] for entry in read.read(OWNER, OP)] == [2]


def test_the_periodic_job_keeps_what_is_young(both: Catalogs, logs: tuple[OpsLog, OpsLog]) -> None:
    write, read = logs
    with write.lock(OWNER, OP):
        write.append(OWNER, OP, {"n": 1})
    both.write.maintain()
    assert len(read.read(OWNER, OP)) == 1
