from datetime import date, timedelta
from typing import Any

import pytest

from kolofon.engine.billing.service import Draft, DraftLine, Paid, credit_invoice, make_invoices, pay_invoice
from kolofon.engine.subscriptions import changing
from kolofon.engine.subscriptions.service import StartedPeriod, periods_paid, stop_unpaid
from tests.engine.subscriptions.desk import ACTOR, Desk

CUSTOMER = 1001


async def ordered(
    desk: Desk, customer_number: int = CUSTOMER, payer: int | None = None, **members: Any
) -> StartedPeriod:
    """Order a month that costs 299, with its invoice."""
    started = await desk.order(customer_number, ("DIGI", 1), payer_customer_number=payer, **members)
    draft = draft_of(_line(desk, customer_number, started), payer=payer or customer_number)
    async with desk.connection.transaction():
        await make_invoices(desk.connection, desk.partner, desk.now, [draft])
    return started


async def ordered_line(desk: Desk) -> DraftLine:
    """Order a month, whose invoice is to be made."""
    return _line(desk, CUSTOMER, await desk.order(CUSTOMER, ("DIGI", 1)))


def draft_of(*lines: DraftLine, payer: int = CUSTOMER) -> Draft:
    return Draft(customer_number=payer, company_code="HOUSE", currency="NOK", payment_method="invoice", lines=lines)


def _line(desk: Desk, customer_number: int, started: StartedPeriod) -> DraftLine:
    return DraftLine(
        kind="subscription",
        product_code="DIGI",
        description="A month",
        quantity=1,
        price_minor=29900,
        vat_included=True,
        vat_percent=desk.partner.offers.vat_rates[0].percent * 0,
        receiver_customer_number=customer_number,
        subscription_id=started.subscription_id,
        period_number=started.period_number,
    )


async def numbers(desk: Desk) -> list[int]:
    rows = await desk.connection.fetch("select invoice_number from invoice order by created_at, invoice_number")
    return [row["invoice_number"] for row in rows]


async def pay(desk: Desk, number: int, payer: int = CUSTOMER) -> None:
    paid = Paid(amount_minor=29900, reference=f"bank {number}", paid_at=desk.now)
    async with desk.connection.transaction():
        await pay_invoice(desk.connection, desk.partner, desk.now, "HOUSE", number, paid)


async def give_up(desk: Desk, number: int, payer: int = CUSTOMER) -> None:
    async with desk.connection.transaction():
        await stop_unpaid(desk.connection, desk.partner, desk.now, "HOUSE", payer, number)


async def test_what_is_paid_reaches_as_far_as_all_periods_before_are_paid(desk: Desk) -> None:
    started = await ordered(desk)
    await ordered(desk)
    await ordered(desk)
    first, second, third = await numbers(desk)
    await pay(desk, first)
    assert (await desk.row(started.subscription_id))["paid_until"] == started.end_time
    await pay(desk, third)
    assert (await desk.row(started.subscription_id))["paid_until"] == started.end_time
    await pay(desk, second)
    row = await desk.row(started.subscription_id)
    assert row["paid_until"] == row["end_time"]


async def test_a_period_that_costs_nothing_is_paid_with_the_one_before(desk: Desk) -> None:
    started = await ordered(desk)
    trial = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    assert (await desk.row(started.subscription_id))["paid_until"] is None
    await pay(desk, (await numbers(desk))[0])
    assert (await desk.row(started.subscription_id))["paid_until"] == trial.end_time


async def test_what_is_not_paid_stops_and_is_told_of(desk: Desk) -> None:
    started = await ordered(desk)
    desk.go_to(desk.day(20) + timedelta(hours=9))
    await give_up(desk, (await numbers(desk))[0])
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["stop_reason"]) == ("stopped", "unpaid")
    assert desk.day() + timedelta(hours=9) <= row["end_time"] <= desk.now
    assert (await desk.causes(started.subscription_id))[-1] == ("active", "stopped", "unpaid")
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "stop"]
    await give_up(desk, (await numbers(desk))[0])
    assert len(await desk.events(CUSTOMER)) == 2


