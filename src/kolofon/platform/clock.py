"""The one clock. Business code and SQL get the time from here and never ask the machine."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's time plus an offset that tests and sandboxes can move."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC) + self._offset

    def seconds(self) -> float:
        """The time now in seconds since 1970, for what is compared on every request."""
        return time.time() + self._offset.total_seconds()

    def move(self, by: timedelta) -> None:
        """Move the clock; a negative value turns it back."""
        self._offset += by

    @property
    def machine(self) -> "Clock":
        """The clock that no partner has moved: for tokens, sessions and messages."""
        return self

    def ahead(self, by: timedelta) -> "Clock":
        """A clock that is always so far ahead of this one, for a partner whose time has been moved."""
        return _Ahead(self, by) if by else self


class _Ahead(Clock):
    def __init__(self, clock: Clock, by: timedelta) -> None:
        super().__init__()
        self._clock = clock
        self._by = by

    def now(self) -> datetime:
        return self._clock.now() + self._by

    def seconds(self) -> float:
        return self._clock.seconds() + self._by.total_seconds()

    def move(self, by: timedelta) -> None:
        raise RuntimeError("a partner's clock is moved where the partner stands: in the database")

    @property
    def machine(self) -> Clock:
        return self._clock


def epoch_milliseconds(time: datetime) -> int:
    """The API's form of a time: whole milliseconds since 1970 in UTC."""
    return round(time.timestamp() * 1000)
