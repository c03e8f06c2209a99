"""What the gallery learns from an uploaded file: its pixels and what its maker wrote in it.

Files of strangers are only ever decoded in worker processes, which may die of them.
Nothing here imports Pillow, so the server's own process never does.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from gallery.imaging import worker
from gallery.imaging.pool import Pool

# Enough for 64 million pixels: a WebP takes 16 bytes for each, a PNG 8 at most.
_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the generator wrote into the file.

    ``source`` is ``comfyui``, ``a1111``, ``invokeai``, ``swarmui``, ``fooocus`` or ``novelai``;
    ``unknown`` for a generation record nobody could read; None if there is none.
    """

    source: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    model: str | None = None
    workflow_id: str | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """A decoded image. ``width`` and ``height`` are in pixels, as displayed."""

    mime: str
    width: int
    height: int
    thumbnail: bytes
    blurhash: str
    embedded: Embedded


class Imaging:
    """Inspects images in ``workers`` processes.

    An image may have ``max_pixels`` pixels, and its decoding may take ``memory_bytes``
    beyond what an idle worker has, and ``seconds`` from when a worker takes it up.
    The futures raise, from gallery.errors:

    - UnsupportedImage ``unsupported_image``: not a PNG, JPEG or WebP by its content
    - Unprocessable ``damaged_image``: truncated or corrupt
    - Unprocessable ``too_many_pixels``
    - Unprocessable ``image_too_costly``: it met a limit, or its worker died
    - Unavailable: the file cannot be read, or the workers are closed or will not start
    """

    def __init__(
        self,
        *,
        workers: int,
        max_pixels: int,
        memory_bytes: int = _MEMORY_BYTES,
        seconds: float = 20.0,
    ) -> None:
        self._max_pixels = max_pixels
        self._pool = Pool(workers=workers, memory_bytes=memory_bytes, seconds=seconds)

    def start(self) -> None:
        """Have the workers come up in the background."""
        self._pool.start()

    def close(self) -> None:
        """End the workers; what they have not finished fails. Takes up to half a second."""
        self._pool.close()

    def inspect(self, path: str) -> Future[Inspection]:
        """Everything about the image at ``path``, decoded once."""
        return self._pool.submit(worker.inspect, path, self._max_pixels)

    def thumbnail(self, path: str) -> Future[bytes]:
        """Only the WebP thumbnail of the image at ``path``, for one that has been lost."""
        return self._pool.submit(worker.thumbnail, path, self._max_pixels)
