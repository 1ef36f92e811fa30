"""The states of a subscription and how it goes from one to another: pure, over values.

`change_at` is when it changes by itself, `renew_at` when its next period is prepared; each follows from the state.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from kolofon.engine.subscriptions.periods import moved, period_end, renewal_time
from kolofon.platform.dates import day_of

__all__ = [
    "FOREVER",
    "TRANSITIONS",
    "UNPAID",
    "Cause",
    "Standing",
    "State",
    "Step",
    "due_step",
    "period_end",
    "renewal_time",
]

State = Literal["waiting", "active", "stopping", "paused", "stopped"]
Cause = Literal[
    "ordered",  # a first period, or one after a stop
    "extended",  # a further period by an order
    "begun",
    "pausePlanned",
    "paused",
    "resumed",
    "stopWanted",  # at the end of the period
    "stopWithdrawn",
    "notRenewed",  # nothing is known that it could be renewed by
    "ended",
    "stopped",  # before its end
    "unpaid",
    "paid",
    "deliveryPlan",
]
UNPAID = "unpaid"  # the reason of a stop that a payment takes back
FOREVER = datetime.max.replace(tzinfo=UTC)  # PostgreSQL's infinity

_STAYS: frozenset[Cause] = frozenset({"extended", "stopWanted", "stopWithdrawn", "deliveryPlan", "pausePlanned"})
# Which state may follow which, and by what. A pause, an end and a beginning come by themselves; nothing leads from
# stopped to paused or stopping but a new period.
TRANSITIONS: dict[tuple[State | None, State], frozenset[Cause]] = {
    (None, "waiting"): frozenset({"ordered"}),
    (None, "active"): frozenset({"ordered"}),
    (None, "stopping"): frozenset({"ordered"}),
    ("waiting", "waiting"): _STAYS - {"pausePlanned"},
    ("waiting", "active"): frozenset({"begun"}),
    ("waiting", "stopping"): frozenset({"begun"}),
    ("waiting", "stopped"): frozenset({"stopped", "unpaid"}),
    ("active", "active"): _STAYS - {"stopWanted", "stopWithdrawn"},
    ("active", "stopping"): frozenset({"stopWanted", "notRenewed", "extended", "unpaid"}),
    ("active", "paused"): frozenset({"paused"}),
    ("active", "stopped"): frozenset({"stopped", "unpaid", "ended"}),
    ("stopping", "stopping"): (_STAYS - {"stopWithdrawn"}) | {"unpaid", "paid"},
    ("stopping", "active"): frozenset({"extended", "stopWithdrawn", "paid"}),
    ("stopping", "paused"): frozenset({"paused"}),
    ("stopping", "stopped"): frozenset({"ended", "stopped", "unpaid"}),
    ("paused", "paused"): _STAYS,
    ("paused", "active"): frozenset({"resumed"}),
    ("paused", "stopping"): frozenset({"resumed"}),
    ("paused", "stopped"): frozenset({"stopped", "unpaid"}),
    ("stopped", "waiting"): frozenset({"ordered"}),
    ("stopped", "active"): frozenset({"ordered", "paid"}),
    ("stopped", "stopping"): frozenset({"ordered", "paid"}),
}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a subscription stands. Columns of the same names explain the members."""

    state: State
    start_time: datetime
    end_time: datetime | None
    paid_until: datetime | None = None
    renew_at: datetime | None = None
    change_at: datetime | None = None
    pause_from: datetime | None = None
    pause_until: datetime | None = None
    stop_reason: str | None = None

    @property
    def renews(self) -> bool:
        """Whether a period is to follow the last one."""
        return self.renew_at is not None

    def is_live(self, now: datetime) -> bool:
        """Whether it runs, rests or will run: one whose end has passed does not, even before that was noted."""
        if self.state in {"stopped", "paused"}:
            return self.state == "paused"
        return self.end_time is None or now < self.end_time


class Step(msgspec.Struct, frozen=True):
    """A change and what it was by. `days`: how far the time that is left has moved. `at`: since when it holds."""

    standing: Standing
    cause: Cause
    at: datetime
    days: int = 0


def settled(standing: Standing) -> Standing:
    """With the time at which it changes by itself."""
    times: list[datetime | None] = []
    match standing.state:
        case "waiting":
            times = [standing.start_time]
        case "active":
            times = [standing.pause_from]
        case "stopping":
            times = [standing.pause_from, standing.end_time]
        case "paused":
            times = [standing.pause_until]
        case "stopped":
            pass
    return msgspec.structs.replace(standing, change_at=min((time for time in times if time is not None), default=None))


def _changed(standing: Standing, **members: object) -> Standing:
    return settled(msgspec.structs.replace(standing, **members))


def _running(renews: bool, end: datetime | None) -> State:
    return "active" if renews or end is None else "stopping"


def started(start: datetime, end: datetime | None, renew_at: datetime | None, now: datetime) -> Standing:
    """A new one, or one after a gap."""
    state: State = "waiting" if now < start else _running(renew_at is not None, end)
    return settled(Standing(state=state, start_time=start, end_time=end, renew_at=renew_at))


