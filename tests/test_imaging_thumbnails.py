"""Every kind of pixels becomes a small picture that looks the same and says nothing."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from gallery.imaging import decode
from tests.images import (
    A1111,
    ORIENTATION,
    exif,
    jpeg,
    picture,
    png,
    saved,
    unicode_comment,
)

MILLION = 1_000_000


def thumb_of(data: bytes) -> Image.Image:
    return Image.open(BytesIO(decode.inspect(data, 10 * MILLION).thumbnail))


def rgb(image: Image.Image) -> tuple[int, int, int]:
    """The colour in the middle."""
    pixel = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return int(red), int(green), int(blue)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_is_decoded(mode: str) -> None:
    image = Image.new("I;16", (64, 48), 128 << 8) if mode == "I;16" else picture(mode=mode)
    thumb = thumb_of(saved(image, "PNG"))
    assert thumb.size == (64, 48)


def test_sixteen_bits_of_grey_are_scaled_and_not_cut() -> None:
    pixel = thumb_of(saved(Image.new("I;16", (64, 48), 128 << 8), "PNG")).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert all(abs(value - 128) <= 2 for value in pixel)


def test_a_cmyk_jpeg_keeps_its_colour() -> None:
    data = saved(Image.new("RGB", (64, 48), "red").convert("CMYK"), "JPEG")
    red, green, blue = rgb(thumb_of(data))
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_alpha_is_kept(format_: str) -> None:
    image = picture(mode="RGBA")
    image.putalpha(Image.new("L", image.size, 90))
    thumb = thumb_of(saved(image, format_, **({"lossless": True} if format_ == "WEBP" else {})))
    assert thumb.mode == "RGBA"
    low, high = thumb.getchannel("A").getextrema()
    assert (low, high) == (90, 90)


def test_a_transparent_colour_of_a_palette_is_kept() -> None:
    image = Image.new("P", (64, 48), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 32, 48))
    thumb = thumb_of(saved(image, "PNG", transparency=0))
    assert thumb.convert("RGBA").getpixel((4, 4))[3] == 0  # type: ignore[index]
    assert thumb.convert("RGBA").getpixel((60, 4))[3] == 255  # type: ignore[index]


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_an_animation_is_its_first_frame(format_: str) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]
    data = saved(frames[0], format_, save_all=True, append_images=frames[1:], duration=50)
    red, green, blue = rgb(thumb_of(data))
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1024, 1024), (512, 512)),
        ((1344, 768), (512, 293)),
        ((600, 2400), (128, 512)),
        ((3000, 10), (512, 2)),
        ((2000, 1), (512, 1)),
        ((100, 50), (100, 50)),
    ],
)
@pytest.mark.parametrize("make", [png, jpeg])
def test_a_thumbnail_has_512_pixels_on_its_long_side_and_is_never_enlarged(
    make: Any, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert thumb_of(make(*size)).size == expected


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_exif_says(orientation: int) -> None:
    corner = Image.new("RGB", (64, 48), "black")
    corner.paste("white", (0, 0, 32, 24))
    found = decode.inspect(saved(corner, "JPEG", exif=exif({ORIENTATION: orientation})), MILLION)
    turned = Image.open(BytesIO(found.thumbnail)).convert("L")
    assert turned.size == (found.width, found.height)
    assert turned.size == ((64, 48) if orientation < 5 else (48, 64))
    right, down = turned.width * 3 // 4, turned.height * 3 // 4
    left, up = turned.width // 4, turned.height // 4
    white = {1: (left, up), 2: (right, up), 3: (right, down), 4: (left, down)}
    white |= {5: (left, up), 6: (right, up), 7: (right, down), 8: (left, down)}
    assert turned.getpixel(white[orientation]) > 200  # type: ignore[operator]


@pytest.mark.parametrize("orientation", [0, 9, 60000])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    found = decode.inspect(jpeg(tags={ORIENTATION: orientation}), MILLION)
    assert (found.width, found.height) == (64, 48)


def test_broken_exif_is_no_reason_to_refuse() -> None:
    data = jpeg(comment=unicode_comment(A1111)).replace(b"II*\0\x08", b"II*\0\xff", 1)
    data = data.replace(b"MM\0*\0\0\0\x08", b"MM\0*\xff\0\0\x08", 1)
    assert decode.inspect(data, MILLION).width == 64


def test_a_thumbnail_carries_no_metadata() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    info = PngInfo()
    info.add_itxt("parameters", A1111)
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>secret</x:xmpmeta>")
    data = saved(picture(), "PNG", pnginfo=info, icc_profile=profile, exif=exif({0x010E: "secret"}))
    found = decode.inspect(data, MILLION)
    assert found.embedded.source == "a1111"
    for kind in (b"EXIF", b"XMP ", b"ICCP", b"secret", b"bridge"):
        assert kind not in found.thumbnail


def test_colours_are_brought_from_their_profile_to_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"?XYZ").replace(b"bXYZ", b"rXYZ").replace(b"?XYZ", b"bXYZ")
    data = saved(Image.new("RGB", (64, 48), "red"), "PNG", icc_profile=swapped)
    red, green, blue = rgb(thumb_of(data))
    assert blue > 200
    assert max(red, green) < 60


def test_a_profile_for_other_pixels_is_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    data = saved(picture(), "PNG", icc_profile=profile)
    assert rgb(thumb_of(data)) == rgb(thumb_of(png()))


def test_a_profile_of_nonsense_is_ignored() -> None:
    data = saved(picture(), "PNG", icc_profile=b"nonsense" * 100)
    assert rgb(thumb_of(data)) == rgb(thumb_of(png()))
