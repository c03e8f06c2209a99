"""The watcher: what others do to an image is there at once, and nothing half-written is."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from gallery.encoding import encode_sidecar
from gallery.library import Library
from gallery.records import Record
from tests.images import jpeg, png, truncated, webp
from tests.living import SETTLE, until
from tests.samples import OWNER, active, ident, put, record
from tests.watcher.conftest import DAY


def described(n: int, body: bytes, **fields: Any) -> Record:
    return record(n, bytes=len(body), sha256=sha256(body).hexdigest(), **fields)


def path_of(outputs: Path, one: Record) -> Path:
    return outputs / DAY.sidecar(one.id)


def test_a_dropped_image_is_listed_with_thumbnail_and_sidecar(
    library: Library, day: Path, outputs: Path
) -> None:
    body = png(seed=1)
    (day / f"{ident(1)}.png").write_bytes(body)
    until(lambda: 1 in active(library))
    found = library.get(OWNER, ident(1)).record
    assert (found.sha256, found.width) == (sha256(body).hexdigest(), 64)
    assert (outputs / found.thumb).read_bytes()[:4] == b"RIFF"
    assert (outputs / DAY.sidecar(ident(1))).read_bytes() == encode_sidecar(found)
    assert (outputs / found.image).read_bytes() == body


@pytest.mark.parametrize("first", ["image", "sidecar"])
def test_an_image_with_its_sidecar_is_listed_as_the_sidecar_says(
    library: Library, day: Path, outputs: Path, first: str
) -> None:
    body = png(seed=1)
    one = described(1, body, tags=("mine",), prompt="said so")
    if first == "sidecar":
        path_of(outputs, one).write_bytes(encode_sidecar(one))
        time.sleep(2 * SETTLE)
        assert active(library) == [99]
        (day / f"{one.id}.png").write_bytes(body)
    else:
        with (day / f"{one.id}.png").open("wb") as file:
            file.write(body[:50])
            path_of(outputs, one).write_bytes(encode_sidecar(one))
            file.write(body[50:])
    until(lambda: 1 in active(library))
    assert library.get(OWNER, one.id).record == one
    until(lambda: (outputs / one.thumb).exists())


@pytest.mark.parametrize(("ext", "make"), [("png", png), ("jpg", jpeg), ("webp", webp)])
@pytest.mark.parametrize("with_sidecar", [False, True])
def test_a_half_written_image_is_never_listed(
    library: Library, day: Path, outputs: Path, ext: str, make: type, with_sidecar: bool
) -> None:
    body: bytes = make(300, 200, seed=1)
    one = described(1, body, mime={"jpg": "image/jpeg"}.get(ext, f"image/{ext}"))
    if with_sidecar:
        path_of(outputs, one).write_bytes(encode_sidecar(one))
    for share in (0, 0.3, 0.9):  # longer than it takes to give up waiting, and shorter
        with (day / f"{one.id}.{ext}").open("wb") as file:
            file.write(truncated(body, share))
        end = time.monotonic() + (1.6 * SETTLE if share == 0.3 else 0.3)
        while time.monotonic() < end:
            assert active(library) == [99]
            time.sleep(0.05)
    (day / f"{one.id}.{ext}").write_bytes(body)
    until(lambda: 1 in active(library))
    assert library.get(OWNER, one.id).record.sha256 == one.sha256


def test_a_jpeg_with_a_tail_is_listed_when_it_is_left_in_peace(library: Library, day: Path) -> None:
    (day / f"{ident(1)}.jpg").write_bytes(jpeg() + b"\0" * 100)
    until(lambda: 1 in active(library))


def test_a_truncated_image_is_left_alone_and_logged_once(
    library: Library, day: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = day / f"{ident(1)}.png"
    path.write_bytes(truncated(png()))
    until(lambda: f"{DAY.image(ident(1), 'png')}: left alone" in caplog.text)
    os.chmod(path, 0o600)  # an event, but nothing that changes its bytes
    os.chmod(path, 0o640)
    time.sleep(2 * SETTLE)
    assert path.read_bytes() == truncated(png())
    path.write_bytes(png())
    until(lambda: 1 in active(library))


def test_a_sidecar_that_describes_another_image_is_left_alone(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = described(1, png(seed=1))
    path_of(outputs, one).write_bytes(encode_sidecar(one))
    (day / f"{one.id}.png").write_bytes(png(seed=2))
    until(lambda: "it is not the one that its sidecar describes" in caplog.text)
    assert active(library) == [99]
    (day / f"{one.id}.png").write_bytes(png(seed=1))
    until(lambda: 1 in active(library))


def test_a_foreign_sidecar_is_left_alone_until_it_is_right(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = described(1, png())
    path_of(outputs, one).write_bytes(b'{"half":')
    (day / f"{one.id}.png").write_bytes(png())
    until(lambda: f"{DAY.sidecar(one.id)}: left alone: not JSON" in caplog.text)
    assert active(library) == [99]
    path_of(outputs, one).write_bytes(encode_sidecar(one))
    until(lambda: 1 in active(library))


def test_a_sidecar_edited_by_hand_is_adopted(library: Library, day: Path, outputs: Path) -> None:
    one = put(library, 1)
    changed = orjson.loads(encode_sidecar(one)) | {"tags": ["by hand"]}
    path_of(outputs, one).write_bytes(orjson.dumps(changed))
    until(lambda: library.get(OWNER, one.id).record.tags == ("by hand",))


def test_a_sidecar_that_an_editor_replaces_is_not_written_over(
    library: Library, day: Path, outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = put(library, 1)
    changed = orjson.loads(encode_sidecar(one)) | {"tags": ["by hand"]}
    path_of(outputs, one).unlink()
    time.sleep(SETTLE / 2)
    path_of(outputs, one).write_bytes(orjson.dumps(changed))
    until(lambda: library.get(OWNER, one.id).record.tags == ("by hand",))
    assert "wrote a lost sidecar again" not in caplog.text


def test_a_lost_sidecar_is_written_again(library: Library, day: Path, outputs: Path) -> None:
    one = put(library, 1, tags=("a",))
    path_of(outputs, one).unlink()
    until(path_of(outputs, one).exists)
    assert path_of(outputs, one).read_bytes() == encode_sidecar(one)


def test_what_was_removed_whole_is_purged(library: Library, day: Path, outputs: Path) -> None:
    one = put(library, 1)
    (outputs / one.image).unlink()
    path_of(outputs, one).unlink()
    until(lambda: active(library) == [99])


def test_an_upload_is_not_touched(
    library: Library, day: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for n in range(20):
        put(library, n)
    library.edit(OWNER, ident(1), tags=("a",))
    library.trash(OWNER, ident(2))
    library.trash(OWNER, ident(3))
    library.purge(OWNER, ident(3))
    time.sleep(3 * SETTLE)
    said = [r.message for r in caplog.records if r.name != "gallery.jobs"]
    assert [line for line in said if ident(99) not in line] == []  # that of the folder
    assert len(active(library)) == 19