def extended(standing: Standing, end: datetime | None, renew_at: datetime | None) -> Standing:
    """With a further period. A stop that was wanted is forgotten when it renews again."""
    if standing.state == "paused":
        renew_at = FOREVER if renew_at is not None else None
        return _changed(standing, end_time=end, renew_at=renew_at)
    running = _running(renew_at is not None, end)
    state: State = "waiting" if standing.state == "waiting" else running
    reason = standing.stop_reason if state == "stopping" and renew_at is None else None
    return _changed(standing, state=state, end_time=end, renew_at=renew_at, stop_reason=reason)


def restarted(standing: Standing, end: datetime | None, renew_at: datetime | None) -> Standing:
    """A stopped one that goes on where it ended: it has no gap, so its start does not move."""
    return _changed(
        standing,
        state=_running(renew_at is not None, end),
        end_time=end,
        renew_at=renew_at,
        pause_from=None,
        pause_until=None,
        stop_reason=None,
    )


def stop_wanted(standing: Standing, reason: str) -> Standing:
    """It ends with its last period. Only for one that has an end."""
    state: State = "stopping" if standing.state == "active" else standing.state
    return _changed(standing, state=state, renew_at=None, stop_reason=reason)


def stop_withdrawn(standing: Standing, renew_at: datetime) -> Standing:
    """It goes on after its last period."""
    state: State = "active" if standing.state == "stopping" else standing.state
    wanted = FOREVER if standing.state == "paused" else renew_at
    return _changed(standing, state=state, renew_at=wanted, stop_reason=None)


def stopped(standing: Standing, at: datetime, reason: str | None = None) -> Standing:
    """It has ended. One that had not begun ends where it was to start; what was not paid would renew once it is."""
    end = max(at, standing.start_time)
    if standing.end_time is not None:
        end = min(end, standing.end_time)
    reopens = (reason or standing.stop_reason) == UNPAID and standing.renews
    return _changed(
        standing,
        state="stopped",
        end_time=end,
        renew_at=FOREVER if reopens else None,
        pause_from=None,
        pause_until=None,
        stop_reason=reason or standing.stop_reason,
    )


def pause_planned(standing: Standing, first: datetime, until: datetime | None) -> Standing:
    """It will rest from `first` on. `until` None: till somebody resumes it."""
    return _changed(standing, pause_from=first, pause_until=until)


def paused(standing: Standing) -> Standing:
    """It rests as planned. Its end, and so its renewal, is not known until it goes on."""
    return _changed(standing, state="paused", renew_at=FOREVER if standing.renews else None)


def resumed(standing: Standing, days: int, renew_at: datetime | None, time_zone: str) -> Standing:
    """It goes on; the days of the pause are given back at the end."""
    first = standing.pause_from
    if first is None:
        raise ValueError("it is not paused")
    moved_times = later(standing, first, days, time_zone)
    return _changed(
        moved_times,
        state=_running(standing.renews, standing.end_time),
        renew_at=renew_at,
        pause_from=None,
        pause_until=None,
    )


def stopping_unpaid(standing: Standing, at: datetime) -> Standing:
    """What is paid runs out at a time that lies ahead; the rest is not given unless it is paid."""
    renew_at = FOREVER if standing.renews else None
    return _changed(standing, state="stopping", end_time=at, renew_at=renew_at, stop_reason=UNPAID)


def later(standing: Standing, after: datetime, days: int, time_zone: str) -> Standing:
    """With all of its times after a moment moved by whole days."""

    def shifted(time: datetime | None) -> datetime | None:
        return time if time is None or time <= after or time == FOREVER else moved(time, days, time_zone)

    return msgspec.structs.replace(
        standing, end_time=shifted(standing.end_time), paid_until=shifted(standing.paid_until)
    )


def due_step(standing: Standing, now: datetime, time_zone: str, renewal_days: int, last_start: datetime) -> Step | None:
    """What has happened by itself up to now, one change at a time. `last_start`: of its last period."""
    at = standing.change_at
    if at is None or now < at:
        return None
    if standing.state == "waiting":
        return Step(_changed(standing, state=_running(standing.renews, standing.end_time)), "begun", at)
    if standing.state == "stopping" and at == standing.end_time:
        return Step(stopped(standing, at), "ended", at)
    if standing.state in {"active", "stopping"}:
        return Step(paused(standing), "paused", at)
    return resume_step(standing, at, time_zone, renewal_days, last_start)


def resume_step(standing: Standing, at: datetime, time_zone: str, renewal_days: int, last_start: datetime) -> Step:
    """A paused one goes on at a moment. A day that has begun is not given back."""
    first = standing.pause_from
    if first is None:
        raise ValueError("it is not paused")
    days = (day_of(at, time_zone) - day_of(first, time_zone)).days
    end = later(standing, first, days, time_zone).end_time
    renew_at = None
    if standing.renews and end is not None:
        begun = moved(last_start, days, time_zone) if last_start > first else last_start
        renew_at = renewal_time(begun, end, renewal_days)
    return Step(resumed(standing, days, renew_at, time_zone), "resumed", at, days)
