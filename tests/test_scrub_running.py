"""The scrub as a server runs it, and by hand."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import orjson
import pytest

from gallery import checkpoint
from gallery.catalog.manifests import ManifestCatalog
from gallery.catalog.notes import MemoryNotes
from gallery.errors import Unavailable
from gallery.library import Library
from gallery.metrics import Metrics
from gallery.scrub import Scrubbing
from tests.cli import close, command, fill, open_library, run
from tests.conformance.stores import PLENTY
from tests.http.server import environment
from tests.samples import NOON, OWNER, put, upload
from tests.scrubbing import Scrubber, flip, is_held, several, until


@pytest.fixture
def scrubber(library: Library) -> Scrubber:
    return Scrubber(library)


def test_the_thread_scrubs_and_stops_at_once(library: Library, manifests: Path) -> None:
    several(library)
    notes = library.catalog.notes
    scrubbing = Scrubbing(library, rate=1e9, tick=0.01)
    scrubbing.start()
    until(lambda: (state := checkpoint.read(notes)) is not None and not state.under_way)
    scrubbing.stop()
    (manifests / checkpoint.NAME).unlink()
    slow = Scrubbing(library, rate=1.0, tick=0.01)  # a day for each image
    slow.start()
    until(lambda: (manifests / "scrub.lock").exists() and is_held(manifests / "scrub.lock"))
    slow.stop()
    assert not slow._thread.is_alive()
    state = checkpoint.read(notes)
    assert state is not None
    assert (state.under_way, state.images) == (True, 0)


def test_a_process_that_does_not_lead_does_not_scrub(library: Library, manifests: Path) -> None:
    leader = ManifestCatalog(str(manifests), memory_bytes=PLENTY)
    leader.start(library.blobs.library)
    assert leader.leads()
    scrubbing = Scrubbing(library, rate=1e9)
    assert not scrubbing._went_on()
    leader.close()
    assert scrubbing._went_on()


def test_a_scrub_that_cannot_go_on_says_so_and_waits(
    library: Library, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(library, 1)
    outputs.rename(outputs.with_name("unplugged"))
    scrubbing = Scrubbing(library, rate=1e9)
    assert not scrubbing._went_on()
    assert "scrub: waiting: " in caplog.text
    outputs.with_name("unplugged").rename(outputs)
    assert scrubbing._went_on()


def test_metrics_tell_how_many_are_damaged(
    library: Library, outputs: Path, scrubber: Scrubber
) -> None:
    metrics = Metrics(str(outputs), library.catalog.notes, int)
    assert b"gallery_damaged_images" not in metrics.text()
    flip(outputs / put(library, 1).image)
    scrubber.stretch()
    lines = metrics.text().decode().splitlines()
    assert "gallery_damaged_images 1.0" in lines
    assert f"gallery_scrubbed_bytes_total {float(len(b'pixels 1'))}" in lines
    [ended] = [line for line in lines if line.startswith("gallery_scrub_ended_timestamp_seconds ")]
    assert float(ended.split()[1]) == NOON / 1e6


class Away(MemoryNotes):
    """Notes that cannot be read."""

    def read(self, name: str) -> bytes | None:
        raise Unavailable(f"{name} is away")


def test_metrics_tell_what_was_answered_also_while_the_notes_are_away(outputs: Path) -> None:
    metrics = Metrics(str(outputs), Away(), int)
    metrics.requests["GET", "/readyz", 503] += 1
    text = metrics.text()
    assert b'gallery_requests_total{method="GET",route="/readyz",status="503"} 1.0' in text
    assert b"gallery_damaged_images" not in text


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
    Scrubber(library).whole_pass()
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
    scrubber = Scrubber(library)
    before = scrubber.state
    assert before.under_way
    assert scrubber.stretch()
    assert (scrubber.state.began, scrubber.state.images) == (before.began, 5)
    close(library)


def test_the_command_cannot_scrub_what_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path, "scrub")
    assert (result.returncode, result.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []
