"""From a record to its row, and the terms under which it is found.

A term is a number made of the owner and two or four neighbouring letters within a word of
the folded prompt, or a tag, workflow, aspect ratio or favourite. One index over the rows'
terms narrows every filter down to an owner's rows; that two things may share a number only
means that each row found is looked at once more. Two letters find what is short, and Korean;
but many prompts have any two letters of an alphabet, so longer words are found by four.
No fewer quads are kept: of some words all but one are usual.

Terms are of a period, of 2^41 microseconds or 25 days, in which the image was made: so the
newest of many can be asked for alone. A period changes each number in the same way, which
SQL can do as well.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

from gallery.catalog.query import Query, fold
from gallery.changes import Change
from gallery.encoding import encode, item
from gallery.records import Record, Seen

FIELDS = (
    *("id", "owner", "kind", "status", "created_at", "deleted_at", "month", "bytes", "rev"),
    *("tags", "workflow_id", "aspect_ratio", "favorite", "prompt", "terms", "raw", "links"),
    *("seen_size", "seen_mtime_ns"),
)


PERIOD_BITS = 41
_SPREAD = 2_654_435_761
_ENGLISH = (
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le"
    " ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur la el ta ai et"
)
_USUAL = {pair: usual for usual, pair in enumerate(reversed(_ENGLISH.split()), 1)}
_SYLLABLES = "\u1100"
"""From here on a letter is a syllable or a word: any two are rare already."""

_ESCAPED = re.compile("\x1a[\x1a0]")

KEYED = f"""ARRAY(SELECT term # (((period * {_SPREAD}) & 4294967295) - 2147483648)::int
    FROM unnest(%(terms)s::int[]) AS term)"""
"""The terms of a query as they are in a period."""


def row(record: Record, seen: Seen) -> dict[str, Any]:
    """``links`` are what turns the record into the item of a list."""
    prompt, raw = fold(record.prompt or ""), encode(record)
    return {
        "id": record.id,
        "owner": record.owner,
        "kind": record.kind,
        "status": record.status,
        "created_at": record.created_at,
        "deleted_at": record.deleted_at or 0,
        "month": record.month,
        "bytes": record.bytes,
        "rev": record.rev,
        "tags": [storable(tag) for tag in record.tags],
        "workflow_id": _storable(record.workflow_id),
        "aspect_ratio": _storable(record.aspect_ratio),
        "favorite": record.favorite,
        "prompt": prompt,
        "terms": terms(record, prompt),
        "raw": raw,
        "links": item(raw)[len(raw) - 1 :],
        "seen_size": seen.size,
        "seen_mtime_ns": seen.mtime_ns,
    }


def noted(change: Change) -> dict[str, Any]:
    """What the feed says of a change."""
    return {
        "op": change.op,
        "owner": change.owner,
        "month": change.month,
        "id": change.id,
        "kind": change.kind,
        "rev": change.rev,
    }


def storable(text: str) -> str:
    """Text without NUL, which the database cannot hold; different texts stay different."""
    return text.replace("\x1a", "\x1a\x1a").replace("\0", "\x1a0")


def read(text: str) -> str:
    """What was made storable."""
    return _ESCAPED.sub(lambda found: "\0" if found[0] == "\x1a0" else "\x1a", text)


def _storable(text: str | None) -> str | None:
    return None if text is None else storable(text)


def terms(record: Record, prompt: str) -> list[int]:
    """Of a record whose folded prompt this is."""
    named = _named(record, record.tags)
    key = ((record.created_at >> PERIOD_BITS) * _SPREAD & 0xFFFFFFFF) - (1 << 31)
    return [term ^ key for term in _numbers(record.owner, _parts(prompt).union(named))]


def wanted(query: Query) -> list[int]:
    """The terms of every image that the query may find, before they are of a period."""
    named = _named(query, () if query.tag is None else (query.tag,))
    for word in query.words.present if query.words else ():
        named |= _telling(word)
    return _numbers(query.owner, named) if query.owner is not None else []


def _named(of: Record | Query, tags: tuple[str, ...]) -> set[str]:
    """What is not of the prompt."""
    named = {f"#{tag}" for tag in tags}
    if of.workflow_id is not None:
        named.add(f"workflow {of.workflow_id}")
    if of.aspect_ratio is not None:
        named.add(f"aspect {of.aspect_ratio}")
    if of.favorite:
        named.add("favorite")
    return named


def _parts(text: str) -> set[str]:
    """Pairs and quads of its words, and by itself each letter that is a syllable or a word."""
    parts = {letter for letter in set(text) if letter > "\x7f"}
    for word in text.split():
        parts.update(_pairs(word), _quads(word))
    return parts


def _pairs(word: str) -> list[str]:
    return [word[n : n + 2] for n in range(len(word) - 1)]


def _quads(word: str) -> list[str]:
    """Those that begin with a letter of an alphabet."""
    return [word[n : n + 4] for n in range(len(word) - 3) if word[n] < _SYLLABLES]


def _telling(text: str) -> set[str]:
    """Of each word the four parts that the fewest English texts have: each one more is
    another list to read, and the lists of the usual ones are long."""
    telling = set[str]()
    for word in text.split():
        telling.update(sorted(_quads(word) or _pairs(word), key=_usual)[:4])
        if len(word) == 1 and word > "\x7f":
            telling.add(word)
    return telling


def _usual(part: str) -> int:
    return sum(_USUAL.get(pair, 0) for pair in _pairs(part))


def _numbers(owner: str, names: set[str]) -> list[int]:
    start = zlib.crc32(owner.encode())
    return sorted(
        zlib.crc32(name.encode(errors="surrogatepass"), start) - (1 << 31) for name in names
    )
