"""What an owner's images have in common, and how many of them: what a filter can be chosen from.

Only the newest images are looked at, so that an answer takes no longer however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NEWEST = 20_000
"""Images that are looked at."""
MOST = 50
"""Names of each sort."""
_NAMES = 50_000
"""That are counted at a time: whoever thinks up more must not fill the memory."""
Counted = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Facets:
    """Of the newest ``images`` of one owner and kind, how many have each name. The names that
    most have come first, then in the order of code points; ``MOST`` at most."""

    images: int = 0
    favorites: int = 0
    tags: Counted = field(default_factory=list)
    workflows: Counted = field(default_factory=list)
    aspect_ratios: Counted = field(default_factory=list)


def facets(records: Iterable[Mapping[str, Any]]) -> Facets:
    """Of records in canonical form."""
    images = favorites = 0
    tags, workflows, ratios = Counter[str](), Counter[str](), Counter[str]()
    for record in records:
        images += 1
        favorites += record["favorite"]
        tags.update(record["tags"])
        workflows.update([record["workflow_id"] or ""])
        ratios.update([record["aspect_ratio"] or ""])
        for counter in (tags, workflows, ratios):
            _bound(counter)
    return Facets(images, favorites, _most(tags), _most(workflows), _most(ratios))


def _bound(counter: Counter[str]) -> None:
    """Names that few have are forgotten when there are too many."""
    if len(counter) > _NAMES:
        kept = counter.most_common(_NAMES // 2)
        counter.clear()
        counter.update(dict(kept))


def _most(counter: Counter[str]) -> Counted:
    return ordered([(name, count) for name, count in counter.items() if name])[:MOST]


def ordered(found: Counted) -> Counted:
    """The names that most have first."""
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
