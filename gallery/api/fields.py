"""What fields may hold, and how strictly a request is read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

Text = Annotated[str, StringConstraints(max_length=20_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
OwnerName = Annotated[
    str,
    StringConstraints(pattern=r"^(anon-[0-9a-f]{32}|[a-z0-9][a-z0-9_-]{0,63})$", max_length=64),
]
Mime = Literal["image/png", "image/jpeg", "image/webp"]
Ratio = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}:[1-9][0-9]{0,5}$")]
# Values that a query string can hold: 0 and 1 as well as false and true.
Flag = bool


def _written_day(value: object) -> object:
    """Numbers of seconds, which pydantic would take for a day, are none."""
    written = isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    if not written and not isinstance(value, date | None):
        raise ValueError("a day is written as 2026-03-14")
    return value


def _written_moment(value: object) -> object:
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", value):
        raise ValueError("a time is written as 2026-03-14T12:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Naive means UTC. Nothing is older than 1970, where our times begin."""
    try:
        found = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such time") from error
    if found.year < 1970:
        raise ValueError("before 1970")
    return found


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is wanted")  # noqa: TRY004 - which pydantic asks for
    return value


Whole = Annotated[int, Field(strict=False), BeforeValidator(_number)]
"""A whole number in JSON, where 7.0 is one."""
CalendarDay = Annotated[date, Field(strict=False), BeforeValidator(_written_day)]
Moment = Annotated[
    datetime, Field(strict=False), BeforeValidator(_written_moment), AfterValidator(_in_utc)
]


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Tags = Annotated[list[Tag], Field(max_length=100), AfterValidator(_distinct)]


class Strict(BaseModel):
    """A request: what isn't known is refused, so that a misspelt filter is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(Strict):
    """A body in JSON, where types are meant: a number is no text."""

    model_config = ConfigDict(strict=True)
