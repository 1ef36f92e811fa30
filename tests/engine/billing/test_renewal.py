import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.billing.kid import DoesNotFit, payment_reference
from kolofon.engine.billing.renewal import RenewalBatch, renew_batch
from kolofon.engine.billing.service import make_invoices
from kolofon.platform.database import Connection
from kolofon.platform.dates import start_of_day
from tests.engine.billing.counter import Counter, columns, draft
from tests.engine.subscriptions.desk import ZONE, Desk


def go_to_renewal(desk: Desk, end: Any) -> None:
    """To the morning on which a period that ends at a time is followed by the next."""
    desk.go_to(end - timedelta(days=14) + timedelta(hours=9))


async def test_the_next_period_is_prepared_before_the_present_one_ends(counter: Counter) -> None:
    desk = counter.desk
    started, _ = await counter.sell()
    desk.go_to(started.end_time - timedelta(days=14, seconds=1))
    assert await counter.renew() == RenewalBatch(0)
    desk.go_to(started.end_time - timedelta(days=14))
    assert await counter.renew() == RenewalBatch(1, renewed=1, invoices=1, net_minor=29900)
    row = await desk.row(started.subscription_id)
    assert await desk.periods(started.subscription_id) == [
        (date(2027, 1, 15), date(2027, 2, 15)),
        (date(2027, 2, 15), date(2027, 3, 15)),
    ]
    assert row["end_time"] == start_of_day(date(2027, 3, 15), ZONE)
    # The period after it is not prepared before this one begins.
    assert row["renew_at"] == start_of_day(date(2027, 3, 1), ZONE)
    assert columns(row, ["state", "paid_until"]) == ("active", None)
    assert started.start_time < row["changed_at"] <= desk.now
    assert await desk.events(1001) == [("start", "DIGI", date(2027, 2, 14)), ("renew", "DIGI", date(2027, 3, 14))]


async def test_the_invoice_of_a_renewal_is_like_any_other(counter: Counter) -> None:
    started, _ = await counter.sell(customer_reference="Ref 7")
    go_to_renewal(counter.desk, started.end_time)
    await counter.renew()
    row = await counter.invoice(2)
    names = ["customer_number", "kind", "status", "payment_method", "currency", "net_minor", "vat_minor", "paid_minor"]
    assert columns(row, names) == (1001, "invoice", "open", "invoice", "NOK", 29900, 0, 0)
    assert columns(row, ["invoice_date", "due_date", "customer_reference", "reminder_number"]) == (
        date(2027, 2, 1),
        date(2027, 2, 15),
        "Ref 7",
        None,
    )
    assert row["kid"] == payment_reference(counter.desk.partner.offers.companies["HOUSE"], 1001, 2)
    assert await counter.lines(2) == [("subscription", "DIGI", 29900, 0)]
    [line] = await counter.connection.fetch("select * from invoice_line where invoice_number = 2")
    assert columns(
        line, ["description", "quantity", "receiver_customer_number", "subscription_id", "period_number"]
    ) == (
        "DIGI",
        1,
        1001,
        started.subscription_id,
        2,
    )
    [period] = await counter.connection.fetch("select * from subscription_period where period_number = 2")
    assert columns(period, ["company_code", "invoice_number"]) == ("HOUSE", 2)
    look_up = await counter.connection.fetchval("select customer_number from invoice_look_up where invoice_number = 2")
    assert look_up == 1001
    assert await counter.pay(2)
    assert (await counter.desk.row(started.subscription_id))["paid_until"] is None, "the first period is not paid"
    assert await counter.pay(1)
    row = await counter.desk.row(started.subscription_id)
    assert row["paid_until"] == row["end_time"]


async def test_a_renewal_is_done_once(counter: Counter) -> None:
    started, _ = await counter.sell()
    go_to_renewal(counter.desk, started.end_time)
    assert (await counter.renew()).taken == 1
    assert await counter.renew() == RenewalBatch(0)
    counter.desk.clock.move(timedelta(days=-30))
    assert await counter.renew() == RenewalBatch(0)
    assert await counter.numbers() == [1, 2]


