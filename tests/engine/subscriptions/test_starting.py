import asyncio
from datetime import date, timedelta
from itertools import pairwise

import asyncpg
import pytest

from kolofon.catalogue.offers import Period
from kolofon.engine.subscriptions import changing
from kolofon.engine.subscriptions.service import start_or_extend
from kolofon.platform.database import prepare_connection
from kolofon.platform.errors import NotFound
from tests.engine.subscriptions.desk import ACTOR, Desk, open_desk
from tests.playground import Playground

CUSTOMER = 1001
YEAR_END = date(2028, 1, 15)


async def test_the_first_one_starts_with_today_and_is_told_of(desk: Desk) -> None:
    started = await desk.order(CUSTOMER)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["start_time"], row["end_time"]) == ("active", desk.day(), started.end_time)
    assert await desk.periods(started.subscription_id) == [(date(2027, 1, 15), YEAR_END)]
    assert (started.period_number, started.extended) == (1, False)
    assert await desk.causes(started.subscription_id) == [(None, "active", "ordered")]
    assert await desk.events(CUSTOMER) == [("start", "DIGI", date(2028, 1, 14))]
    assert row["renew_at"] == started.end_time - timedelta(days=14)  # type: ignore[operator]
    assert (row["change_at"], row["paid_until"]) == (None, None)


async def test_what_costs_nothing_is_paid_and_what_does_not_renew_stops_with_its_period(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["renew_at"]) == ("stopping", None)
    assert row["change_at"] == row["end_time"] == row["paid_until"] == desk.day(14)


async def test_one_that_starts_later_waits_and_is_told_of_when_it_begins(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, start_time=desk.day(10) + timedelta(hours=5))
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["start_time"], row["change_at"]) == ("waiting", desk.day(10), desk.day(10))
    assert await desk.events(CUSTOMER) == []
    desk.go_to(desk.day(10))
    assert await desk.live() == 1
    assert (await desk.row(started.subscription_id))["state"] == "active"
    assert await desk.causes(started.subscription_id) == [
        (None, "waiting", "ordered"),
        ("waiting", "active", "begun"),
    ]
    assert await desk.events(CUSTOMER) == [("start", "DIGI", date(2028, 1, 24))]


async def test_a_start_in_the_past_is_a_start_today(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, start_time=desk.day(-5))
    assert started.start_time == desk.day()


async def test_a_new_period_is_queued_behind_the_one_that_runs(desk: Desk) -> None:
    first = await desk.order(CUSTOMER, ("DIGI", 1))
    second = await desk.order(CUSTOMER, ("DIGI", 2))
    assert (second.subscription_id, second.period_number, second.extended) == (first.subscription_id, 2, True)
    assert second.start_time == first.end_time
    assert await desk.periods(first.subscription_id) == [
        (date(2027, 1, 15), date(2027, 2, 15)),
        (date(2027, 2, 15), date(2028, 2, 15)),
    ]
    row = await desk.row(first.subscription_id)
    assert (row["end_time"], row["coupon_number"], row["terms_period"]) == (second.end_time, 2, 2)
    assert (await desk.events(CUSTOMER))[1:] == [("renew", "DIGI", date(2028, 2, 14))]


async def test_one_that_was_stopping_goes_on_again_with_a_new_period(desk: Desk) -> None:
    trial = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    await desk.order(CUSTOMER, ("DIGI", 1))
    row = await desk.row(trial.subscription_id)
    assert (row["state"], row["stop_reason"], row["change_at"]) == ("active", None, None)
    assert row["renew_at"] is not None
    # The month is not paid yet, the trial is.
    assert row["paid_until"] == trial.end_time


async def test_a_period_without_renewal_does_not_stop_what_renews(desk: Desk) -> None:
    month = await desk.order(CUSTOMER, ("DIGI", 1))
    more = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    row = await desk.row(month.subscription_id)
    assert (row["state"], row["coupon_number"], row["end_time"]) == ("active", 1, more.end_time)
    assert row["renew_at"] == more.start_time  # not before its last period has begun
    assert row["paid_until"] is None


