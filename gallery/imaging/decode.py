"""Decoding, in a worker process: the one place of the server that imports Pillow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import NamedTuple

import blurhash

# Named so that they are loaded by the fork server: Pillow would import them on first use.
from PIL import (
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from gallery.errors import GalleryError, Unprocessable, UnsupportedImage
from gallery.imaging import Embedded, Inspection, prompts
from gallery.imaging.sniff import HEAD_BYTES, mime_of

__all__ = ["inspect", "thumbnail", "warm"]

_PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
_THUMB_SIDE = 512
_BLUR_SIDE = 32
_MAX_PROFILE_BYTES = 1 << 20
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_ORIENTATION, _EXIF_IFD, _USER_COMMENT = 0x0112, 0x8769, 0x9286
_COMMENT_TAGS = (0x010E, 0x010F, 0x0110, _USER_COMMENT)  # description, make, model
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUARTER_TURNS = (5, 6, 7, 8)


class _Decoded(NamedTuple):
    mime: str
    width: int
    height: int
    thumb: Image.Image
    embedded: Embedded


class _Exif(NamedTuple):
    orientation: int
    comments: list[str | bytes]


def inspect(data: bytes, max_pixels: int) -> Inspection:
    """Everything about an image file. Raises UnsupportedImage or Unprocessable."""
    with _refusals():
        image = _decode(data, max_pixels)
        return Inspection(
            mime=image.mime,
            width=image.width,
            height=image.height,
            thumbnail=_webp(image.thumb),
            blurhash=_blurhash(image.thumb),
            embedded=image.embedded,
        )


def thumbnail(data: bytes, max_pixels: int) -> bytes:
    """The WebP thumbnail of an image file. Raises UnsupportedImage or Unprocessable."""
    with _refusals():
        return _webp(_decode(data, max_pixels).thumb)


def warm() -> None:
    """Do once what takes longer the first time."""
    for name in ("PNG", "JPEG", "WEBP"):
        buffer = BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, name)
        inspect(buffer.getvalue(), 64)


@contextmanager
def _refusals() -> Iterator[None]:
    """Any way a decoder fails is the file's doing, and the client's to hear of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except GalleryError:
        raise
    except MemoryError:
        raise Unprocessable("The image takes too much to decode", code="image_too_costly") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unprocessable("The image has too many pixels", code="too_many_pixels") from None
    except Exception:  # noqa: BLE001 - decoders raise whatever they like
        raise Unprocessable("The image is damaged", code="damaged_image") from None


def _decode(data: bytes, max_pixels: int) -> _Decoded:
    format_, mime = _recognise(data)
    # Pillow compares this with the header's size, before it makes room for any pixels.
    Image.MAX_IMAGE_PIXELS = max_pixels
    with Image.open(BytesIO(data), formats=[format_]) as image:
        image.verify()
    with Image.open(BytesIO(data), formats=[format_]) as image:
        width, height = image.size
        thumb = _shrink(image)
        exif = _exif(image)
        texts = {str(key): text for key, text in image.info.items() if isinstance(text, str)}
    if exif.orientation in _QUARTER_TURNS:
        width, height = height, width
    if exif.orientation in _TURNS:
        thumb = thumb.transpose(_TURNS[exif.orientation])
    return _Decoded(mime, width, height, thumb, prompts.read(texts, exif.comments))


def _recognise(data: bytes) -> tuple[str, str]:
    """Pillow's name and the media type of what the first bytes say the file is."""
    mime = mime_of(data[:HEAD_BYTES])
    if mime is None:
        raise UnsupportedImage
    return mime.removeprefix("image/").upper(), mime


def _shrink(image: ImageFile.ImageFile) -> Image.Image:
    """The whole image as a small one in sRGB, with its alpha and without anything else."""
    profile = image.info.get("icc_profile")
    thumb = _resizable(image)
    # A gap of 1 halves by averaging as far as that goes: 1 ms where the filter takes 10.
    # For a JPEG it also lets the decoder leave out the detail.
    thumb.thumbnail((_THUMB_SIDE, _THUMB_SIDE), Image.Resampling.BICUBIC, reducing_gap=1.0)
    if isinstance(profile, bytes) and len(profile) <= _MAX_PROFILE_BYTES:
        thumb = _to_srgb(thumb, profile)
    thumb = thumb.convert("RGBA" if thumb.has_transparency_data else "RGB")
    thumb.info = {}
    return thumb


def _resizable(image: Image.Image) -> Image.Image:
    """The image in a mode whose pixels can be averaged."""
    if image.mode.startswith("I"):
        # Pillow cuts 16 bits off at 255 instead of scaling them.
        image = image.point(lambda value: value * (1 / 256)).convert("L")
        image.info.pop("transparency", None)
    if image.mode in ("1", "P") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _to_srgb(thumb: Image.Image, profile: bytes) -> Image.Image:
    """Colours as the profile means them, because the thumbnail will not carry it."""
    mode = "RGBA" if thumb.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(thumb, source, _SRGB, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return thumb  # a profile for other pixels than these: browsers ignore it as well
    return converted or thumb


def _exif(image: Image.Image) -> _Exif:
    """Orientation 1 to 8 and whatever text is where generators put it."""
    try:
        root = image.getexif()
        orientation = root.get(_ORIENTATION)
        values = [root.get(tag) for tag in _COMMENT_TAGS]
        values.append(root.get_ifd(_EXIF_IFD).get(_USER_COMMENT))
    except Exception:  # noqa: BLE001 - broken EXIF is no reason to refuse a good image
        return _Exif(1, [])
    comments = [value for value in values if isinstance(value, str | bytes)]
    return _Exif(orientation if isinstance(orientation, int) else 1, comments)


def _webp(thumb: Image.Image) -> bytes:
    buffer = BytesIO()
    thumb.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue()


def _blurhash(thumb: Image.Image) -> str:
    small = thumb.copy()
    small.thumbnail((_BLUR_SIDE, _BLUR_SIDE), Image.Resampling.BOX)
    if small.mode == "RGBA":
        backdrop = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(backdrop, small).convert("RGB")
    across, down = (4, 3) if small.width >= small.height else (3, 4)
    return str(blurhash.encode(small, across, down))
