from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.catalogue.offers import Period, PeriodType
from kolofon.engine.subscriptions.periods import midnight, next_midnight
from kolofon.engine.subscriptions.rules import period_end, renewal_time
from kolofon.platform.dates import day_of, start_of_day

OSLO = "Europe/Oslo"
# Some change their clocks at midnight: there the day begins at one, or has two midnights.
ZONES = [OSLO, "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "America/Havana", "Asia/Kathmandu", "UTC"]
zones = st.sampled_from(ZONES)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
TYPES: list[PeriodType] = ["days", "weeks", "months", "years"]
periods = st.builds(Period, st.integers(1, 30), st.sampled_from(TYPES))


def oslo(year: int, month: int, day: int) -> datetime:
    return start_of_day(date(year, month, day), OSLO)


def ends(first: date, period: Period, times: int, zone: str = OSLO) -> list[date]:
    """The days on which periods in a row end."""
    start, found = start_of_day(first, zone), []
    for _ in range(times):
        start = period_end(start, period, zone, first.day)
        found.append(day_of(start, zone))
    return found


def test_a_month_from_the_last_of_january_ends_with_february_and_the_next_one_on_the_last_of_march() -> None:
    assert ends(date(2027, 1, 31), Period(1, "months"), 4) == [
        date(2027, 2, 28),
        date(2027, 3, 31),
        date(2027, 4, 30),
        date(2027, 5, 31),
    ]
    assert ends(date(2028, 1, 30), Period(1, "months"), 2) == [date(2028, 2, 29), date(2028, 3, 30)]


def test_a_year_from_a_leap_day_ends_on_the_last_of_february_and_on_the_next_leap_day_again() -> None:
    found = ends(date(2028, 2, 29), Period(1, "years"), 4)
    assert found == [date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29)]


def test_the_anchor_counts_only_where_the_month_was_too_short_for_it() -> None:
    # After a pause a subscription that began on the 31st ends on the 10th: it goes on from there.
    assert period_end(oslo(2027, 4, 10), Period(1, "months"), OSLO, 31) == oslo(2027, 5, 10)
    assert period_end(oslo(2027, 4, 30), Period(1, "months"), OSLO, 31) == oslo(2027, 5, 31)
    assert period_end(oslo(2027, 4, 30), Period(1, "months"), OSLO) == oslo(2027, 5, 30)


def test_a_day_of_the_change_to_summer_time_has_twenty_three_hours() -> None:
    start = oslo(2027, 3, 28)
    assert period_end(start, Period(1, "days"), OSLO) - start == timedelta(hours=23)
    start = oslo(2027, 10, 31)
    assert period_end(start, Period(1, "days"), OSLO) - start == timedelta(hours=25)


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), 1),
        ("Asia/Beirut", date(2027, 3, 28), 1),
        ("Africa/Cairo", date(2026, 4, 24), 1),
        (OSLO, date(2027, 3, 28), 0),
    ],
)
def test_where_the_clocks_skip_midnight_the_day_begins_when_they_do(zone: str, day: date, hour: int) -> None:
    begun = start_of_day(day, zone)
    assert begun.astimezone(ZoneInfo(zone)).hour == hour
    assert day_of(begun, zone) == day
    assert day_of(begun - timedelta(microseconds=1), zone) == day - timedelta(days=1)


@given(days, zones)
def test_a_day_begins_with_its_first_moment(day: date, zone: str) -> None:
    begun = start_of_day(day, zone)
    assert day_of(begun, zone) == day
    assert day_of(begun - timedelta(microseconds=1), zone) == day - timedelta(days=1)
    assert midnight(begun, zone) == begun == next_midnight(begun, zone)


@given(st.integers(946684800, 2840140800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)), zones)
def test_every_moment_lies_between_two_midnights_of_its_day(moment: datetime, zone: str) -> None:
    assert midnight(moment, zone) <= moment <= next_midnight(moment, zone)
    assert next_midnight(moment, zone) - midnight(moment, zone) <= timedelta(hours=25)


@given(days, periods, zones)
def test_a_period_ends_after_it_starts_and_at_the_beginning_of_a_day(day: date, period: Period, zone: str) -> None:
    start = start_of_day(day, zone)
    end = period_end(start, period, zone, day.day)
    assert end > start
    assert midnight(end, zone) == end


@given(days, st.sampled_from([(12, "months", 1, "years"), (24, "months", 2, "years"), (7, "days", 1, "weeks")]), zones)
def test_twelve_months_are_a_year_and_seven_days_a_week(
    day: date, same: tuple[int, PeriodType, int, PeriodType], zone: str
) -> None:
    start = start_of_day(day, zone)
    length, kind, other_length, other_kind = same
    assert period_end(start, Period(length, kind), zone) == period_end(start, Period(other_length, other_kind), zone)


@given(days, st.sampled_from([1, 2, 3, 4, 6, 12]), zones)
def test_periods_in_a_row_end_where_one_long_period_does(day: date, months: int, zone: str) -> None:
    short = ends(day, Period(months, "months"), 12 // months, zone)
    assert short[-1] == ends(day, Period(1, "years"), 1, zone)[0]


@given(days, days, periods)
def test_who_starts_later_never_ends_earlier(one: date, other: date, period: Period) -> None:
    first, second = sorted((one, other))
    assert period_end(start_of_day(first, OSLO), period, OSLO) <= period_end(start_of_day(second, OSLO), period, OSLO)


@given(days, periods, st.integers(0, 365))
def test_a_renewal_is_prepared_within_the_period_before(day: date, period: Period, renewal_days: int) -> None:
    start = start_of_day(day, OSLO)
    end = period_end(start, period, OSLO)
    assert start <= renewal_time(start, end, renewal_days) <= end