async def test_who_was_left_out_for_long_gets_one_period_after_the_other(counter: Counter) -> None:
    started, _ = await counter.sell()
    counter.desk.go_to(start_of_day(date(2027, 5, 10), ZONE))
    taken = 0
    while batch := (await counter.renew()).taken:
        taken += batch
    assert taken == 4
    assert await counter.numbers() == [1, 2, 3, 4, 5]
    assert (await counter.desk.periods(started.subscription_id))[-1] == (date(2027, 5, 15), date(2027, 6, 15))


async def test_periods_keep_the_day_on_which_the_subscription_began(counter: Counter) -> None:
    desk = counter.desk
    desk.go_to(start_of_day(date(2027, 1, 31), ZONE))
    started, _ = await counter.sell()
    desk.go_to(start_of_day(date(2027, 5, 1), ZONE))
    while (await counter.renew()).taken:
        pass
    ends = [end for _, end in await desk.periods(started.subscription_id)]
    assert ends == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30), date(2027, 5, 31)]


async def be_away(counter: Counter) -> None:
    """For a time the paper goes elsewhere, which changes no price."""
    await counter.connection.execute(
        """
        insert into customer_address
            (partner_id, customer_number, product_code, postal_code, country_code, valid_from, created_at)
        values (1, 1001, 'PAPER', '9999', 'NO', '2020-01-01', $1)
        """,
        counter.desk.now,
    )


@pytest.mark.parametrize(
    ("postal_code", "country_code", "distribution"),
    [("0150", "NO", 5900), ("9008", "NO", 9900), (None, None, 5900), ("11122", "SE", 4623), ("1000", "DK", 0)],
)
async def test_paper_is_brought_to_where_the_reader_lives(
    counter: Counter, postal_code: str | None, country_code: str | None, distribution: int
) -> None:
    await counter.live_somewhere(1001, "0001", since=date(2019, 1, 1))
    await counter.live_somewhere(1001, postal_code, country_code)
    await counter.live_somewhere(1001, "9999", since=date(2027, 12, 1))
    await be_away(counter)
    started, _ = await counter.sell(coupon=("PAPER", 10))
    go_to_renewal(counter.desk, started.end_time)
    await counter.renew()
    lines = await counter.lines(2)
    assert [(line[0], line[2]) for line in lines[1:]] == ([("distribution", distribution)] if distribution else [])
    assert lines[0][:3] == ("subscription", "PAPER", 119900 if country_code != "SE" else 113113)


async def test_vat_is_that_of_the_day_on_which_the_period_begins(counter: Counter) -> None:
    await counter.connection.execute("insert into vat_rate values (1, 'NEWS', 'NO', '2027-02-10', 25)")
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    started, _ = await counter.sell()
    # It is made on 1 February, for the period from 15 February.
    go_to_renewal(counter.desk, started.end_time)
    await counter.renew()
    assert await counter.lines(2) == [("subscription", "DIGI", 23920, 5980)]


async def test_the_price_is_the_one_that_is_valid_now_and_stays_in_the_invoice(counter: Counter) -> None:
    started, _ = await counter.sell()
    await counter.connection.execute(
        """
        insert into coupon_price
        select partner_id, coupon_code, coupon_number, $1, currency, vat_included, price_minor, period_length,
            period_type, 34900, 2, 'months'
        from coupon_price where partner_id = 1 and coupon_code = 'DIGI' and coupon_number = 1
        """,
        counter.desk.day(5),
    )
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    go_to_renewal(counter.desk, started.end_time)
    await counter.renew()
    assert await counter.lines(2) == [("subscription", "DIGI", 34900, 0)]
    assert (await counter.desk.periods(started.subscription_id))[-1] == (date(2027, 2, 15), date(2027, 4, 15))


