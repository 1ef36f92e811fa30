"""Times as publisher files write them: dates, times, and days counted from the first load."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# Beyond these a mistake is likelier than a meaning, and sums of days still fit every calendar.
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 1, 1)


@cache
def is_time_zone(name: str) -> bool:
    """Whether there is a time zone of that name. The answer is remembered: to find it takes long."""
    return name in available_timezones()


def resolve_time(text: str, first_day: date, time_zone: ZoneInfo) -> datetime:
    """The time meant by `2026-01-31`, `2026-01-31T12:00`, `2026-01-31T12:00:00Z`, `-30d`; raises ValueError.

    A date, and a number of days from `first_day`, begins at midnight of the partner's time zone; a time without an
    offset is of that zone too.
    """
    if text.endswith("d"):
        return _midnight(first_day + timedelta(days=int(text[:-1])), time_zone)
    if len(text) == len("2026-01-31"):
        return _midnight(_within_limits(date.fromisoformat(text)), time_zone)
    moment = datetime.fromisoformat(text)
    _within_limits(moment.date())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=time_zone)


def resolve_moment(text: str | None, time_zone: str) -> datetime | None:
    """The time meant by a date or time of things that are loaded again and again; None is none."""
    return resolve_time(text, _EARLIEST, ZoneInfo(time_zone)) if text is not None else None


def _midnight(day: date, time_zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), time_zone)


def _within_limits(day: date) -> date:
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError(f"expected a day from {_EARLIEST} to {_LATEST}, got {day}")
    return day
