"""What can be asked of a catalog: filters, order, paging, and the words of a prompt.

Every catalog answers the same question the same way, because the matching is here.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from gallery.errors import BadRequest
from gallery.keys import Kind, is_id
from gallery.records import Status

_NEVER = 1 << 58
"""Microseconds; no record's time is so late."""
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


def fold(text: str) -> str:
    """Text as it is compared: composed, without case, without NUL (which separates prompts
    where many are searched at once)."""
    return unicodedata.normalize("NFC", text).casefold().replace("\0", " ")


@dataclass(frozen=True, slots=True)
class Words:
    """A parsed ``q``: texts that must all occur in the prompt, and texts that must not.

    ``word`` and ``"two words"`` match anywhere in the text, also inside longer words
    (Korean particles cling to their words); ``-word`` excludes.
    """

    present: tuple[str, ...]
    absent: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Words | None:
        present: list[str] = []
        absent: list[str] = []
        for minus, phrase, word in _TERM.findall(fold(text)):
            if term := phrase or word:
                (absent if minus else present).append(term)
        return cls(tuple(present), tuple(absent)) if present or absent else None

    def match(self, prompt: str | None) -> bool:
        text = fold(prompt or "")
        return all(w in text for w in self.present) and not any(w in text for w in self.absent)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an order: after the image with this time and id."""

    at: int
    id: str

    def encode(self, order: str) -> str:
        plain = f"{order[0]}{self.at:x}.{self.id}".encode()
        return base64.urlsafe_b64encode(plain).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, order: str) -> Cursor:
        """Raises BadRequest for anything that ``encode`` does not make for this order."""
        try:
            plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            at, _, id = plain[1:].partition(".")
            cursor = cls(int(at, 16), id)
        except (ValueError, binascii.Error) as error:
            raise BadRequest("This cursor was not made here", code="bad_cursor") from error
        if not (is_id(id) and 0 <= cursor.at < _NEVER and cursor.encode(order) == text):
            raise BadRequest("This cursor is not one of this list", code="bad_cursor")
        return cursor


@dataclass(frozen=True, slots=True)
class Query:
    """Which images, in which order, and which of them.

    ``owner`` None is everybody (administrators). ``start`` and ``end`` are microseconds,
    ``start <= created_at < end``. ``order`` "created" is newest first, "deleted" is newest
    deletion first. ``page`` counts from 1 and is ignored with a cursor.
    """

    owner: str | None
    statuses: tuple[Status, ...] = ("active",)
    kinds: tuple[Kind, ...] = ("output",)
    order: Literal["created", "deleted"] = "created"
    page: int = 1
    size: int = 50
    cursor: Cursor | None = None
    count: bool = False
    start: int | None = None
    end: int | None = None
    aspect_ratio: str | None = None
    tag: str | None = None
    workflow_id: str | None = None
    favorite: bool | None = None
    words: Words | None = None

    def after(self, cursor: str) -> Query:
        """The same question after the place that ``cursor`` names. Raises BadRequest."""
        return replace(self, page=1, cursor=Cursor.decode(cursor, self.order))

    @property
    def filters_content(self) -> bool:
        """Whether a record must be looked into to know that it matches."""
        return not (
            self.aspect_ratio is None
            and self.tag is None
            and self.workflow_id is None
            and self.favorite is None
            and self.words is None
        )

    @property
    def filters(self) -> bool:
        return self.start is not None or self.end is not None or self.filters_content

    @property
    def offset(self) -> int:
        return 0 if self.cursor else (self.page - 1) * self.size

    def in_range(self, created_at: int) -> bool:
        return (self.start is None or created_at >= self.start) and (
            self.end is None or created_at < self.end
        )

    def match_content(self, record: Mapping[str, Any]) -> bool:
        """Whether the content of a record in canonical form fits; its kind, status and time are
        not looked at."""
        return (
            (self.aspect_ratio is None or record["aspect_ratio"] == self.aspect_ratio)
            and (self.tag is None or self.tag in record["tags"])
            and (self.workflow_id is None or record["workflow_id"] == self.workflow_id)
            and (self.favorite is None or record["favorite"] == self.favorite)
            and (self.words is None or self.words.match(record["prompt"]))
        )
