"""The run prepares thousands at once; each of them is as the rules say of one."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.billing.kid import payment_reference
from kolofon.engine.billing.renewal_preview import preview
from kolofon.engine.pricing.rules import Place, price_renewal
from kolofon.engine.subscriptions.rules import period_end, renewal_time
from kolofon.platform.dates import day_of, start_of_day
from tests.engine.billing.counter import Counter
from tests.engine.subscriptions.desk import ZONE

SUBSCRIPTIONS = 1500
OFFERS: list[tuple[str, str | None, int | None]] = [
    ("DIGI", "DIGI", 1),
    ("DIGI", "DIGI", 2),
    ("PAPER", "PAPER", 10),
    ("DIGI", "TRIAL", 5),
    ("MAG", "MAG", 20),
    ("DIGI", "OLD", 1),
    ("WEEKEND", None, None),
    ("DIGI", None, None),
]
PLACES = [
    None,
    ("NO", "0150"),
    ("NO", "9008"),
    ("NO", None),
    (None, "9000"),
    ("SE", "111 22"),
    ("DK", "1000"),
    ("FI", ""),
]


async def more_to_sell(counter: Counter) -> None:
    """Odd prices, rates that change, a product that renews by its own price."""
    execute = counter.connection.execute
    since = datetime(2000, 1, 1, tzinfo=UTC)
    await execute(
        "insert into vat_rate values (1, 'NEWS', 'NO', '2027-01-20', 12), (1, 'MAG', 'SE', '2027-01-25', 25.5)"
    )
    await execute(
        """
        insert into product_price (partner_id, product_code, valid_from, currency, vat_included, web_offer_price_minor,
            retail_price_minor, period_length, period_type)
        values (1, 'WEEKEND', $1, 'NOK', false, 3333, 4999, 6, 'weeks')
        """,
        since,
    )
    await execute("update coupon_price set renewal_price_minor = 33337 where coupon_code = 'OLD'")
    await execute(
        "update coupon_price set renewal_period_length = 10, renewal_period_type = 'days' where coupon_code = 'OLD'"
    )
    await execute(
        "update distribution_price set vat_included = false, price_minor = 9901 where postal_code_from = '9000'"
    )
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)


async def subscribe(counter: Counter, chance: random.Random) -> None:
    await counter.connection.execute("truncate customer, invoice_counter, invoice_look_up cascade")
    desk, numbers = counter.desk, range(1, SUBSCRIPTIONS + 1)
    await counter.connection.executemany(
        "insert into customer (partner_id, customer_number, created_at) values (1, $1, $2)",
        [(number, desk.now) for number in numbers],
    )
    places = [(number, chance.choice(PLACES)) for number in numbers]
    await counter.connection.executemany(
        """
        insert into customer_address (partner_id, customer_number, country_code, postal_code, valid_from, created_at)
        values (1, $1, $2, $3, '2020-01-01', $4)
        """,
        [(number, *place, desk.now) for number, place in places if place is not None],
    )
    rows = []
    for number in numbers:
        began = desk.today - timedelta(days=chance.randint(20, 800))
        ends = desk.today + timedelta(days=chance.randint(-10, 14))
        start, end = start_of_day(began, ZONE), start_of_day(ends, ZONE)
        payer = chance.choice([None, None, chance.choice(numbers)])
        offer = chance.choice(OFFERS)
        rows.append((number, payer, *offer, chance.choice([1, 1, 2, 7]), start, end, end - timedelta(days=14)))
    await counter.connection.executemany(
        """
        insert into subscription (partner_id, customer_number, payer_customer_number, product_code, coupon_code,
            coupon_number, copies, state, start_time, end_time, renew_at)
        values (1, $1, $2, $3, $4, $5, $6, 'active', $7, $8, $9)
        """,
        rows,
    )


class Renewed(msgspec.Struct):
    """How a subscription stands after a run: its new periods with their money, and when the next one is prepared."""

    renew_at: datetime | None
    ends: list[datetime] = []
    # Net and VAT of the subscription, and of bringing it unless that is free.
    money: list[tuple[int, ...]] = []


def expected(counter: Counter, row: Any, place: tuple[str | None, str | None] | None) -> Renewed:
    """By the rules, for this one subscription."""
    desk, offers = counter.desk, counter.desk.partner.offers
    coupon = offers.coupons[row["coupon_code"], row["coupon_number"]] if row["coupon_code"] else None
    product = offers.products[row["product_code"]]
    where = Place(place[0] or "NO", place[1]) if place is not None else None
    copies, anchor_day = row["copies"], day_of(row["start_time"], ZONE).day
    after, end = Renewed(row["renew_at"]), row["end_time"]
    while after.renew_at is not None and after.renew_at <= desk.now:
        day = day_of(end, ZONE)
        found = price_renewal(offers, coupon, product, desk.now, place=where, quantity=copies, day=day)
        if found is None:
            after.renew_at = None
            continue
        priced, period = found
        start, end = end, period_end(end, period, ZONE, anchor_day)
        after.renew_at = renewal_time(start, end, offers.renewal_days)
        after.ends.append(end)
        bringing = (priced.distribution_net_minor, priced.distribution_vat_minor)
        after.money.append((priced.net_minor, priced.vat_minor, *(bringing if any(bringing) else ())))
    return after


async def renewed(counter: Counter) -> dict[int, Renewed]:
    """As the run has written it, with every invoice found by its number and its reference."""
    fetch = counter.connection.fetch
    found, payers, ends = {}, {}, {}
    for row in await fetch("select * from subscription"):
        number = row["customer_number"]
        found[number] = Renewed(row["renew_at"])
        payers[number], ends[number] = row["payer_customer_number"] or number, row["end_time"]
    invoices = {row["invoice_number"]: row for row in await fetch("select * from invoice")}
    assert {n: i["customer_number"] for n, i in invoices.items()} == {
        row["invoice_number"]: row["customer_number"] for row in await fetch("select * from invoice_look_up")
    }
    lines: dict[int, list[int]] = defaultdict(list)
    for row in await fetch("select * from invoice_line order by line_number"):
        lines[row["invoice_number"]] += [row["net_minor"], row["vat_minor"]]
    house = counter.desk.partner.offers.companies["HOUSE"]
    for row in await fetch("select * from subscription_period order by customer_number, period_number"):
        number, invoice = row["customer_number"], invoices[row["invoice_number"]]
        money = lines[row["invoice_number"]]
        assert (invoice["net_minor"], invoice["vat_minor"]) == (sum(money[::2]), sum(money[1::2]))
        assert invoice["customer_number"] == payers[number]
        assert invoice["kid"] == payment_reference(house, payers[number], row["invoice_number"])
        found[number].ends.append(row["end_time"])
        found[number].money.append(tuple(money))
    assert all(one.ends[-1] == ends[number] for number, one in found.items() if one.ends)
    return found


@given(chance=st.randoms(use_true_random=True))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_renewal_is_what_the_rules_say_of_it(counter: Counter, chance: random.Random) -> None:
    if not counter.desk.partner.offers.products["WEEKEND"].prices:
        await more_to_sell(counter)
    await subscribe(counter, chance)
    rows = await counter.connection.fetch("select * from subscription")
    addresses = await counter.connection.fetch(
        "select customer_number, country_code, postal_code from customer_address"
    )
    places = {row["customer_number"]: (row["country_code"], row["postal_code"]) for row in addresses}
    wanted = {row["customer_number"]: expected(counter, row, places.get(row["customer_number"])) for row in rows}
    while (await counter.renew(most=400)).taken:
        pass
    assert await renewed(counter) == wanted
    numbers = await counter.numbers()
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > SUBSCRIPTIONS // 2


async def test_a_dry_run_tells_what_the_run_then_does_and_changes_nothing(counter: Counter) -> None:
    await more_to_sell(counter)
    await subscribe(counter, random.Random(7))  # noqa: S311 (nobody is to be kept from guessing)
    # Some were left out for months.
    await counter.connection.execute(
        """
        update subscription set end_time = end_time - interval '70 days', renew_at = renew_at - interval '70 days'
        where customer_number % 5 = 0 and start_time < end_time - interval '70 days'
        """
    )
    before = await counter.connection.fetch("select * from subscription order by subscription_id")
    rows = await preview(counter.connection, counter.desk.partner, counter.desk.now)
    assert await counter.connection.fetch("select * from subscription order by subscription_id") == before
    assert await counter.numbers() == []
    batches = []
    while (batch := await counter.renew(most=400)).taken:
        batches.append(batch)
    for name, of_batch in (("periods", "renewed"), ("ending", "stopping"), ("invoices", "invoices")):
        assert sum(getattr(row, name) for row in rows) == sum(getattr(batch, of_batch) for batch in batches)
    for name in ("net_minor", "vat_minor"):
        assert sum(getattr(row, name) for row in rows) == sum(getattr(batch, name) for batch in batches)
    lines = await counter.connection.fetch(
        "select product_code, sum(net_minor)::bigint, sum(vat_minor)::bigint from invoice_line group by 1 order by 1"
    )
    assert [(row.product_code, row.net_minor, row.vat_minor) for row in rows if row.invoices] == [
        tuple(line) for line in lines
    ]
    assert {row.product_code for row in rows} == {"DIGI", "PAPER", "MAG", "WEEKEND"}
