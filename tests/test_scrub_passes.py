"""How a scrub gets on: from place to place, week to week, and never too fast."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery import checkpoint
from gallery.library import Library
from gallery.originals import OPENING, Stopped
from gallery.reading import is_cached
from gallery.scrub import WEEK_US
from tests.samples import NOON, OWNER, put, upload
from tests.scrubbing import ONE_A_STRETCH, Scrubber, several


@pytest.fixture
def scrubber(library: Library) -> Scrubber:
    return Scrubber(library)


def test_a_scrub_goes_on_where_another_process_stopped(library: Library) -> None:
    images = several(library)
    for number, image in enumerate(images, 1):
        another = Scrubber(library, ONE_A_STRETCH)
        assert another.stretch()
        assert another.read() == image.bytes
        state = another.state
        assert (state.images, state.checked_bytes) == (number, number * len(b"pixels 1"))
        assert state.after == (image.owner, image.month, image.id)
    last = Scrubber(library)
    assert last.stretch()
    assert last.read() == 0
    assert (last.state.under_way, last.state.images) == (False, 5)


def test_a_scrub_that_is_stopped_within_an_image_begins_it_again(library: Library) -> None:
    first, second = put(library, 1), put(library, 2)
    stopping = Scrubber(library, rate=OPENING)
    stopping.time.stop_at = stopping.time.now + 2  # when the second image is to be opened
    with pytest.raises(Stopped):
        stopping.stretch()
    assert stopping.state.after == (OWNER, first.month, first.id)
    going_on = Scrubber(library)
    assert going_on.stretch()
    assert going_on.read() == second.bytes


def test_what_arrived_or_left_meanwhile_is_no_obstacle(library: Library) -> None:
    images = several(library)
    scrubber = Scrubber(library, ONE_A_STRETCH)
    scrubber.stretch()
    library.trash(OWNER, images[1].id)
    library.purge(OWNER, images[1].id)
    put(library, 0, owner=OWNER)
    while scrubber.state.under_way:
        scrubber.stretch()
    assert scrubber.damaged == {}


@pytest.mark.parametrize(
    ("later", "due"), [(WEEK_US - 1, False), (WEEK_US, True), (-WEEK_US, True)]
)
def test_the_next_pass_begins_a_week_after_the_last_began(
    library: Library, scrubber: Scrubber, later: int, due: bool
) -> None:
    put(library, 1)
    assert scrubber.stretch()
    assert not scrubber.stretch()
    library.clock = lambda: NOON + later
    assert scrubber.stretch() is due
    assert scrubber.state.began == (NOON + later if due else NOON)


def test_a_later_pass_sees_what_has_arrived_since(library: Library, scrubber: Scrubber) -> None:
    put(library, 1)
    scrubber.stretch()
    put(library, 2)
    library.clock = lambda: NOON + WEEK_US
    scrubber.stretch()
    assert scrubber.state.images == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\0" * 500, b"[]", b'{"began":"yesterday"}', b'{"damaged":{"x":{}}}',
     b'{"began":-1}', b'{"library":"another","under_way":true,"after":["z","z","z"]}'],
)  # fmt: skip
def test_a_checkpoint_that_cannot_be_used_begins_the_scrub_anew(
    library: Library, manifests: Path, scrubber: Scrubber, content: bytes
) -> None:
    put(library, 1)
    (manifests / checkpoint.NAME).write_bytes(content)
    assert scrubber.stretch()
    state = scrubber.state
    assert (state.library, state.images, state.began) == (library.blobs.library, 1, NOON)


def test_two_processes_do_not_scrub_at_the_same_time(library: Library, scrubber: Scrubber) -> None:
    put(library, 1)
    with library.catalog.notes.lock(checkpoint.LOCK):
        assert not scrubber.stretch()
    assert scrubber.stretch()


# -- how fast ---------------------------------------------------------------------------------


def test_the_budget_is_kept_on_average(library: Library, manifests: Path) -> None:
    rate = 50_000.0
    bodies = [bytes([number]) * 300_000 for number in range(5)]
    for body in bodies:
        upload(library, body)
    scrubber = Scrubber(library, rate)
    began = scrubber.time.now
    while not (manifests / checkpoint.NAME).exists() or scrubber.state.under_way:
        scrubber.stretch()
        scrubber.time.now += 3  # time that passes unused is not saved up
    assert scrubber.read() == sum(map(len, bodies))
    least = (scrubber.read() + OPENING * len(bodies)) / rate
    assert scrubber.time.now - began >= least


def test_without_a_limit_nothing_waits(library: Library, scrubber: Scrubber) -> None:
    several(library)
    began = scrubber.time.now
    scrubber.stretch()
    assert scrubber.time.now == began


def was_read(path: Path) -> bool:
    fd = os.open(path, os.O_RDONLY)
    try:
        return is_cached(fd, path.stat().st_size)
    finally:
        os.close(fd)


def evict(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def test_the_page_cache_is_left_as_it_was(
    library: Library, outputs: Path, scrubber: Scrubber, tmp_path: Path
) -> None:
    bodies = (b"c" * 99_999, b"h" * 99_999)
    cold, hot = (outputs / upload(library, body).entry.record.image for body in bodies)
    other = tmp_path / "other"
    other.write_bytes(bodies[0])
    evict(cold)
    evict(other)
    assert hot.read_bytes()
    scrubber.stretch()
    assert scrubber.read() == 2 * 99_999
    assert was_read(hot)
    # A file system in memory keeps what it is told to forget. Looking at a file may load it.
    assert was_read(cold) is was_read(other)