async def test_copies_are_all_asked_for(counter: Counter) -> None:
    await counter.live_somewhere(1001, "0150")
    started, _ = await counter.sell(coupon=("PAPER", 10), copies=3)
    go_to_renewal(counter.desk, started.end_time)
    await counter.renew()
    assert [line[2] for line in await counter.lines(2)] == [359700, 17700]
    assert await counter.connection.fetchval("select quantity from invoice_line where invoice_number = 2 limit 1") == 3


async def test_a_gift_is_asked_of_who_gave_it_and_goes_to_who_got_it(counter: Counter) -> None:
    await counter.desk.customer(1002)
    started, _ = await counter.sell(1002, payer_customer_number=1001)
    go_to_renewal(counter.desk, started.end_time)
    await counter.renew()
    row = await counter.invoice(2)
    assert row["customer_number"] == 1001
    assert row["kid"] == payment_reference(counter.desk.partner.offers.companies["HOUSE"], 1001, 2)
    [line] = await counter.connection.fetch("select * from invoice_line where invoice_number = 2")
    assert columns(line, ["customer_number", "receiver_customer_number"]) == (1001, 1002)


@pytest.mark.parametrize(
    ("method", "asked_by"),
    [("vippsRecurring", "vippsRecurring"), ("kco", "kco"), ("free", "invoice"), ("sms", "invoice")],
)
async def test_what_cannot_be_charged_again_by_itself_is_paid_by_hand(
    counter: Counter, method: str, asked_by: str
) -> None:
    started, _ = await counter.sell(payment_method=method)
    go_to_renewal(counter.desk, started.end_time)
    await counter.renew()
    row = await counter.invoice(2)
    assert row["payment_method"] == asked_by
    assert (row["remind_at"] is None) == (asked_by != "invoice")


async def free_of_charge(counter: Counter, coupon: str = "DIGI") -> None:
    await counter.connection.execute(
        "update coupon_price set renewal_price_minor = 0 where partner_id = 1 and coupon_code = $1", coupon
    )
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)


async def test_a_period_that_costs_nothing_has_no_invoice_and_is_as_paid_as_the_one_before(counter: Counter) -> None:
    await free_of_charge(counter)
    desk = counter.desk
    paid = await desk.order(1001, ("DIGI", 1), costs=False)
    await desk.customer(1002)
    unpaid, _ = await counter.sell(1002)
    assert paid.end_time is not None
    go_to_renewal(desk, paid.end_time)
    assert await counter.renew() == RenewalBatch(2, renewed=2)
    assert await counter.numbers() == [1]
    row = await desk.row(paid.subscription_id)
    assert row["paid_until"] == row["end_time"]
    assert (await desk.row(unpaid.subscription_id))["paid_until"] is None
    rows = await counter.connection.fetch(
        "select company_code, invoice_number from subscription_period where period_number = 2"
    )
    assert [tuple(row) for row in rows] == [(None, None)] * 2


async def test_an_offer_that_has_ended_ends_with_its_period(counter: Counter) -> None:
    started, _ = await counter.sell()
    await counter.connection.execute(
        """
        insert into coupon_price
        select partner_id, coupon_code, coupon_number, $1, currency, vat_included, price_minor, period_length,
            period_type, null, null, null
        from coupon_price where partner_id = 1 and coupon_code = 'DIGI' and coupon_number = 1
        """,
        counter.desk.day(5),
    )
    desk = counter.desk
    desk.partner = (await read_catalogue(counter.connection)).partner(1)
    go_to_renewal(desk, started.end_time)
    assert await counter.renew() == RenewalBatch(1, stopping=1)
    row = await desk.row(started.subscription_id)
    assert columns(row, ["state", "renew_at", "change_at", "end_time"]) == (
        "stopping",
        None,
        started.end_time,
        started.end_time,
    )
    assert (await desk.causes(started.subscription_id))[-1] == ("active", "stopping", "notRenewed")
    assert await counter.renew() == RenewalBatch(0)
    desk.go_to(started.end_time)
    await desk.live()
    assert (await desk.row(started.subscription_id))["state"] == "stopped"


