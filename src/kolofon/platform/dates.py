"""Dates and times as callers of the API write them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(value: int | str, time_zone: str) -> datetime:
    """A time from epoch milliseconds (also in digits), a date (its midnight there) or ISO 8601.

    Without an offset a time is one of the time zone. Raises ValueError.
    """
    text = str(value).strip()
    if text.lstrip("-").isdecimal() and text.isascii():
        try:
            # Not fromtimestamp: what it takes depends on the machine.
            return _EPOCH + timedelta(milliseconds=int(text))
        except OverflowError:
            raise ValueError("out of range") from None
    time = datetime.fromisoformat(text)
    try:
        return (time if time.tzinfo is not None else time.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


def day_of(time: datetime, time_zone: str) -> date:
    """The day that a time falls on there."""
    return time.astimezone(ZoneInfo(time_zone)).date()


def start_of_day(day: date, time_zone: str) -> datetime:
    """When a day begins there, in UTC. Where the clocks skip midnight, that is when they do."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
