"""PNGs like those that generators make: 1024 pixels square, some 1.6 MB; and the least that
can be done with them."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import random
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops

_SIDE = 1024
_GRAIN = 3.0


def make(folder: Path, count: int) -> list[str]:
    """Paths of so many pictures, drawn unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(folder / f"{number}.png") for number in range(count)]
    with pool() as workers:
        list(workers.map(_draw, [path for path in paths if not os.path.exists(path)]))
    return paths


def pool(processes: int = 0) -> ProcessPoolExecutor:
    """So many processes, or one for each core."""
    context = multiprocessing.get_context("spawn")
    count = processes or len(os.sched_getaffinity(0))
    return concurrent.futures.ProcessPoolExecutor(count, context)


def _draw(path: str) -> None:
    """Soft shapes of several scales in three bands, and grain over it."""
    rng = random.Random(Path(path).name)
    bands = []
    for _ in range(3):
        band = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180))).resize((_SIDE, _SIDE))
        for side in (4, 16, 64):
            noise = Image.frombytes("L", (side, side), rng.randbytes(side * side))
            layer = noise.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
            band = Image.blend(band, layer, 0.3)
        grain = Image.effect_noise((_SIDE, _SIDE), _GRAIN)
        bands.append(ImageChops.add(band, grain, offset=-128))
    Image.merge("RGB", bands).save(path, "PNG")


def floor_rate(workers: ProcessPoolExecutor, paths: list[str], folder: Path) -> float:
    """Pictures a second that one process a core decodes, shrinks, encodes and syncs."""
    began = time.perf_counter()
    written = list(workers.map(least, paths, [str(folder)] * len(paths)))
    seconds = time.perf_counter() - began
    for name in written:
        os.unlink(f"{name}.png")
        os.unlink(f"{name}.webp")
    return len(paths) / seconds


def least(path: str, folder: str) -> str:
    """Decode, shrink to 512, encode, and make both files durable."""
    data = Path(path).read_bytes()
    name = os.path.join(folder, uuid.uuid4().hex)
    for body, ext in ((data, "png"), (thumbnail(data), "webp")):
        with open(f"{name}.{ext}", "xb", buffering=0) as file:
            file.write(body)
            os.fsync(file.fileno())
    return name


def thumbnail(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        image.thumbnail((512, 512), Image.Resampling.BICUBIC, reducing_gap=1.0)
        thumb = BytesIO()
        image.save(thumb, "WEBP", quality=80, method=2)
    return thumb.getvalue()