async def test_paying_after_the_stop_opens_again_and_gives_the_lost_days_back(desk: Desk) -> None:
    started = await ordered(desk)
    desk.go_to(desk.day(20) + timedelta(hours=9))
    await give_up(desk, (await numbers(desk))[0])
    desk.go_to(desk.day(10) + timedelta(hours=9))
    await pay(desk, (await numbers(desk))[0])
    row = await desk.row(started.subscription_id)
    # 15 February, ten days later; it renews again.
    assert (row["state"], row["stop_reason"], row["start_time"]) == ("active", None, started.start_time)
    assert await desk.periods(started.subscription_id) == [(date(2027, 1, 15), date(2027, 2, 25))]
    assert row["end_time"] == row["paid_until"]
    assert row["renew_at"] == row["end_time"] - timedelta(days=14)
    assert (await desk.causes(started.subscription_id))[-1] == ("stopped", "active", "paid")
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "stop", "stop_reset"]


async def test_paying_twice_gives_nothing_back_twice(desk: Desk) -> None:
    started = await ordered(desk)
    number = (await numbers(desk))[0]
    desk.go_to(desk.day(20))
    await give_up(desk, number)
    desk.go_to(desk.day(10))
    await pay(desk, number)
    before = await desk.row(started.subscription_id)
    await periods_paid(desk.connection, 1, "HOUSE", CUSTOMER, number, desk.now)
    assert await desk.row(started.subscription_id) == before


async def test_as_long_as_another_period_is_owed_it_stays_stopped(desk: Desk) -> None:
    started = await ordered(desk)
    await ordered(desk)
    first, second = await numbers(desk)
    desk.go_to(desk.day(40))
    await give_up(desk, first)
    await pay(desk, first)
    assert (await desk.row(started.subscription_id))["state"] == "stopped"
    await pay(desk, second)
    assert (await desk.row(started.subscription_id))["state"] == "active"


async def test_time_that_had_run_out_before_the_stop_is_not_given_again(desk: Desk) -> None:
    started = await ordered(desk)
    number = (await numbers(desk))[0]
    key = (CUSTOMER, started.subscription_id)
    await changing.stop_at_period_end(desk.connection, desk.partner, desk.now, key, "enough", ACTOR)
    desk.go_to(desk.day(60))
    await desk.live()
    await give_up(desk, number)
    await pay(desk, number)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["stop_reason"]) == ("stopped", "enough")
    assert row["paid_until"] == started.end_time


async def test_a_stop_for_another_reason_is_not_undone_by_a_payment(desk: Desk) -> None:
    started = await ordered(desk)
    key = (CUSTOMER, started.subscription_id)
    await changing.stop_now(desk.connection, desk.partner, desk.now, key, "moved", ACTOR)
    await pay(desk, (await numbers(desk))[0])
    assert (await desk.row(started.subscription_id))["state"] == "stopped"


async def test_an_unpaid_period_that_lies_ahead_does_not_take_the_paid_one_away(desk: Desk) -> None:
    started = await ordered(desk)
    later = await ordered(desk)
    first, second = await numbers(desk)
    await pay(desk, first)
    desk.clock.move(timedelta(days=2))
    await give_up(desk, second)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["end_time"], row["change_at"]) == ("stopping", later.start_time, later.start_time)
    await pay(desk, second)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["end_time"], row["paid_until"]) == ("active", later.end_time, later.end_time)
    assert row["renew_at"] == later.end_time - timedelta(days=14)  # type: ignore[operator]


async def test_a_gift_stops_when_the_giver_does_not_pay_and_opens_when_the_giver_does(desk: Desk) -> None:
    giver = await desk.customer(2002)
    gift = await ordered(desk, payer=giver)
    own = await ordered(desk, giver)
    gift_invoice, own_invoice = await numbers(desk)
    desk.go_to(desk.day(20))
    await give_up(desk, gift_invoice, giver)
    assert (await desk.row(gift.subscription_id))["state"] == "stopped"
    assert (await desk.row(own.subscription_id))["state"] == "active"
    await pay(desk, own_invoice, giver)
    assert (await desk.row(gift.subscription_id))["state"] == "stopped"
    await pay(desk, gift_invoice, giver)
    assert (await desk.row(gift.subscription_id))["state"] == "active"


async def test_a_debt_from_before_a_gap_does_not_stop_what_was_started_after_it(desk: Desk) -> None:
    started = await ordered(desk)
    old = (await numbers(desk))[0]
    key = (CUSTOMER, started.subscription_id)
    desk.clock.move(timedelta(days=3))
    await changing.stop_now(desk.connection, desk.partner, desk.now, key, "moved", ACTOR)
    desk.clock.move(timedelta(days=30))
    await ordered(desk)
    await give_up(desk, old)
    assert (await desk.row(started.subscription_id))["state"] == "active"


