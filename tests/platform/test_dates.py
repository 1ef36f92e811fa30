"""Dates and times as callers write them."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.dates import day_of, read_time, start_of_day

OSLO = "Europe/Oslo"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (-86_400_000, "1969-12-31T00:00:00+00:00"),
        ("-86400000", "1969-12-31T00:00:00+00:00"),
        (" 1700000000000 ", "2023-11-14T22:13:20+00:00"),
        ("2023-03-26", "2023-03-25T23:00:00+00:00"),
        ("2023-03-27", "2023-03-26T22:00:00+00:00"),
        ("2023-11-14T22:13:20.123+02:00", "2023-11-14T20:13:20.123000+00:00"),
        ("1980-01-31", "1980-01-30T23:00:00+00:00"),
    ],
)
def test_a_time_is_read(written: int | str, expected: str) -> None:
    assert read_time(written, OSLO) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("written", ["", " ", "soon", "2023-02-30", "31.12.2023", "-", 2**60, -(2**60), "9" * 30])
def test_what_is_no_time_is_refused(written: int | str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its words are the caller's)
        read_time(written, OSLO)


@given(st.text(max_size=40) | st.integers())
def test_nothing_else_comes_of_any_value(written: int | str) -> None:
    with suppress(ValueError):
        assert read_time(written, OSLO).tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)))
def test_milliseconds_are_read_as_they_are_written(time: datetime) -> None:
    exact = time.replace(microsecond=time.microsecond // 1000 * 1000)
    assert abs(read_time(epoch_milliseconds(exact), OSLO) - exact) <= timedelta(milliseconds=1)


@given(st.dates(date(1900, 1, 2), date(2200, 1, 1)))
def test_a_day_begins_on_itself(day: date) -> None:
    start = start_of_day(day, OSLO)
    assert day_of(start, OSLO) == day
    assert day_of(start - timedelta(seconds=1), OSLO) == day - timedelta(days=1)
