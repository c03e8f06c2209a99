"""An image is known by its content, and what is no good is refused."""

from __future__ import annotations

import random
from typing import Any

import blurhash
import pytest
from PIL import ImageFile

from gallery.errors import GalleryError
from gallery.imaging import decode
from tests.images import (
    jpeg,
    picture,
    png,
    png_bomb,
    saved,
    truncated,
    webp,
)

MILLION = 1_000_000


def refusal(data: bytes, max_pixels: int = MILLION) -> str:
    with pytest.raises(GalleryError) as caught:
        decode.inspect(data, max_pixels)
    assert 400 <= caught.value.status < 500
    return caught.value.code


@pytest.mark.parametrize(
    ("make", "mime"), [(png, "image/png"), (jpeg, "image/jpeg"), (webp, "image/webp")]
)
def test_an_image_is_known_by_its_content(make: Any, mime: str) -> None:
    found = decode.inspect(make(120, 80), MILLION)
    assert (found.mime, found.width, found.height) == (mime, 120, 80)
    assert blurhash.is_valid_blurhash(found.blurhash)


@pytest.mark.parametrize("format_", ["GIF", "BMP", "TIFF", "PPM", "ICO", "AVIF", "JPEG2000"])
def test_other_formats_are_not_supported(format_: str) -> None:
    assert refusal(saved(picture(), format_)) == "unsupported_image"


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"<svg/>", b"RIFF1234WAVEfmt ", b"%PDF-1.7"])
def test_what_is_no_image_is_not_supported(data: bytes) -> None:
    assert refusal(data) == "unsupported_image"


def test_a_header_without_an_image_is_damaged() -> None:
    heads = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\4\0\0\0WEBP")
    assert {refusal(head) for head in heads} == {"damaged_image"}


@pytest.mark.parametrize("make", [png, jpeg, webp])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_image_is_refused_as_damaged(make: Any, share: float) -> None:
    assert refusal(truncated(make(400, 300), share)) == "damaged_image"


def test_a_png_with_a_wrong_checksum_is_damaged() -> None:
    data = bytearray(png())
    data[data.index(b"IDAT") + 20] ^= 1
    assert refusal(bytes(data)) == "damaged_image"


def test_a_png_without_its_end_is_damaged() -> None:
    assert refusal(png()[:-12]) == "damaged_image"


@pytest.mark.parametrize("make", [png, jpeg, webp])
def test_bytes_after_the_end_do_no_harm(make: Any) -> None:
    found = decode.inspect(make() + b"<?php trailing garbage" * 50, MILLION)
    assert (found.width, found.height) == (64, 48)


@pytest.mark.parametrize("make", [png, jpeg, webp])
def test_any_flipped_bits_give_an_inspection_or_a_refusal(make: Any) -> None:
    good, rng = make(40, 30), random.Random(1)
    statuses = {_outcome(good, rng) for _ in range(400)}
    assert statuses <= {200, 415, 422}
    assert 422 in statuses


def _outcome(good: bytes, rng: random.Random) -> int:
    data = bytearray(good)
    for _ in range(rng.choice((1, 1, 3, 20))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    try:
        decode.inspect(bytes(data), MILLION)
    except GalleryError as error:
        return error.status
    return 200


def test_the_number_of_pixels_is_capped_exactly() -> None:
    assert decode.inspect(png(100, 50), 5000).width == 100
    assert refusal(png(100, 50), 4999) == "too_many_pixels"


@pytest.mark.parametrize("make", [png, jpeg, webp])
@pytest.mark.parametrize("cap", [6000, 100])
def test_every_format_is_capped(make: Any, cap: int) -> None:
    assert refusal(make(100, 80), cap) == "too_many_pixels"


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[object] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: unpacked.append(image))
    assert refusal(png_bomb(8000, 8000), 50 * MILLION) == "too_many_pixels"
    assert unpacked == []
