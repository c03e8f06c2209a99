"""What is due is looked at: once, by one thread, and again when that is wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from gallery.looks import Looks
from tests.living import until


@contextmanager
def looking(look: Callable[[str], float | None], threads: int = 4) -> Iterator[Looks[str]]:
    looks = Looks(look, threads=threads)
    looks.start()
    yield looks
    looks.stop()
    assert not any(thread.is_alive() for thread in looks._threads)


def test_what_is_noted_often_is_looked_at_once() -> None:
    seen: list[str] = []
    with looking(seen.append) as looks:
        for _ in range(100):
            looks.note("a", 0.1)
        until(lambda: seen)
        time.sleep(0.2)
    assert seen == ["a"]


def test_things_are_looked_at_when_they_are_due() -> None:
    seen: list[str] = []
    with looking(seen.append, threads=1) as looks:
        looks.note("last", 1.0)
        looks.note("never", 60)
        looks.note("soon", 0.4)
        looks.note("now")
        looks.note("last", 1.3)
        looks.note("sooner than was said", 60)
        looks.note("sooner than was said", 0.7)
        until(lambda: len(seen) == 4)
    assert seen == ["now", "soon", "sooner than was said", "last"]


def test_a_thing_is_never_looked_at_by_two_at_a_time_and_again_when_noted_meanwhile() -> None:
    at_once = [0, 0]
    looked = threading.Semaphore(0)

    def look(thing: str) -> None:
        at_once[0] += 1
        at_once[1] = max(at_once)
        time.sleep(0.05)
        at_once[0] -= 1
        looked.release()

    with looking(look) as looks:
        looks.note("a")
        until(lambda: at_once[0])
        looks.note("a")
        assert looked.acquire(timeout=10)
        assert looked.acquire(timeout=10)
    assert at_once[1] == 1


def test_a_thing_that_wants_another_look_gets_it() -> None:
    seen: list[float] = []

    def look(thing: str) -> float | None:
        seen.append(time.monotonic())
        return 0.1 if len(seen) < 3 else None

    with looking(look) as looks:
        looks.note("a")
        until(lambda: len(seen) == 3)
    assert all(later - sooner >= 0.1 for sooner, later in pairwise(seen))


def test_a_look_that_fails_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def look(thing: str) -> None:
        seen.append(thing)
        raise ValueError(thing)

    with looking(look, threads=1) as looks:
        looks.note("a")
        looks.note("b")
        until(lambda: sorted(seen) == ["a", "b"])
    assert "looking at a failed" in caplog.text
