"""Days of a calendar, as times: for date filters and the timeline."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from gallery.errors import BadRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = date(1970, 1, 2), date(9999, 12, 30)
_UTC = ZoneInfo("UTC")  # a zone is read from a file: this one before any request asks


def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises BadRequest."""
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        raise BadRequest(f"tz: {name!r} is not a time zone", code="bad_parameter") from error


def start_us(day: date, tz: ZoneInfo) -> int:
    """When a day begins there (microseconds since 1970, UTC)."""
    day = min(max(day, _FIRST), _LAST)
    return (datetime(day.year, day.month, day.day, tzinfo=tz) - _EPOCH) // timedelta(microseconds=1)


def span_us(first: date | None, last: date | None, tz: ZoneInfo) -> tuple[int | None, int | None]:
    """From the first day's beginning to the last one's end. Raises BadRequest."""
    if first and last and first > last:
        raise BadRequest("from_date is after to_date", code="bad_parameter")
    start = None if first is None else start_us(first, tz)
    end = None if last is None else start_us(min(last, _LAST) + timedelta(days=1), tz)
    return start, end


def day_of(us: int, tz: ZoneInfo) -> date:
    return (_EPOCH + timedelta(microseconds=us)).astimezone(tz).date()


def days_between(first_us: int, last_us: int, tz: ZoneInfo) -> list[date]:
    """Every day from the one of the first time to the one of the last."""
    first, last = day_of(first_us, tz), day_of(last_us, tz)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
