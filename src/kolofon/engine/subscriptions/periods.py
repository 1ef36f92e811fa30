"""When periods begin and end, in the partner's time zone. Days begin at midnight there, or when the day first does."""

from calendar import monthrange
from datetime import date, datetime, timedelta

from kolofon.catalogue.offers import Period
from kolofon.platform.dates import day_of, start_of_day

_MONTHS_A_YEAR = 12
_MONTHS = {"months": 1, "years": _MONTHS_A_YEAR}
_DAYS = {"days": 1, "weeks": 7}


def midnight(moment: datetime, time_zone: str) -> datetime:
    """When the day of a moment began."""
    return start_of_day(day_of(moment, time_zone), time_zone)


def next_midnight(moment: datetime, time_zone: str) -> datetime:
    """The moment itself if a day begins at it, otherwise when the next day does."""
    begun = midnight(moment, time_zone)
    return begun if begun == moment else moved(begun, 1, time_zone)


def moved(moment: datetime, days: int, time_zone: str) -> datetime:
    """The beginning of the day that is so many days after that of a moment."""
    return start_of_day(day_of(moment, time_zone) + timedelta(days=days), time_zone)


def period_end(start: datetime, period: Period, time_zone: str, anchor_day: int | None = None) -> datetime:
    """Where the period that starts at `start` ends, which is where the next one starts.

    `anchor_day`: the day of the month on which the subscription began. A period that started earlier in its month, as
    the month has no such day, ends on that day again: 31 January, 28 February, 31 March.
    """
    begun = day_of(start, time_zone)
    if period.type in _DAYS:
        return start_of_day(begun + timedelta(days=period.length * _DAYS[period.type]), time_zone)
    month = begun.month - 1 + period.length * _MONTHS[period.type]
    year, month = begun.year + month // _MONTHS_A_YEAR, month % _MONTHS_A_YEAR + 1
    at_month_end = begun.day == monthrange(begun.year, begun.month)[1]
    wanted = anchor_day if at_month_end and anchor_day is not None and anchor_day > begun.day else begun.day
    return start_of_day(date(year, month, min(wanted, monthrange(year, month)[1])), time_zone)


def renewal_time(start: datetime, end: datetime, renewal_days: int) -> datetime:
    """When the period after the one from `start` to `end` is prepared: never before that one has begun."""
    return max(start, end - timedelta(days=renewal_days))