async def test_a_product_that_has_left_the_catalogue_is_not_renewed(counter: Counter) -> None:
    started, _ = await counter.sell()
    await counter.connection.execute("update product set retired = true where product_code = 'DIGI'")
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    go_to_renewal(counter.desk, started.end_time)
    assert await counter.renew() == RenewalBatch(1, stopping=1)


async def test_a_coupon_that_is_sold_no_more_goes_on_for_who_has_it(counter: Counter) -> None:
    started, _ = await counter.sell()
    await counter.connection.execute("update coupon set retired = true, end_time = $1", counter.desk.day(1))
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    go_to_renewal(counter.desk, started.end_time)
    assert (await counter.renew()).renewed == 1


async def test_the_invoices_of_a_batch_go_by_company(counter: Counter) -> None:
    desk = counter.desk
    await counter.connection.execute(
        "insert into company (partner_id, company_code, name) values (1, 'ANNEX', 'Annex')"
    )
    await counter.connection.execute(
        "update product set company_code = 'ANNEX' where product_code = 'DIGI' and partner_id = 1"
    )
    desk.partner = (await read_catalogue(counter.connection)).partner(1)
    await counter.make()
    for number in (1002, 1003):
        await desk.customer(number)
        await desk.order(number, ("DIGI", 2))
    await desk.order(1001, ("MAG", 20))
    started = await desk.order(1001, ("DIGI", 2))
    assert started.end_time is not None
    go_to_renewal(desk, started.end_time)
    assert (await counter.renew()).invoices == 4
    rows = await counter.connection.fetch("select company_code, invoice_number from invoice order by 1, 2")
    assert [tuple(row) for row in rows] == [("ANNEX", 1), ("ANNEX", 2), ("ANNEX", 3), ("HOUSE", 1), ("HOUSE", 2)]
    assert sorted(await counter.lines(2)) == [("subscription", "DIGI", 299000, 0), ("subscription", "MAG", 10000, 2500)]


async def many(counter: Counter, number: int) -> None:
    """Customers from 2001 on, each with a month that is due today."""
    desk = counter.desk
    await counter.connection.execute(
        """
        insert into customer (partner_id, customer_number, created_at)
        select 1, 2000 + number, $2 from generate_series(1, $1::integer) number
        """,
        number,
        desk.now,
    )
    await counter.connection.execute(
        """
        insert into subscription (partner_id, customer_number, product_code, coupon_code, coupon_number, state,
            start_time, end_time, renew_at)
        select 1, customer_number, 'DIGI', 'DIGI', 1, 'active', $1, $2, $3 from customer
        where partner_id = 1 and customer_number > 2000
        """,
        desk.day(-20),
        desk.day(11),
        desk.day(-3),
    )


async def test_a_run_is_made_of_batches(counter: Counter) -> None:
    await many(counter, 25)
    taken = []
    while batch := (await counter.renew(most=10)).taken:
        taken.append(batch)
    assert taken == [10, 10, 5]
    assert await counter.numbers() == list(range(1, 26))


async def test_two_runs_at_once_share_the_work_and_leave_no_gap(counter: Counter, other_connection: Connection) -> None:
    await many(counter, 300)
    partner, now = counter.desk.partner, counter.desk.now

    async def run(connection: Connection) -> int:
        renewed = 0
        while batch := (await renew_batch(connection, partner, now, 20)).renewed:
            renewed += batch
        return renewed

    assert sum(await asyncio.gather(run(counter.connection), run(other_connection))) == 300
    assert await counter.numbers() == list(range(1, 301))
    assert await counter.connection.fetchval("select count(*) from subscription_period") == 300