async def test_a_gift_does_not_make_the_giver_pay_for_what_goes_on_after_it(desk: Desk) -> None:
    giver = await desk.customer(2002)
    own = await desk.order(CUSTOMER, ("DIGI", 1))
    await desk.order(CUSTOMER, ("DIGI", 2), payer_customer_number=giver)
    row = await desk.row(own.subscription_id)
    assert (row["payer_customer_number"], row["coupon_number"]) == (None, 1)


async def test_a_gift_to_who_has_nothing_is_paid_by_the_giver(desk: Desk) -> None:
    giver = await desk.customer(2002)
    gift = await desk.order(CUSTOMER, ("DIGI", 2), payer_customer_number=giver)
    assert (await desk.row(gift.subscription_id))["payer_customer_number"] == giver


async def test_a_start_after_the_end_of_what_runs_makes_a_subscription_of_its_own(desk: Desk) -> None:
    first = await desk.order(CUSTOMER, ("DIGI", 1))
    second = await desk.order(CUSTOMER, ("DIGI", 1), start_time=desk.day(60))
    assert second.subscription_id != first.subscription_id
    assert (await desk.row(second.subscription_id))["state"] == "waiting"
    third = await desk.order(CUSTOMER, ("DIGI", 1), start_time=first.end_time)
    assert (third.subscription_id, third.start_time) == (first.subscription_id, first.end_time)


async def test_who_waits_for_a_later_start_can_start_another_one_now(desk: Desk) -> None:
    later = await desk.order(CUSTOMER, ("DIGI", 1), start_time=desk.day(60))
    now = await desk.order(CUSTOMER, ("DIGI", 1))
    assert now.subscription_id != later.subscription_id
    assert now.start_time == desk.day()


async def test_after_a_gap_it_begins_anew_and_the_start_moves(desk: Desk) -> None:
    first = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    desk.go_to(desk.day(30))
    await desk.live()
    again = await desk.order(CUSTOMER, ("DIGI", 1))
    assert (again.subscription_id, again.period_number, again.extended) == (first.subscription_id, 2, False)
    row = await desk.row(first.subscription_id)
    assert (row["state"], row["start_time"], row["paid_until"]) == ("active", desk.day(), None)
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "stop", "start"]


async def test_on_the_day_it_ended_it_goes_on_and_the_start_does_not_move(desk: Desk) -> None:
    first = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    begun = desk.day()
    desk.go_to(desk.day(14) + timedelta(hours=8))
    await desk.live()
    again = await desk.order(CUSTOMER, ("DIGI", 1))
    row = await desk.row(first.subscription_id)
    assert (row["state"], row["start_time"], again.start_time) == ("active", begun, first.end_time)
    assert (again.extended, row["paid_until"]) == (True, first.end_time)
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "stop", "stop_reset"]


async def test_one_whose_end_nobody_has_noted_yet_has_ended_all_the_same(desk: Desk) -> None:
    first = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    desk.go_to(desk.day(20))
    again = await desk.order(CUSTOMER, ("DIGI", 1))
    assert (again.subscription_id, again.start_time) == (first.subscription_id, desk.day())
    assert await desk.causes(first.subscription_id) == [
        (None, "stopping", "ordered"),
        ("stopping", "stopped", "ended"),
        ("stopped", "active", "ordered"),
    ]
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "stop", "start"]


async def test_what_was_left_of_a_stopped_one_does_not_overlap_with_what_is_started_anew(desk: Desk) -> None:
    first = await desk.order(CUSTOMER, ("DIGI", 1))
    await desk.order(CUSTOMER, ("DIGI", 1))
    desk.go_to(desk.day(5) + timedelta(hours=9))
    await changing.stop_now(desk.connection, desk.partner, desk.now, (CUSTOMER, first.subscription_id), "moved", ACTOR)
    await desk.order(CUSTOMER, ("DIGI", 2))
    assert await desk.periods(first.subscription_id) == [
        (date(2027, 1, 15), date(2027, 1, 20)),
        (date(2027, 1, 20), date(2028, 1, 20)),
    ]
    assert (await desk.row(first.subscription_id))["start_time"] == desk.day(-5)


