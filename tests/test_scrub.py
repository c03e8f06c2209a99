"""The scrub: what is damaged is named, what is whole is not, and nothing is hidden for it."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gallery.blobs.files import FileBlobs
from gallery.catalog.manifests import ManifestCatalog
from gallery.errors import Unavailable, storage
from gallery.library import Library
from gallery.scrub import RECHECK_SECONDS, WEEK_US
from tests.conformance.stores import PLENTY
from tests.conformance.unprivileged import unprivileged
from tests.samples import NOON, OTHER, OWNER, active, ident, put
from tests.scrubbing import Scrubber, flip


@pytest.fixture
def scrubber(library: Library) -> Scrubber:
    return Scrubber(library)


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


def test_one_file_that_the_disk_cannot_read_is_unreadable(failing: Library) -> None:
    one, _ = put(failing, 1), put(failing, 2)
    assert isinstance(failing.blobs, Failing)
    failing.blobs.fails = lambda key: key == one.image
    scrubber = Scrubber(failing)
    scrubber.stretch()
    assert (scrubber.damaged, scrubber.state.images) == ({one.image: "unreadable"}, 2)
    failing.blobs.fails = lambda key: key.endswith(f"{ident(2)}.json")
    scrubber.whole_pass()
    assert (scrubber.damaged, scrubber.state.images) == ({}, 2)


def test_a_disk_that_reads_nothing_any_more_damages_nothing(failing: Library) -> None:
    put(failing, 1)
    assert isinstance(failing.blobs, Failing)
    failing.blobs.fails = lambda _: True
    scrubber = Scrubber(failing)
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