async def test_orders_and_renewals_at_once_leave_no_gap(counter: Counter, other_connection: Connection) -> None:
    await many(counter, 200)
    partner, now = counter.desk.partner, counter.desk.now

    async def run() -> None:
        while (await renew_batch(other_connection, partner, now, 15)).taken:
            pass

    async def order() -> None:
        for _ in range(30):
            async with counter.connection.transaction():
                await make_invoices(counter.connection, partner, now, [draft()])

    await asyncio.gather(run(), order())
    assert await counter.numbers() == list(range(1, 231))


async def test_what_somebody_changes_at_the_moment_is_left_to_the_next_run(
    counter: Counter, other_connection: Connection
) -> None:
    await many(counter, 3)
    async with other_connection.transaction():
        await other_connection.execute("select from subscription where customer_number = 2002 for update")
        assert (await counter.renew()).taken == 2
        # All that is due is in somebody's hands.
        assert await counter.renew() == RenewalBatch(0)
    assert (await counter.renew()).taken == 1


async def test_a_batch_that_fails_has_done_nothing(counter: Counter) -> None:
    await many(counter, 3)
    await counter.connection.execute(
        "update subscription set payer_customer_number = 12345678 where customer_number = 2002"
    )
    await counter.desk.customer(12345678)
    with pytest.raises(DoesNotFit, match="customer number 12345678"):
        await counter.renew()
    assert await counter.numbers() == []
    assert await counter.connection.fetchval("select count(*) from subscription_period") == 0
    assert await counter.connection.fetchval("select count(*) from event") == 0
    await counter.connection.execute("update subscription set payer_customer_number = null")
    assert (await counter.renew()).taken == 3
    assert await counter.numbers() == [1, 2, 3]


async def test_other_partners_are_left_alone(counter: Counter) -> None:
    started, _ = await counter.sell()
    await counter.connection.execute(
        "insert into customer (partner_id, customer_number, created_at) values (2, 1001, $1)", counter.desk.now
    )
    await counter.connection.execute("insert into customer_address select 2, customer_number from customer_address")
    await counter.connection.execute(
        """
        insert into subscription (partner_id, customer_number, product_code, coupon_code, coupon_number, state,
            start_time, end_time, renew_at)
        select 2, customer_number, product_code, coupon_code, coupon_number, state, start_time, end_time, renew_at
        from subscription
        """
    )
    go_to_renewal(counter.desk, started.end_time)
    assert (await counter.renew()).taken == 1
    assert (await counter.numbers(1), await counter.numbers(2)) == ([1, 2], [])
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(2)
    assert (await counter.renew()).taken == 1
    assert columns(await counter.invoice(1, 2), ["currency", "net_minor", "vat_minor"]) == ("SEK", 28208, 1692)


async def test_what_rests_or_has_no_end_is_not_renewed(counter: Counter) -> None:
    await many(counter, 3)
    await counter.connection.execute("update subscription set renew_at = 'infinity' where customer_number = 2001")
    await counter.connection.execute(
        "update subscription set renew_at = null, end_time = null where customer_number = 2002"
    )
    counter.desk.go_to(start_of_day(date(2099, 1, 1), ZONE))
    assert (await counter.renew()).taken == 1


async def test_one_that_waits_to_start_waits_on(counter: Counter) -> None:
    await many(counter, 1)
    await counter.connection.execute("update subscription set state = 'waiting', change_at = start_time")
    await free_of_charge(counter)
    await counter.renew()
    [row] = await counter.connection.fetch("select * from subscription")
    assert columns(row, ["state", "change_at"]) == ("waiting", row["start_time"])
    await counter.connection.execute("update product set retired = true")
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    counter.desk.go_to(row["renew_at"])
    assert (await counter.renew()).stopping == 1
    [row] = await counter.connection.fetch("select * from subscription")
    assert columns(row, ["state", "change_at", "renew_at"]) == ("waiting", row["start_time"], None)
    assert await counter.connection.fetchval("select count(*) from subscription_change") == 0
