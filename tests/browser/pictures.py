"""Images to fill a gallery with: a few are drawn, and put as often as a test asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from gallery.changes import Change, change
from gallery.demo import draw
from gallery.draft import DAY_US, Draft
from gallery.encoding import encode_sidecar
from gallery.imaging import Imaging, Inspection
from gallery.library import Library
from gallery.records import Seen
from tests.homes import Home

_DRAWN = 16
_AT_ONCE = 1_000
Said = Callable[[int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A file, and what the gallery finds when it decodes it."""

    name: str
    body: bytes
    found: Inspection


def drawn(folder: Path) -> list[Picture]:
    """Of many shapes, with the prompts of many generators; small, as they are put often."""
    imaging = Imaging(workers=2, max_pixels=2_000_000)
    imaging.start()
    try:
        return [_drawn(imaging, folder, number) for number in range(_DRAWN)]
    finally:
        imaging.close()


def _drawn(imaging: Imaging, folder: Path, number: int) -> Picture:
    name, data = draw(number)
    path = folder / name
    path.write_bytes(data)
    found = imaging.inspect(str(path)).result()
    with Image.open(BytesIO(data)) as image:
        image.thumbnail((640, 640))
        small = BytesIO()
        image.convert("RGB").save(small, "JPEG", quality=85)
        width, height = image.size
    found = replace(found, mime="image/jpeg", width=width, height=height)
    return Picture(f"{Path(name).stem}.jpg", small.getvalue(), found)


def fill(
    home: Home, owner: str, pictures: list[Picture], count: int, days: float, said: Said
) -> list[str]:
    """Puts so many images over the days before yesterday's noon, the newest first; gives their
    ids. What ``said`` gives for a number takes the place of what would have been said of that
    image."""
    newest = _yesterdays_noon()
    with home.library() as library, ThreadPoolExecutor(8) as threads:

        def put(number: int) -> str:
            picture = pictures[number % len(pictures)]
            usual: dict[str, Any] = {
                "created_at": newest - int(number * days * DAY_US / max(count, 1)),
                "original_filename": picture.name,
            }
            return _put(library, Draft(owner, **usual | said(number)), picture)

        return list(threads.map(put, range(count)))


def plant(
    home: Home, owner: str, pictures: list[Picture], count: int, days: float, said: Said
) -> list[str]:
    """Like ``fill``, for many: all but the first few are in the catalog alone, with the
    thumbnails of those. Nothing walks before the test is over."""
    newest = _yesterdays_noon()
    few = fill(home, owner, pictures, len(pictures), 0, said=lambda _: {})
    with home.library() as library:
        real = [entry.record for id in few if (entry := library.catalog.get(owner, id))]

        def made(number: int) -> Change:
            usual: dict[str, Any] = {"created_at": newest - int(number * days * DAY_US / count)}
            record = replace(real[number % len(real)], id=uuid.uuid4().hex, **usual | said(number))
            return change("put", record, Seen(len(encode_sidecar(record)), record.created_at))

        changes = [made(number) for number in range(1, count - len(few) + 1)]
        for first in range(0, len(changes), _AT_ONCE):
            with library.catalog.lock(owner):
                library.catalog.apply_all(changes[first : first + _AT_ONCE])
    return [*few, *(one.id for one in changes)]


def _yesterdays_noon() -> int:
    """In microseconds; so which images share a day is not a matter of when a test runs."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return int(noon.timestamp()) * 1_000_000 - DAY_US


def _put(library: Library, draft: Draft, picture: Picture) -> str:
    spool = library.blobs.spool()
    try:
        spool.write(picture.body)
        spool.sync()
        return library.put(draft, spool, picture.found).entry.record.id
    finally:
        spool.discard()