@pytest.mark.parametrize("partner_id", [2, 999])
async def test_a_payment_at_another_partner_changes_nothing_here(desk: Desk, partner_id: int) -> None:
    started = await ordered(desk)
    number = (await numbers(desk))[0]
    before = await desk.row(started.subscription_id)
    if partner_id == 2:
        await periods_paid(desk.connection, partner_id, "HOUSE", CUSTOMER, number, desk.now)
    else:
        with pytest.raises(LookupError):
            await periods_paid(desk.connection, partner_id, "HOUSE", CUSTOMER, number, desk.now)
    assert await desk.row(started.subscription_id) == before


async def test_what_would_have_followed_is_asked_for_no_more_and_is_not_given_back(desk: Desk) -> None:
    started = await ordered(desk)
    await ordered(desk)
    first, second = await numbers(desk)
    desk.go_to(desk.day(20) + timedelta(hours=9))
    async with desk.connection.transaction():
        void = await stop_unpaid(desk.connection, desk.partner, desk.now, "HOUSE", CUSTOMER, first)
        assert void == [("HOUSE", second)]
        await credit_invoice(desk.connection, desk.partner, desk.now, *void[0])
    await pay(desk, first)
    row = await desk.row(started.subscription_id)
    # The rest of the first month, after which it is renewed anew.
    assert (row["state"], row["end_time"]) == ("active", started.end_time)
    assert await desk.periods(started.subscription_id) == [(date(2027, 1, 15), date(2027, 2, 15))]
    third = await ordered(desk)
    assert (third.period_number, third.start_time) == (3, started.end_time)


async def test_an_invoice_of_several_periods_that_never_begin_is_taken_back_once(desk: Desk) -> None:
    await ordered(desk)
    [first] = await numbers(desk)
    months = [await ordered_line(desk) for _ in range(2)]
    async with desk.connection.transaction():
        await make_invoices(desk.connection, desk.partner, desk.now, [draft_of(*months)])
    [_, second] = await numbers(desk)
    desk.go_to(desk.day(20) + timedelta(hours=9))
    async with desk.connection.transaction():
        void = await stop_unpaid(desk.connection, desk.partner, desk.now, "HOUSE", CUSTOMER, first)
    assert void == [("HOUSE", second)]


async def test_what_was_paid_ahead_is_kept_through_a_stop(desk: Desk) -> None:
    started = await ordered(desk)
    later = await ordered(desk)
    first, second = await numbers(desk)
    await pay(desk, second)
    desk.go_to(desk.day(20) + timedelta(hours=9))
    async with desk.connection.transaction():
        assert await stop_unpaid(desk.connection, desk.partner, desk.now, "HOUSE", CUSTOMER, first) == []
    await pay(desk, first)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["end_time"], row["paid_until"]) == ("active", later.end_time, later.end_time)


async def test_a_period_whose_invoice_was_taken_back_is_not_owed(desk: Desk) -> None:
    started = await ordered(desk)
    later = await ordered(desk)
    first, second = await numbers(desk)
    async with desk.connection.transaction():
        await credit_invoice(desk.connection, desk.partner, desk.now, "HOUSE", first)
    desk.go_to(desk.day(40) + timedelta(hours=9))
    await give_up(desk, second)
    assert (await desk.row(started.subscription_id))["state"] == "stopped"
    await pay(desk, second)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["end_time"], row["paid_until"]) == ("active", later.end_time, later.end_time)


async def test_a_period_that_never_began_and_was_taken_back_is_not_given_for_nothing(desk: Desk) -> None:
    started = await ordered(desk)
    await ordered(desk)
    first, second = await numbers(desk)
    async with desk.connection.transaction():
        await credit_invoice(desk.connection, desk.partner, desk.now, "HOUSE", second)
    desk.go_to(desk.day(20))
    await give_up(desk, first)
    await pay(desk, first)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["end_time"], row["paid_until"]) == ("active", started.end_time, started.end_time)


async def test_what_was_taken_back_already_is_not_taken_back_again(desk: Desk) -> None:
    await ordered(desk)
    await ordered(desk)
    first, second = await numbers(desk)
    async with desk.connection.transaction():
        await credit_invoice(desk.connection, desk.partner, desk.now, "HOUSE", second)
    desk.go_to(desk.day(20))
    async with desk.connection.transaction():
        assert await stop_unpaid(desk.connection, desk.partner, desk.now, "HOUSE", CUSTOMER, first) == []