@pytest.mark.parametrize("days", [10, 15])
async def test_one_that_was_stopped_before_it_began_is_not_gone_on_with(desk: Desk, days: int) -> None:
    first = await desk.order(CUSTOMER, ("DIGI", 1), start_time=desk.day(10))
    key = (CUSTOMER, first.subscription_id)
    await changing.stop_now(desk.connection, desk.partner, desk.now, key, "regretted", ACTOR)
    desk.go_to(desk.day(days))
    again = await desk.order(CUSTOMER, ("DIGI", 1))
    assert not again.extended
    assert (await desk.row(first.subscription_id))["start_time"] == desk.day()
    assert len(await desk.periods(first.subscription_id)) == 1
    # It was never told of as begun, so this is no restart.
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["stop", "start"]


async def test_one_without_an_end_is_there_once(desk: Desk) -> None:
    first = await desk.order(CUSTOMER, ("DIGI", 1), period=None, costs=False)
    second = await desk.order(CUSTOMER, ("DIGI", 1), period=None, costs=False)
    assert (second.subscription_id, second.period_number, second.end_time) == (first.subscription_id, 1, None)
    assert await desk.connection.fetchval("select count(*) from subscription_period") == 1
    assert await desk.connection.fetchval("select paid_until = 'infinity' from subscription") is True
    assert await desk.events(CUSTOMER) == [("start", "DIGI", None)]


async def test_one_with_an_end_that_is_given_ends_then_and_is_not_renewed(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, period=None, end_time=desk.day(100) - timedelta(seconds=1), costs=False)
    assert started.end_time == desk.day(100)
    assert (await desk.row(started.subscription_id))["state"] == "stopping"
    # What is to be given up to a day that it reaches anyway adds nothing.
    again = await desk.order(CUSTOMER, period=None, end_time=desk.day(50), costs=False)
    assert (again.period_number, again.end_time) == (1, desk.day(100))


async def test_the_day_of_the_month_is_kept_through_short_months(desk: Desk) -> None:
    desk.go_to(desk.day(16))
    month = Period(1, "months")
    for _ in range(3):
        started = await desk.order(CUSTOMER, ("DIGI", 1), period=month)
    assert await desk.periods(started.subscription_id) == [
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2027, 2, 28), date(2027, 3, 31)),
        (date(2027, 3, 31), date(2027, 4, 30)),
    ]


async def test_the_plan_of_the_coupon_counts_unless_another_one_is_wanted(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("PAPER", 10), sales_person="Ola", customer_reference="A-1", copies=3)
    row = await desk.row(started.subscription_id)
    assert (row["delivery_plan_id"], row["sales_person"], row["customer_reference"], row["copies"]) == (
        3,
        "Ola",
        "A-1",
        3,
    )


async def test_an_unknown_customer_and_that_of_another_partner_get_nothing(desk: Desk, playground: Playground) -> None:
    other = await open_desk(playground, 2)
    with pytest.raises(NotFound):
        await other.order(CUSTOMER)
    await other.customer(CUSTOMER)
    theirs = await other.order(CUSTOMER)
    ours = await desk.order(CUSTOMER)
    assert ours.subscription_id != theirs.subscription_id
    assert not ours.extended


async def test_orders_at_the_same_moment_are_queued_one_behind_the_other(desk: Desk, database_url: str) -> None:
    async def order() -> None:
        connection = await asyncpg.connect(database_url)
        await prepare_connection(connection)
        async with connection.transaction():
            await start_or_extend(connection, desk.partner, desk.now, desk.start(CUSTOMER, ("DIGI", 1)), ACTOR)
        await connection.close()

    await asyncio.gather(*(order() for _ in range(8)))
    subscription_id = await desk.connection.fetchval("select subscription_id from subscription")
    found = await desk.periods(subscription_id)
    assert len(found) == 8
    assert all(end == begin for (_, end), (begin, _) in pairwise(found))
