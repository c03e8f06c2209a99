"""The scrub: what is damaged is named, what is whole is not, and nothing is hidden for it."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from gallery import checkpoint
from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.checkpoint import Checkpoint
from gallery.durable import locked
from gallery.errors import Unavailable, storage
from gallery.library import Library
from gallery.metrics import Metrics
from gallery.originals import OPENING, Budget, Stopped, _is_cached
from gallery.records import Record
from gallery.scrub import RECHECK_SECONDS, WEEK_US, Scrub, Scrubbing
from tests.cli import close, command, fill, open_library, run
from tests.conformance.stores import PLENTY
from tests.conformance.unprivileged import unprivileged
from tests.http.server import environment
from tests.samples import NOON, OTHER, OWNER, active, ident, put, upload


class Time:
    """A monotonic clock that only waiting moves on. At ``stop_at`` the process ends."""

    def __init__(self) -> None:
        self.now = 100.0
        self.stop_at = float("inf")

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.now >= self.stop_at


class Scrubber:
    """Scrubs a library in an imagined time; ``rate`` is in bytes a second."""

    def __init__(self, library: Library, manifests: Path, rate: float | None = None) -> None:
        self.time = Time()
        self.path = str(manifests / checkpoint.NAME)
        budget = Budget(rate, self.time.wait, lambda: self.time.now)
        self.scrub = Scrub(library, self.path, budget)
        self.stretch, self.whole_pass = self.scrub.stretch, self.scrub.whole_pass

    @property
    def state(self) -> Checkpoint:
        state = checkpoint.read(self.path)
        assert state is not None
        return state

    @property
    def damaged(self) -> dict[str, str]:
        return {image: damage.what for image, damage in self.state.damaged.items()}

    def read(self) -> int:
        """Bytes of originals that this one read."""
        return self.scrub._originals.read


@pytest.fixture
def scrubber(library: Library, manifests: Path) -> Scrubber:
    return Scrubber(library, manifests)


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def truncate(path: Path) -> None:
    os.truncate(path, 3)


def link_away(path: Path) -> None:
    path.symlink_to(path.rename(f"{path}.x"))


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a flipped bit": (flip, "damaged"),
    "a truncation": (truncate, "damaged"),
    "a loss": (Path.unlink, "missing"),
    "a link": (link_away, "missing"),
}


@pytest.fixture(params=DAMAGES)
def damage(request: pytest.FixtureRequest) -> tuple[Callable[[Path], None], str]:
    return DAMAGES[request.param]


# -- what is found ----------------------------------------------------------------------------


def test_what_is_whole_is_not_named(library: Library, scrubber: Scrubber) -> None:
    put(library, 1)
    put(library, 2, owner=OTHER, kind="input")
    library.trash(OWNER, ident(1))
    assert scrubber.stretch()
    state = scrubber.state
    assert (state.damaged, state.images, state.under_way) == ({}, 2, False)
    assert state.bytes == state.checked_bytes == scrubber.read() == 2 * len(b"pixels 1")


def test_damage_is_named_and_hides_nothing(
    library: Library, outputs: Path, scrubber: Scrubber, caplog: pytest.LogCaptureFixture,
    damage: tuple[Callable[[Path], None], str],
) -> None:  # fmt: skip
    damaged, whole = put(library, 1), put(library, 2)
    harm, what = damage
    harm(outputs / damaged.image)
    with caplog.at_level(logging.ERROR):
        scrubber.stretch()
    assert scrubber.damaged == {damaged.image: what}
    [line] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert line.startswith(f"{what}: {damaged.image}: ")
    assert active(library) == [2, 1]
    assert library.get(OWNER, ident(1)).record == damaged
    assert library.blobs.read(whole.image) == b"pixels 2"


def test_a_pass_names_each_damaged_image_once(
    library: Library, outputs: Path, scrubber: Scrubber, caplog: pytest.LogCaptureFixture
) -> None:
    flip(outputs / put(library, 1).image)
    for _ in range(3):
        scrubber.stretch()
        scrubber.time.now += RECHECK_SECONDS
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1
    library.clock = lambda: NOON + WEEK_US
    scrubber.stretch()
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 2
    assert [damage.since for damage in scrubber.state.damaged.values()] == [NOON]


def test_what_was_put_back_is_taken_off_the_list(
    library: Library, outputs: Path, scrubber: Scrubber,
    damage: tuple[Callable[[Path], None], str],
) -> None:  # fmt: skip
    one = put(library, 1)
    path = outputs / one.image
    damage[0](path)
    scrubber.stretch()
    path.unlink(missing_ok=True)
    path.write_bytes(b"pixels 1")
    assert not scrubber.stretch()  # neither the next pass nor the next look is due
    scrubber.time.now += RECHECK_SECONDS
    assert scrubber.stretch()
    assert scrubber.damaged == {}
    assert not scrubber.stretch()


def test_what_was_purged_is_taken_off_the_list(
    library: Library, outputs: Path, scrubber: Scrubber
) -> None:
    flip(outputs / put(library, 1).image)
    scrubber.stretch()
    library.trash(OWNER, ident(1))
    library.purge(OWNER, ident(1))
    scrubber.time.now += RECHECK_SECONDS
    scrubber.stretch()
    assert scrubber.damaged == {}


def test_where_the_sidecar_is_damaged_the_catalog_is_asked(
    library: Library, outputs: Path, scrubber: Scrubber
) -> None:
    one = put(library, 1)
    (outputs / one.folder.sidecar(one.id)).write_bytes(b"{")
    flip(outputs / one.image)
    scrubber.stretch()
    assert scrubber.damaged == {one.image: "damaged"}


# -- what is away -----------------------------------------------------------------------------


def test_while_the_volume_is_away_the_scrub_waits(
    library: Library, outputs: Path, scrubber: Scrubber, tmp_path: Path
) -> None:
    put(library, 1)
    outputs.rename(tmp_path / "unplugged")
    outputs.mkdir()
    for _ in range(2):
        with pytest.raises(Unavailable):
            scrubber.stretch()
    assert scrubber.state.damaged == {}
    outputs.rmdir()
    (tmp_path / "unplugged").rename(outputs)
    assert scrubber.stretch()
    assert (scrubber.state.images, scrubber.state.damaged) == (1, {})


def test_an_owner_whose_folder_is_elsewhere_is_not_damaged(
    library: Library, outputs: Path, scrubber: Scrubber, tmp_path: Path
) -> None:
    put(library, 1)
    (outputs / "users" / OWNER).rename(tmp_path / "elsewhere")
    scrubber.stretch()
    assert (scrubber.state.images, scrubber.state.damaged) == (0, {})


class Failing(FileBlobs):
    """A disk that fails for what ``fails`` says."""

    fails: Callable[[str], bool] = staticmethod(lambda _: False)

    def open(self, key: str) -> int:
        with storage(key):
            if self.fails(key):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().open(key)

    def secret(self) -> list[str]:
        with storage("secret"):
            if self.fails("secret"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().secret()


@pytest.fixture
def failing(outputs: Path, manifests: Path) -> Iterator[Library]:
    catalog = ManifestCatalog(str(manifests), memory_bytes=PLENTY)
    library = Library(Failing(str(outputs)), catalog, clock=lambda: NOON)
    library.start()
    yield library
    library.close()


def test_one_file_that_the_disk_cannot_read_is_unreadable(
    failing: Library, manifests: Path
) -> None:
    one, _ = put(failing, 1), put(failing, 2)
    assert isinstance(failing.blobs, Failing)
    failing.blobs.fails = lambda key: key == one.image
    scrubber = Scrubber(failing, manifests)
    scrubber.stretch()
    assert (scrubber.damaged, scrubber.state.images) == ({one.image: "unreadable"}, 2)
    failing.blobs.fails = lambda key: key.endswith(f"{ident(2)}.json")
    scrubber.whole_pass()
    assert (scrubber.damaged, scrubber.state.images) == ({}, 2)


def test_a_disk_that_reads_nothing_any_more_damages_nothing(
    failing: Library, manifests: Path
) -> None:
    put(failing, 1)
    assert isinstance(failing.blobs, Failing)
    failing.blobs.fails = lambda _: True
    scrubber = Scrubber(failing, manifests)
    with pytest.raises(Unavailable):
        scrubber.stretch()
    assert scrubber.damaged == {}


def test_a_folder_that_cannot_be_read_does_not_hold_up_the_others(
    library: Library, outputs: Path, scrubber: Scrubber, caplog: pytest.LogCaptureFixture
) -> None:
    put(library, 1)
    put(library, 2, owner=OTHER)
    closed = outputs / "users" / OWNER / "2026" / "03" / "14"
    closed.chmod(0)
    try:
        with unprivileged():
            scrubber.stretch()
    finally:
        closed.chmod(0o750)
    assert (scrubber.state.images, scrubber.state.under_way) == (1, False)
    assert f"scrub: {OWNER} was left out" in caplog.text


# -- how far it is ----------------------------------------------------------------------------

ONE_A_STRETCH = OPENING / 60
"""A rate at which the time for a stretch is over with its first image."""


def several(library: Library) -> list[Record]:
    """Images of two owners and three months, in the order of a scrub."""
    month = 31 * 86_400_000_000
    return [
        put(library, 3, owner=OWNER, created_at=NOON - month),
        put(library, 1, owner=OWNER),
        put(library, 2, owner=OWNER, kind="control"),
        put(library, 4, owner=OTHER, created_at=NOON - month),
        put(library, 5, owner=OTHER, created_at=NOON - 2),
    ]


def test_a_scrub_goes_on_where_another_process_stopped(library: Library, manifests: Path) -> None:
    images = several(library)
    for number, image in enumerate(images, 1):
        another = Scrubber(library, manifests, ONE_A_STRETCH)
        assert another.stretch()
        assert another.read() == image.bytes
        state = another.state
        assert (state.images, state.checked_bytes) == (number, number * len(b"pixels 1"))
        assert state.after == (image.owner, image.month, image.id)
    last = Scrubber(library, manifests)
    assert last.stretch()
    assert last.read() == 0
    assert (last.state.under_way, last.state.images) == (False, 5)


def test_a_scrub_that_is_stopped_within_an_image_begins_it_again(
    library: Library, manifests: Path
) -> None:
    first, second = put(library, 1), put(library, 2)
    stopping = Scrubber(library, manifests, rate=OPENING)
    stopping.time.stop_at = stopping.time.now + 2  # when the second image is to be opened
    with pytest.raises(Stopped):
        stopping.stretch()
    assert stopping.state.after == (OWNER, first.month, first.id)
    going_on = Scrubber(library, manifests)
    assert going_on.stretch()
    assert going_on.read() == second.bytes


def test_what_arrived_or_left_meanwhile_is_no_obstacle(library: Library, manifests: Path) -> None:
    images = several(library)
    scrubber = Scrubber(library, manifests, ONE_A_STRETCH)
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


def test_two_processes_do_not_scrub_at_the_same_time(
    library: Library, manifests: Path, scrubber: Scrubber
) -> None:
    put(library, 1)
    with locked(checkpoint.lock_of(scrubber.path)):
        assert not scrubber.stretch()
    assert scrubber.stretch()


# -- how fast ---------------------------------------------------------------------------------


def test_the_budget_is_kept_on_average(library: Library, manifests: Path) -> None:
    rate = 50_000.0
    bodies = [bytes([number]) * 300_000 for number in range(5)]
    for body in bodies:
        upload(library, body)
    scrubber = Scrubber(library, manifests, rate)
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


def is_cached(path: Path) -> bool:
    fd = os.open(path, os.O_RDONLY)
    try:
        return _is_cached(fd, path.stat().st_size)
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
    assert is_cached(hot)
    # A file system in memory keeps what it is told to forget. Looking at a file may load it.
    assert is_cached(cold) is is_cached(other)


# -- in a server ------------------------------------------------------------------------------


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_thread_scrubs_and_stops_at_once(library: Library, manifests: Path) -> None:
    several(library)
    path = str(manifests / checkpoint.NAME)
    scrubbing = Scrubbing(library, path, rate=1e9, tick=0.01)
    scrubbing.start()
    until(lambda: (state := checkpoint.read(path)) is not None and not state.under_way)
    scrubbing.stop()
    (manifests / checkpoint.NAME).unlink()
    slow = Scrubbing(library, path, rate=1.0, tick=0.01)  # a day for each image
    slow.start()
    until(lambda: (manifests / "scrub.lock").exists() and is_held(manifests / "scrub.lock"))
    slow.stop()
    assert not slow._thread.is_alive()
    state = checkpoint.read(path)
    assert state is not None
    assert (state.under_way, state.images) == (True, 0)


def is_held(path: Path) -> bool:
    inode = f":{path.stat().st_ino} "
    return any(inode in line for line in Path("/proc/locks").read_text().splitlines())


def test_a_process_that_does_not_lead_does_not_scrub(library: Library, manifests: Path) -> None:
    leader = ManifestCatalog(str(manifests), memory_bytes=PLENTY)
    leader.start(library.blobs.library)
    assert leader.leads()
    scrubbing = Scrubbing(library, str(manifests / checkpoint.NAME), rate=1e9)
    assert not scrubbing._went_on()
    leader.close()
    assert scrubbing._went_on()


def test_a_scrub_that_cannot_go_on_says_so_and_waits(
    library: Library, manifests: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(library, 1)
    outputs.rename(outputs.with_name("unplugged"))
    scrubbing = Scrubbing(library, str(manifests / checkpoint.NAME), rate=1e9)
    assert not scrubbing._went_on()
    assert "scrub: waiting: " in caplog.text
    outputs.with_name("unplugged").rename(outputs)
    assert scrubbing._went_on()


def test_metrics_tell_how_many_are_damaged(
    library: Library, outputs: Path, scrubber: Scrubber
) -> None:
    metrics = Metrics(str(outputs), scrubber.path)
    assert b"gallery_damaged_images" not in metrics.text()
    flip(outputs / put(library, 1).image)
    scrubber.stretch()
    lines = metrics.text().decode().splitlines()
    assert "gallery_damaged_images 1.0" in lines
    assert f"gallery_scrubbed_bytes_total {float(len(b'pixels 1'))}" in lines
    [ended] = [line for line in lines if line.startswith("gallery_scrub_ended_timestamp_seconds ")]
    assert float(ended.split()[1]) == NOON / 1e6


# -- by hand ----------------------------------------------------------------------------------


def test_the_command_names_what_is_damaged_and_the_doctor_repeats_it(tmp_path: Path) -> None:
    fill(tmp_path)
    whole = run(tmp_path, "scrub")
    assert (whole.returncode, whole.stdout.endswith(" bytes, 0 damaged\n")) == (0, True)
    assert whole.stdout.startswith("4 images, ")
    path = next((tmp_path / "outputs" / "users" / OWNER).rglob("*.png"))
    name, before = str(path.relative_to(tmp_path / "outputs")), path.read_bytes()
    flip(path)
    found = run(tmp_path, "scrub", "--mib", "100")
    assert found.returncode == 1
    line = found.stdout.splitlines()[0]
    assert line.startswith("damaged since 20")
    assert line.endswith(f"Z: {name}")
    report = orjson.loads(run(tmp_path, "scrub", "--json").stdout)
    assert [(one["what"], one["name"]) for one in report["damaged"]] == [("damaged", name)]
    doctor = run(tmp_path, "doctor")
    assert (doctor.returncode, line in doctor.stdout.splitlines()) == (1, True)
    path.write_bytes(before)
    assert run(tmp_path, "scrub").returncode == 0
    assert run(tmp_path, "doctor").returncode == 0


def test_the_doctor_does_not_name_what_was_purged(tmp_path: Path) -> None:
    fill(tmp_path)
    library = open_library(tmp_path)
    one = put(library, 1)
    flip(tmp_path / "outputs" / one.image)
    Scrubber(library, tmp_path / "manifests").whole_pass()
    library.trash(OWNER, one.id)
    library.purge(OWNER, one.id)
    close(library)
    assert run(tmp_path, "doctor").returncode == 0


def test_a_pass_that_was_interrupted_is_left_for_the_server_to_end(tmp_path: Path) -> None:
    fill(tmp_path)
    library = open_library(tmp_path)
    upload(library, bytes(64 << 20))  # a minute's work at this rate
    with subprocess.Popen(
        command("scrub", "--mib", "1"), cwd=tmp_path, env=environment(tmp_path),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        lock = tmp_path / "manifests" / "scrub.lock"
        until(lambda: lock.exists() and is_held(lock))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    scrubber = Scrubber(library, tmp_path / "manifests")
    before = scrubber.state
    assert before.under_way
    assert scrubber.stretch()
    assert (scrubber.state.began, scrubber.state.images) == (before.began, 5)
    close(library)


def test_the_command_cannot_scrub_what_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path, "scrub")
    assert (result.returncode, result.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []
