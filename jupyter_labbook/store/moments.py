"""Times as people write them: `yesterday`, `2 hours ago`, `monday 18:30`, `2026-11-01`, `3d`.

Words, weekdays and times without a zone are the reader's local time. What names a stretch of
time (a day, a minute) begins a `Period`; an instant such as `2 hours ago` is one of a microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?|an?) ?([a-z]+)( ago)?")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_YEAR: Final = re.compile(r"(\d{4})")
_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
    **dict.fromkeys(("month", "months"), timedelta(days=30)),
    **dict.fromkeys(("y", "year", "years"), timedelta(days=365)),
}

EXAMPLES: Final = '"yesterday", "monday 18:30", "2 hours ago", "3d" or "2026-11-01"'


class Moment(msgspec.Struct, frozen=True):
    """A point in time: microseconds since 1970, UTC. Prints as ISO 8601."""

    at: int

    def __str__(self) -> str:
        try:
            moment = _EPOCH + self.at * _MICROSECOND
        except OverflowError:
            return ""
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class Period(msgspec.Struct, frozen=True):
    """From `begin` up to and without `end`, microseconds since 1970."""

    begin: int
    end: int


def moment(iso: str | None) -> Moment | None:
    """The moment that a record's time stands for; None where it is none."""
    at = microseconds(iso)
    return None if at is None else Moment(at)


def microseconds(iso: str | None) -> int | None:
    """Microseconds since 1970 of an ISO 8601 time with its zone; None for anything else."""
    try:
        return (datetime.fromisoformat(iso or "") - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError):  # TypeError: it has no zone
        return None


def period(text: str, now: datetime | None = None) -> Period | None:
    """What `text` says about time, seen from `now` (aware, by default the present); None if nothing."""
    now = now or datetime.now(UTC)
    words = " ".join(text.casefold().split())
    for read in (_relative, _calendar, _iso):
        try:
            found = read(words, now)
        except (ValueError, OverflowError, OSError):  # the 30th of February, the year 10000
            continue
        if found is not None:
            return found
    return None


def _relative(words: str, now: datetime) -> Period | None:
    if words == "now":
        return _lasting(now, _MICROSECOND)
    match = _AGO.fullmatch(words)
    if match is None or match[2] not in _UNITS:
        return None
    count = 1.0 if match[1].startswith("a") else float(match[1])
    return _lasting(now - count * _UNITS[match[2]], _MICROSECOND)


def _calendar(words: str, now: datetime) -> Period | None:
    """A day by its name, with or without a time of the day; a week, a month or a year."""
    today = now.astimezone().date()
    if words in _SPANS:
        begin, end = _SPANS[words](today)
        return _between(datetime.combine(begin, time()), datetime.combine(end, time()))
    day_words, _, last = words.rpartition(" ")
    clock = _CLOCK.fullmatch(last)
    day = _day((day_words.removesuffix(" at") or "today") if clock else words, today)
    if day is None:
        return None
    if clock is None:
        return _between(datetime.combine(day, time()), datetime.combine(day + _DAY, time()))
    begin = datetime.combine(day, time(int(clock[1]), int(clock[2]), int(clock[3] or 0)))
    return _lasting(begin.astimezone(), timedelta(seconds=1) if clock[3] else timedelta(minutes=1))


def _day(words: str, today: date) -> date | None:
    if words in _DAYS:
        return today + _DAYS[words] * _DAY
    last = words.removeprefix("last ")
    if last in _WEEKDAYS:
        back = (today.weekday() - _WEEKDAYS.index(last)) % 7
        return today - (7 if back == 0 and last != words else back) * _DAY
    month, year = _MONTH.fullmatch(words), _YEAR.fullmatch(words)
    if month or year:
        return None
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _iso(words: str, _now: datetime) -> Period | None:
    month, year = _MONTH.fullmatch(words), _YEAR.fullmatch(words)
    if month:
        begin = datetime(int(month[1]), int(month[2]), 1)
        return _between(begin, (begin + 31 * _DAY).replace(day=1))
    if year:
        return _between(datetime(int(year[1]), 1, 1), datetime(int(year[1]) + 1, 1, 1))
    parsed = datetime.fromisoformat(words.upper())
    aware = parsed if parsed.tzinfo else parsed.astimezone()
    precision = _MICROSECOND if "." in words else timedelta(seconds=1)
    return _lasting(aware, timedelta(minutes=1) if words.count(":") == 1 else precision)


def _lasting(begin: datetime, length: timedelta) -> Period:
    at = (begin - _EPOCH) // _MICROSECOND
    return Period(at, at + length // _MICROSECOND)


def _between(begin: datetime, end: datetime) -> Period:
    """Two local times without a zone."""
    first, last = ((moment.astimezone() - _EPOCH) // _MICROSECOND for moment in (begin, end))
    return Period(first, last)


def _first_of_month(day: date) -> date:
    return day.replace(day=1)


def _monday(day: date) -> date:
    return day - day.weekday() * _DAY


_DAYS: Final = {"today": 0, "yesterday": -1, "tomorrow": 1}
_SPANS: Final[dict[str, Callable[[date], tuple[date, date]]]] = {
    "this week": lambda day: (_monday(day), _monday(day) + 7 * _DAY),
    "last week": lambda day: (_monday(day) - 7 * _DAY, _monday(day)),
    "this month": lambda day: (_first_of_month(day), _first_of_month(_first_of_month(day) + 31 * _DAY)),
    "last month": lambda day: (_first_of_month(_first_of_month(day) - _DAY), _first_of_month(day)),
    "this year": lambda day: (day.replace(month=1, day=1), date(day.year + 1, 1, 1)),
    "last year": lambda day: (date(day.year - 1, 1, 1), day.replace(month=1, day=1)),
}
