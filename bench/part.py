"""What every part is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """``folder`` holds the made-up libraries, which the parts share."""

    folder: Path
    rounds: int = 5
    seconds: int = 2
    images: int = 100_000
