"""Times as people write them are understood as they are meant, in the reader's own time zone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jupyter_labbook.store.moments import Moment, Period, microseconds, moment, period

NOW = datetime(2026, 11, 21, 14, 30, 15, tzinfo=UTC)  # a Saturday, 09:30 in New York
NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"


@pytest.fixture(autouse=True)
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("the time zone cannot be set here")
    monkeypatch.setenv("TZ", NEW_YORK)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(at: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("today", "2026-11-21 05:00:00", "2026-11-22 05:00:00"),
        ("yesterday", "2026-11-20 05:00:00", "2026-11-21 05:00:00"),
        ("  Yesterday ", "2026-11-20 05:00:00", "2026-11-21 05:00:00"),
        ("tomorrow", "2026-11-22 05:00:00", "2026-11-23 05:00:00"),
        ("saturday", "2026-11-21 05:00:00", "2026-11-22 05:00:00"),
        ("last saturday", "2026-11-14 05:00:00", "2026-11-15 05:00:00"),
        ("sunday", "2026-11-15 05:00:00", "2026-11-16 05:00:00"),
        ("Monday", "2026-11-16 05:00:00", "2026-11-17 05:00:00"),
        ("last monday", "2026-11-16 05:00:00", "2026-11-17 05:00:00"),
        ("friday 22:00", "2026-11-21 03:00:00", "2026-11-21 03:01:00"),
        ("yesterday at 7:05:30", "2026-11-20 12:05:30", "2026-11-20 12:05:31"),
        ("8:15", "2026-11-21 13:15:00", "2026-11-21 13:16:00"),
        ("2026-11-01", "2026-11-01 04:00:00", "2026-11-02 05:00:00"),  # a day of 25 hours
        ("2026-11-03 10:30", "2026-11-03 15:30:00", "2026-11-03 15:31:00"),
        ("2026-11-03T10:30:15", "2026-11-03 15:30:15", "2026-11-03 15:30:16"),
        ("2026-11-03T10:30:15Z", "2026-11-03 10:30:15", "2026-11-03 10:30:16"),
        ("2026-11-03T10:30+02:00", "2026-11-03 08:30:00", "2026-11-03 08:30:01"),
        ("2026-11", "2026-11-01 04:00:00", "2026-12-01 05:00:00"),
        ("2026", "2026-01-01 05:00:00", "2027-01-01 05:00:00"),
        ("this week", "2026-11-16 05:00:00", "2026-11-23 05:00:00"),
        ("last week", "2026-11-09 05:00:00", "2026-11-16 05:00:00"),
        ("this month", "2026-11-01 04:00:00", "2026-12-01 05:00:00"),
        ("last month", "2026-10-01 04:00:00", "2026-11-01 04:00:00"),
        ("last year", "2025-01-01 05:00:00", "2026-01-01 05:00:00"),
    ],
)
def test_what_names_a_stretch_of_time_is_that_stretch(text: str, begin: str, end: str) -> None:
    found = period(text, NOW)
    assert found is not None
    assert (utc(found.begin), utc(found.end)) == (begin, end)


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("now", "2026-11-21 14:30:15"),
        ("2 hours ago", "2026-11-21 12:30:15"),
        ("an hour ago", "2026-11-21 13:30:15"),
        ("a week ago", "2026-11-14 14:30:15"),
        ("1.5h", "2026-11-21 13:00:15"),
        ("3d", "2026-11-18 14:30:15"),
        ("3 days ago", "2026-11-18 14:30:15"),
        ("90 min", "2026-11-21 13:00:15"),
        ("45s", "2026-11-21 14:29:30"),
    ],
)
def test_how_long_ago_is_an_instant(text: str, begin: str) -> None:
    found = period(text, NOW)
    assert found is not None
    assert utc(found.begin) == begin
    assert found.end - found.begin == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterdy",
        "2 fortnights",
        "25:00",
        "2026-02-30",
        "2026-13",
        "99999999999d",
        "0000",
        "9999",
        "ago",
        "x" * 10000,
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert period(text, NOW) is None


@given(some.text())
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = period(text, NOW)
    assert found is None or isinstance(found, Period)


@given(some.datetimes(timezones=some.just(UTC)))
def test_a_recorded_time_is_kept_to_the_microsecond(given: datetime) -> None:
    at = moment(given.isoformat())
    assert at is not None
    assert moment(str(at)) == at
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at.at) == given


@pytest.mark.parametrize("text", [None, "", "noon", "2026-11-21T03:15:02", "2026-11-21"])
def test_a_recorded_time_without_a_zone_is_none(text: str | None) -> None:
    assert microseconds(text) is None
    assert moment(text) is None


def test_a_moment_beyond_the_calendar_prints_as_nothing() -> None:
    assert str(Moment(10**19)) == ""
