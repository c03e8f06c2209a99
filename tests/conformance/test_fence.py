"""A closed fence keeps every writer of every process waiting, and lets them go on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from gallery.errors import Unavailable
from tests.conformance.stores import Catalogs
from tests.samples import OTHER, OWNER, apply, record

_A_MOMENT = 0.1


def test_a_closed_fence_keeps_writers_waiting_until_it_opens(both: Catalogs) -> None:
    written = threading.Event()

    def write() -> None:
        apply(both.write, "put", record(1))
        written.set()

    with ThreadPoolExecutor(1) as pool:
        with both.read.fence(5) as held:
            done = pool.submit(write)
            assert not written.wait(_A_MOMENT)
            held()
            assert both.write.get(OWNER, record(1).id) is None
        done.result(10)
    assert both.write.get(OWNER, record(1).id) is not None


def test_readers_go_on_while_it_is_closed(both: Catalogs) -> None:
    apply(both.write, "put", record(1))
    with both.write.fence(5):
        assert both.read.get(OWNER, record(1).id) is not None
        assert both.read.changes(None).position


def test_it_waits_for_who_is_within(both: Catalogs) -> None:
    order: list[str] = []
    within, leave = threading.Event(), threading.Event()

    def write() -> None:
        with both.write.lock(OWNER):
            within.set()
            leave.wait(10)
            order.append("written")

    def close() -> None:
        with both.read.fence(10):
            order.append("closed")

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        within.wait(10)
        closing = pool.submit(close)
        time.sleep(_A_MOMENT)
        leave.set()
        writing.result(10)
        closing.result(10)
    assert order == ["written", "closed"]


def test_it_is_given_up_when_who_is_within_stays(both: Catalogs) -> None:
    with both.write.lock(OWNER), ThreadPoolExecutor(1) as pool:

        def close() -> None:
            with both.read.fence(_A_MOMENT):
                pass

        with pytest.raises(Unavailable):
            pool.submit(close).result(10)
    apply(both.write, "put", record(1))  # and everybody goes on


def test_it_closes_though_there_is_always_somebody_within(both: Catalogs) -> None:
    stop = threading.Event()

    def write(owner: str) -> None:
        while not stop.is_set():
            with both.write.lock(owner):
                time.sleep(0.005)

    with ThreadPoolExecutor(4) as pool:
        owners = (OWNER, OTHER, "member-2", "member-3")
        writing: list[Future[None]] = [pool.submit(write, owner) for owner in owners]
        try:
            for _ in range(3):
                with both.read.fence(5):
                    pass
        finally:
            stop.set()
        for one in writing:
            one.result(10)
