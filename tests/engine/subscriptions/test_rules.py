"""Random lives of a subscription: whatever happens, what must hold of it holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kolofon.catalogue.offers import Period
from kolofon.engine.subscriptions import rules
from kolofon.engine.subscriptions.periods import midnight, moved, period_end, renewal_time
from kolofon.engine.subscriptions.rules import FOREVER, TRANSITIONS, UNPAID, Cause, Standing
from kolofon.platform.dates import day_of

ZONE = "Europe/Oslo"
RENEWAL_DAYS = 14
BEGINNING = datetime(2027, 1, 15, 9, 30, tzinfo=UTC)
PERIODS = st.sampled_from([Period(1, "days"), Period(1, "weeks"), Period(1, "months"), Period(1, "years")])


class Life(RuleBasedStateMachine):
    """One subscription and its periods, kept as the service keeps them."""

    @initialize(ahead=st.integers(0, 40), period=PERIODS, renews=st.booleans(), paid=st.booleans())
    def order(self, ahead: int, period: Period, renews: bool, paid: bool) -> None:
        self.now = BEGINNING
        begin = moved(midnight(self.now, ZONE), ahead, ZONE)
        end = period_end(begin, period, ZONE)
        renew_at = renewal_time(begin, end, RENEWAL_DAYS) if renews else None
        self.standing = rules.started(begin, end, renew_at, self.now)
        self.periods = [(begin, end)]
        assert "ordered" in TRANSITIONS[None, self.standing.state]
        if paid:
            self.standing = msgspec.structs.replace(self.standing, paid_until=end)

    def become(self, after: Standing, cause: Cause) -> None:
        assert cause in TRANSITIONS[self.standing.state, after.state], (self.standing.state, after.state, cause)
        self.standing = after

    def put_off(self, first: datetime, days: int) -> None:
        self.periods = [
            (moved(begin, days, ZONE) if begin > first else begin, moved(end, days, ZONE) if end > first else end)
            for begin, end in self.periods
        ]

    @property
    def live(self) -> bool:
        return self.standing.is_live(self.now)

    @property
    def end(self) -> datetime:
        assert self.standing.end_time is not None
        return self.standing.end_time

    @rule(hours=st.integers(1, 24 * 20))
    def live_on(self, hours: int) -> None:
        """Time passes and the worker does its rounds, once it wakes up."""
        self.now += timedelta(hours=hours)
        while True:
            first = self.standing.pause_from
            last_start = self.periods[-1][0]
            step = rules.due_step(self.standing, self.now, ZONE, RENEWAL_DAYS, last_start)
            if step is None:
                break
            assert step.at <= self.now
            if step.days and first is not None:
                self.put_off(first, step.days)
            self.become(step.standing, step.cause)

    @precondition(lambda self: self.standing.renew_at is not None and self.standing.renew_at <= self.now)
    @rule(period=PERIODS)
    def renew(self, period: Period) -> None:
        begin = self.end
        end = period_end(begin, period, ZONE)
        self.periods.append((begin, end))
        self.become(rules.extended(self.standing, end, renewal_time(begin, end, RENEWAL_DAYS)), "extended")

    @precondition(lambda self: self.live)
    @rule(period=PERIODS, renews=st.booleans())
    def extend(self, period: Period, renews: bool) -> None:
        begin = self.end
        end = period_end(begin, period, ZONE)
        self.periods.append((begin, end))
        renew_at = renewal_time(begin, end, RENEWAL_DAYS) if renews or self.standing.renews else None
        self.become(rules.extended(self.standing, end, renew_at), "extended")

    @precondition(lambda self: self.live)
    @rule()
    def stop_at_period_end(self) -> None:
        self.become(rules.stop_wanted(self.standing, "asked for"), "stopWanted")

    @precondition(lambda self: self.live and not self.standing.renews)
    @rule()
    def go_on(self) -> None:
        renew_at = renewal_time(self.periods[-1][0], self.end, RENEWAL_DAYS)
        self.become(rules.stop_withdrawn(self.standing, renew_at), "stopWithdrawn")

    @precondition(lambda self: self.live)
    @rule(unpaid=st.booleans())
    def stop(self, unpaid: bool) -> None:
        reason, cause = (UNPAID, "unpaid") if unpaid else ("asked for", "stopped")
        self.become(rules.stopped(self.standing, self.now, reason), cause)  # type: ignore[arg-type]

    @precondition(lambda self: self.live and self.standing.state in {"active", "stopping"})
    @rule(ahead=st.integers(0, 30), length=st.none() | st.integers(1, 60))
    def pause(self, ahead: int, length: int | None) -> None:
        first = moved(midnight(self.now, ZONE), ahead, ZONE)
        if self.standing.state == "stopping" and self.end <= first:
            return
        planned = rules.pause_planned(self.standing, first, moved(first, length, ZONE) if length else None)
        if first <= self.now:
            self.become(rules.paused(planned), "paused")
        else:
            self.become(planned, "pausePlanned")

    @precondition(lambda self: self.standing.state == "paused")
    @rule()
    def resume(self) -> None:
        first = self.standing.pause_from
        assert first is not None
        left = self.end - first
        step = rules.resume_step(self.standing, self.now, ZONE, RENEWAL_DAYS, self.periods[-1][0])
        assert step.days == (day_of(self.now, ZONE) - day_of(first, ZONE)).days
        self.put_off(first, step.days)
        self.become(step.standing, step.cause)
        if left > timedelta():
            # Nothing of what was left is lost, but for the day on which it goes on, and an hour of summer time.
            assert self.end - self.now >= left - timedelta(days=1, hours=1)

    @precondition(lambda self: not self.live)
    @rule(period=PERIODS, ahead=st.integers(0, 10), renews=st.booleans())
    def order_again(self, period: Period, ahead: int, renews: bool) -> None:
        if self.standing.state != "stopped":
            self.become(rules.stopped(self.standing, self.end), "ended")
        begin = moved(midnight(self.now, ZONE), ahead, ZONE)
        end = period_end(begin, period, ZONE)
        renew_at = renewal_time(begin, end, RENEWAL_DAYS) if renews else None
        left = min(self.end, begin)
        self.periods = [(start, min(stop, left)) for start, stop in self.periods if start < left] + [(begin, end)]
        if self.standing.start_time < begin <= self.end:
            unmoved = self.standing.start_time
            self.become(rules.restarted(self.standing, end, renew_at), "ordered")
            assert self.standing.start_time == unmoved
            assert begin <= self.now
        else:
            self.become(rules.started(begin, end, renew_at, self.now), "ordered")
            assert self.standing.start_time == begin

    @invariant()
    def times_are_in_order(self) -> None:
        standing = self.standing
        assert standing.start_time < self.end or standing.state == "stopped"
        assert standing.start_time <= self.end
        if standing.pause_until is not None:
            assert standing.pause_from is not None
            assert standing.pause_from < standing.pause_until

    @invariant()
    def periods_do_not_overlap(self) -> None:
        for (begin, end), (next_begin, _) in pairwise(self.periods):
            assert begin < end <= next_begin
        assert self.periods[-1][0] < self.periods[-1][1]

    @invariant()
    def a_live_one_ends_with_its_last_period(self) -> None:
        if self.standing.state != "stopped":
            assert self.end == self.periods[-1][1]

    @invariant()
    def what_is_to_come_by_itself_fits_the_state(self) -> None:
        standing = self.standing
        expected: dict[str, list[datetime | None]] = {
            "waiting": [standing.start_time],
            "active": [standing.pause_from],
            "stopping": [standing.pause_from, standing.end_time],
            "paused": [standing.pause_until],
            "stopped": [],
        }
        times = [time for time in expected[standing.state] if time is not None]
        assert standing.change_at == (min(times) if times else None)
        match standing.state:
            case "active":
                assert standing.renew_at is not None
                assert standing.renew_at < FOREVER
            case "stopping":
                assert standing.renew_at is None
            case "paused":
                assert standing.renew_at in {None, FOREVER}
                assert standing.pause_from is not None
            case "stopped":
                assert standing.renew_at is None or (standing.renew_at, standing.stop_reason) == (FOREVER, UNPAID)
                assert standing.pause_from is None
            case "waiting":
                assert standing.start_time >= midnight(standing.start_time, ZONE)

    @invariant()
    def only_what_is_paid_late_may_open_again(self) -> None:
        if self.standing.state == "stopped":
            assert not self.live


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


CHANGES: list[tuple[Cause, Callable[[Standing], Any]]] = [
    ("stopWanted", lambda standing: rules.stop_wanted(standing, "asked for")),
    ("stopped", lambda standing: rules.stopped(standing, BEGINNING, "asked for")),
]


@given(st.sampled_from(["waiting", "active", "stopping", "paused"]), st.sampled_from(CHANGES))
def test_every_live_subscription_can_be_stopped(
    state: rules.State, change: tuple[Cause, Callable[[Standing], Standing]]
) -> None:
    cause, function = change
    start = BEGINNING - timedelta(days=10)
    standing = Standing(state=state, start_time=start, end_time=BEGINNING + timedelta(days=10), pause_from=start)
    assert cause in TRANSITIONS[state, function(standing).state]


def test_nothing_leads_out_of_stopped_but_an_order_and_a_payment() -> None:
    causes = {cause for (before, _), found in TRANSITIONS.items() if before == "stopped" for cause in found}
    assert causes == {"ordered", "paid"}


def test_a_pause_is_given_back_at_the_end_and_moves_what_is_paid() -> None:
    start, end = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)
    standing = Standing(
        state="active", start_time=start, end_time=end, paid_until=end, renew_at=end - timedelta(days=14)
    )
    planned = rules.pause_planned(standing, datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 2, 11, tzinfo=UTC))
    resting = rules.due_step(planned, datetime(2027, 2, 1, tzinfo=UTC), "UTC", 14, start)
    assert resting is not None
    assert (resting.standing.state, resting.standing.renew_at) == ("paused", FOREVER)
    step = rules.due_step(resting.standing, datetime(2027, 2, 11, tzinfo=UTC), "UTC", 14, start)
    assert step is not None
    assert step.standing.end_time == step.standing.paid_until == datetime(2027, 4, 11, tzinfo=UTC)
    assert step.standing.renew_at == datetime(2027, 3, 28, tzinfo=UTC)
    assert (step.standing.state, step.standing.pause_from, step.standing.change_at) == ("active", None, None)
