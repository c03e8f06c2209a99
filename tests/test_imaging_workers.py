"""No file harms more than its own request."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gallery.errors import GalleryError, Unavailable
from gallery.imaging import Imaging, decode
from gallery.imaging.pool import Pool
from tests.images import (
    jpeg,
    png,
    png_bomb,
    truncated,
    webp,
)

MILLION = 1_000_000
WAIT = 30  # seconds; only a broken test waits that long


@pytest.fixture(scope="module")
def imaging() -> Iterator[Imaging]:
    started = Imaging(workers=2, max_pixels=50 * MILLION, seconds=10)
    started.start()
    yield started
    started.close()


def written(folder: Path, data: bytes, name: str = "upload") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def code_of(future: Any) -> str:
    error = future.exception(WAIT)
    assert isinstance(error, GalleryError)
    return error.code


def sleep_then(seconds: float, result: int) -> int:
    time.sleep(seconds)
    return result


def die(status: int) -> None:
    os._exit(status)


def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hoard() -> int:
    return len(bytearray(4 << 30))


def own_pid() -> int:
    return os.getpid()


def complain(text: str) -> None:
    os.write(2, text.encode())


def imports_pillow() -> bool:
    return "PIL.Image" in sys.modules


@pytest.mark.parametrize("make", [png, jpeg, webp])
def test_a_worker_finds_what_the_decoder_finds(imaging: Imaging, tmp_path: Path, make: Any) -> None:
    path = written(tmp_path, make(), "looks-like.txt")
    found = imaging.inspect(path).result(WAIT)
    assert found == decode.inspect(make(), MILLION)
    assert imaging.thumbnail(path).result(WAIT) == found.thumbnail


def test_refusals_cross_the_border_with_their_code(imaging: Imaging, tmp_path: Path) -> None:
    cases = {
        "unsupported_image": b"GIF89a",
        "damaged_image": truncated(png()),
        "too_many_pixels": png_bomb(8000, 8000),
    }
    for code, data in cases.items():
        assert code_of(imaging.inspect(written(tmp_path, data))) == code


def test_a_file_that_is_gone_is_the_storages_fault(imaging: Imaging, tmp_path: Path) -> None:
    error = imaging.inspect(str(tmp_path / "gone")).exception(WAIT)
    assert isinstance(error, Unavailable)
    assert str(tmp_path) not in error.detail


@pytest.mark.parametrize("call", [segfault, hoard])
def test_a_job_that_kills_its_worker_or_meets_its_limit_is_too_costly(
    imaging: Imaging, call: Any
) -> None:
    assert code_of(imaging._pool.submit(call)) == "image_too_costly"


def test_a_dead_worker_fails_its_own_job_and_no_other(imaging: Imaging, tmp_path: Path) -> None:
    path = written(tmp_path, png(300, 300))
    doomed, innocent = [], []
    for number in range(1, 31):
        if number % 10 == 5:
            doomed.append(imaging._pool.submit(die, number))
        innocent.append(imaging.inspect(path))
    assert {code_of(job) for job in doomed} == {"image_too_costly"}
    assert {job.result(WAIT).width for job in innocent} == {300}


def test_a_legitimate_image_over_the_memory_limit_is_too_costly(tmp_path: Path) -> None:
    small = Imaging(workers=1, max_pixels=100 * MILLION, memory_bytes=64 << 20)
    small.start()
    try:
        big = small.inspect(written(tmp_path, png_bomb(8000, 8000), "big"))
        little = small.inspect(written(tmp_path, png(), "little"))
        assert code_of(big) == "image_too_costly"
        assert little.result(WAIT).width == 64
    finally:
        small.close()


def test_a_legitimate_image_over_the_time_limit_is_too_costly(tmp_path: Path) -> None:
    hasty = Imaging(workers=1, max_pixels=100 * MILLION, seconds=0.05)
    hasty.start()
    try:
        big = hasty.inspect(written(tmp_path, png_bomb(9000, 9000), "big"))
        assert code_of(big) == "image_too_costly"
    finally:
        hasty.close()


def test_a_stuck_job_is_killed_and_its_neighbour_goes_on() -> None:
    pool = Pool(workers=2, memory_bytes=1 << 30, seconds=0.5)
    pool.start()
    try:
        assert pool.submit(sleep_then, 0, 1).result(WAIT) == 1
        stuck = pool.submit(sum, range(10**12))  # in C, deaf to signal handlers
        neighbours = [pool.submit(sleep_then, 0.1, number) for number in range(8)]
        assert [job.result(WAIT) for job in neighbours] == list(range(8))
        assert code_of(stuck) == "image_too_costly"
    finally:
        pool.close()


def test_waiting_in_the_queue_does_not_count_as_taking_time() -> None:
    pool = Pool(workers=1, memory_bytes=1 << 30, seconds=1)
    pool.start()
    try:
        jobs = [pool.submit(sleep_then, 0.4, number) for number in range(5)]
        assert [job.result(WAIT) for job in jobs] == list(range(5))
    finally:
        pool.close()


def test_an_idle_worker_being_killed_is_made_good(imaging: Imaging, tmp_path: Path) -> None:
    path = written(tmp_path, png())
    victim = imaging._pool.submit(own_pid).result(WAIT)
    assert imaging._pool._pool is not None
    watcher = imaging._pool._pool.result(WAIT)._pool_manager_loop
    assert watcher is not None
    os.kill(victim, signal.SIGKILL)
    watcher.join(1)  # pebble gives its pool up when it finds an idle worker dead
    jobs = [imaging.inspect(path) for _ in range(20)]
    assert {job.result(WAIT).width for job in jobs} == {64}
    assert victim not in {imaging._pool.submit(own_pid).result(WAIT) for _ in range(20)}


def test_a_worker_that_has_done_its_job_lives_on_while_idle(tmp_path: Path) -> None:
    brief = Imaging(workers=1, max_pixels=MILLION, seconds=0.2)
    brief.start()
    try:
        assert brief.inspect(written(tmp_path, png())).result(WAIT).width == 64
        watched = os.pidfd_open(brief._pool.submit(own_pid).result(WAIT))
        gone, _, _ = select.select([watched], [], [], 2)  # a job's last deadline is at 1.4
        os.close(watched)
        assert not gone
    finally:
        brief.close()


def test_workers_say_nothing_and_are_born_with_pillow(
    imaging: Imaging, capfd: pytest.CaptureFixture[str]
) -> None:
    imaging._pool.submit(complain, "a decoder's complaint").result(WAIT)
    assert imaging._pool.submit(imports_pillow).result(WAIT)
    assert capfd.readouterr().err == ""


def test_workers_leave_an_interrupt_to_the_server(imaging: Imaging) -> None:
    victim = imaging._pool.submit(own_pid).result(WAIT)
    os.kill(victim, signal.SIGINT)
    pids = {imaging._pool.submit(own_pid).result(WAIT) for _ in range(40)}
    os.kill(victim, 0)  # raises if it has gone
    assert len(pids) <= 2


def test_closing_fails_what_is_unfinished_and_what_comes_after() -> None:
    pool = Pool(workers=1, memory_bytes=1 << 30, seconds=60)
    pool.start()
    unfinished = [pool.submit(sleep_then, 50, 1) for _ in range(3)]
    pool.close()
    for job in (*unfinished, pool.submit(sleep_then, 0, 1)):
        assert isinstance(job.exception(WAIT), Unavailable)


def test_a_pool_that_was_never_started_is_unavailable() -> None:
    idle = Imaging(workers=1, max_pixels=1)
    assert isinstance(idle.inspect("x").exception(WAIT), Unavailable)
    idle.close()


def test_a_cancelled_job_does_not_disturb_the_next(imaging: Imaging, tmp_path: Path) -> None:
    path = written(tmp_path, png())
    given_up = imaging.inspect(path)
    given_up.cancel()
    assert imaging.inspect(path).result(WAIT).width == 64
