"""Strangers' values made into ones that can be stored, or into None."""

from __future__ import annotations

import json
import re
from typing import Any

_MAX_TEXT = 20_000
_MAX_SEED = 2**64 - 1
_DIGITS = re.compile(r"[0-9]{1,20}")


def as_text(value: object) -> str | None:
    """Text of at most 20,000 characters that any encoder takes; None if there is none."""
    if not isinstance(value, str):
        return None
    kept = value.strip("\0 \r\n\t")[: 2 * _MAX_TEXT].replace("\0", "")
    # Halves of surrogate pairs become whole characters, lone ones U+FFFD.
    kept = kept.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return kept[:_MAX_TEXT].strip() or None


def as_seed(value: object) -> int | None:
    """A whole number of 64 bits without a sign, also if it is spelled out."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MAX_SEED else None


def as_object(value: object) -> dict[str, Any]:
    """A JSON object, from its text if need be; empty if it is anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
