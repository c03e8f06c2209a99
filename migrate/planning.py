"""Plan: looks at everything, and writes down what there is."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from gallery import backends
from gallery.errors import GalleryError, PositionGone, StartRefused
from gallery.generation import Stores
from gallery.library import Library
from gallery.settings import Settings
from migrate import sides, survey
from migrate.folder import Folder
from migrate.follow import left_at
from migrate.pace import Limits, paced
from migrate.progress import Progress
from migrate.walk import Only

log = logging.getLogger(__name__)

_BODIES = 16
_SIDECAR_BYTES = 2_048
_LEAST_BYTES, _MOST_BYTES = 64 << 10, 1 << 20
"""Of the bodies that are sent to measure how fast that is."""


def plan(settings: Settings, folder: Folder, limits: Limits, *, hashes: bool) -> dict[str, Any]:
    """Looks at everything, and writes down what there is."""
    there = sides.other(settings)
    with folder.held(), paced(folder, limits) as pace, sides.source(settings) as here:
        position = _position(settings, folder, here)
        progress, began = Progress("looked at"), time.monotonic()
        found = survey.Surveyor(here, pace, progress, hashes=hashes).run(Only())
        progress.end()
        reading = found.read / (time.monotonic() - began)
        content = {
            "library": here.blobs.library,
            "from": asdict(Stores.of(settings)),
            "to": asdict(Stores.of(there)),
            "position": position,
            **_time(there, found, reading),
            **found.as_json(),
        }
        return content | {"digest": folder.write_plan(content)}


def _position(settings: Settings, folder: Folder, here: Library) -> str:
    """Where to follow from: where that was left, as long as the feed still holds it, for
    what was copied until then is brought level by it. Else all begins anew."""
    if folder.has_plan:
        old = folder.plan()
        if old["library"] != here.blobs.library:
            raise StartRefused(f"{folder.path} is of another library: name another --run")
        if old["to"] == asdict(Stores.of(settings)):
            raise StartRefused("this move is made: for one back, name another --run, or rollback")
        left = left_at(settings, folder, old)
        is_same = old["to"] == asdict(Stores.of(sides.other(settings)))
        with suppress(PositionGone):
            if is_same and here.catalog.changes(left, limit=1):
                return left
    position = here.catalog.changes(None).position
    with folder.journal() as journal:
        journal.append(did="plan", position=position)
    return position


def _time(there: Settings, found: survey.Survey, reading: float) -> dict[str, Any]:
    """Bytes a second as just measured, and the seconds that a copy takes at that; None of
    what could not be."""
    images, size = found.images.total(), found.bytes.total()
    rates: dict[str, Any] = {"reading": round(reading) or None, "writing": None, "seconds": None}
    seconds = size / reading if reading else 0.0
    try:
        place = backends.blobs_place(there, None)
        try:
            body = min(max(size // max(images, 1), _LEAST_BYTES), _MOST_BYTES)
            writing, small = place.rate(body, _BODIES), place.rate(_SIDECAR_BYTES, _BODIES)
        finally:
            place.close()
    except (GalleryError, OSError) as error:
        log.warning("how fast the new place is could not be measured: %s", error)
        return rates
    # Of each image three more small requests: a look, the thumbnail, the sidecar.
    seconds = max(seconds, size / writing + 3 * images * _SIDECAR_BYTES / small)
    return rates | {"writing": round(writing), "seconds": round(seconds, 1)}
