"""Two years of ten subscribers, lived through a day at a time: every invoice, every event and what is left."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from kolofon.engine.billing.service import Draft, DraftLine, Paid, make_invoices, pay_invoice
from kolofon.engine.pricing.rules import Place, price_coupon
from kolofon.engine.subscriptions import changing
from kolofon.engine.subscriptions.life_run import live_through
from kolofon.engine.subscriptions.service import StartedPeriod
from kolofon.platform.dates import day_of, start_of_day
from tests.engine.subscriptions.desk import ACTOR, ZONE, Desk

BEGINNING = date(2027, 1, 15)
DAYS = 731
MONTHLY, QUARTERLY, YEARLY, TRIAL, GIVEN, ENDLESS, STOPPED, PAUSED, NEVER, LATE = range(3001, 3011)
GIVER = 4001
# How many days after its date an invoice is paid.
PAYS_AFTER = {MONTHLY: 3, QUARTERLY: 14, YEARLY: 20, GIVER: 5, STOPPED: 1, PAUSED: 2, LATE: 100}

Invoice = tuple[str, float, str]  # its date, all of it with fees, its status
Told = tuple[str, str, str | None]  # on which day, what, and the last day of the period
YEAR_AFTER: Told = ("2029-01-01", "renew", "2030-01-14")


class Years:
    """What the subscribers do, and what is seen of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.started: dict[int, StartedPeriod] = {}

    async def buy(self, customer: int, coupon: tuple[str, int], payer: int | None = None, **members: Any) -> None:
        """An order by invoice, with the money of the price list."""
        desk, offers = self.desk, self.desk.partner.offers
        await desk.customer(customer)
        await desk.connection.execute(
            """
            insert into customer_address
                (partner_id, customer_number, country_code, postal_code, valid_from, created_at)
            values (1, $1, 'NO', '0150', '2027-01-01', $2)
            """,
            customer,
            desk.now,
        )
        offer = offers.coupons[coupon]
        priced = price_coupon(offers, offer, desk.now, place=Place("NO", "0150"), day=desk.today)
        costs = members.pop("costs", priced.total_minor > 0)
        started = await desk.order(customer, coupon, payer_customer_number=payer, costs=costs, **members)
        self.started[customer] = started
        goods = DraftLine(
            kind="subscription",
            product_code=str(offer.product_code),
            description=offer.description,
            quantity=1,
            price_minor=priced.unit_price_minor,
            vat_included=priced.vat_included,
            vat_percent=priced.vat_percent,
            receiver_customer_number=customer,
            subscription_id=started.subscription_id,
            period_number=started.period_number,
        )
        lines = [goods]
        if bringing := priced.distribution_net_minor + priced.distribution_vat_minor:
            lines.append(msgspec.structs.replace(goods, kind="distribution", price_minor=bringing, vat_included=True))
        if costs:
            draft = Draft(
                customer_number=payer or customer,
                company_code="HOUSE",
                currency="NOK",
                payment_method="invoice",
                lines=tuple(lines),
            )
            async with desk.connection.transaction():
                await make_invoices(desk.connection, desk.partner, desk.now, [draft])

    async def begin(self) -> None:
        """Everybody orders on the same day."""
        desk = self.desk
        await desk.customer(GIVER)
        await self.buy(MONTHLY, ("DIGI", 1))
        await self.buy(QUARTERLY, ("PAPER", 10))
        await self.buy(YEARLY, ("MAG", 20))
        await self.buy(TRIAL, ("TRIAL", 5))
        await self.buy(GIVEN, ("DIGI", 2), payer=GIVER)
        await self.buy(ENDLESS, ("DIGI", 1), period=None, costs=False)
        await self.buy(STOPPED, ("DIGI", 1))
        await self.buy(PAUSED, ("DIGI", 2))
        await self.buy(NEVER, ("DIGI", 1))
        await self.buy(LATE, ("DIGI", 2))
        await desk.connection.execute(
            """
            insert into customer_email (partner_id, customer_number, email, position)
            select 1, customer_number, customer_number || '@example.no', 0 from customer where customer_number > 3000
            """
        )

    async def a_day(self) -> None:
        """What is due happens, then people do what they do."""
        desk = self.desk
        await live_through(desk.connection, desk.partner, desk.now)
        await self.pay()
        if desk.today == date(2027, 6, 20):
            key = (STOPPED, self.started[STOPPED].subscription_id)
            await changing.stop_at_period_end(desk.connection, desk.partner, desk.now, key, "too dear", ACTOR)
        if desk.today == date(2027, 7, 1):
            key = (PAUSED, self.started[PAUSED].subscription_id)
            days = date(2027, 7, 10), date(2027, 8, 9)
            await changing.pause(desk.connection, desk.partner, desk.now, key, days, ACTOR)

    async def pay(self) -> None:
        desk = self.desk
        rows = await desk.connection.fetch(
            """
            select customer_number, invoice_number, invoice_date, net_minor + vat_minor + fees_minor as total
            from invoice where status = 'open' and kind = 'invoice' order by invoice_number
            """
        )
        for row in rows:
            after = PAYS_AFTER.get(row["customer_number"])
            if after is None or desk.today < row["invoice_date"] + timedelta(days=after):
                continue
            paid = Paid(amount_minor=row["total"], reference=f"bank {row['invoice_number']}", paid_at=desk.now)
            async with desk.connection.transaction():
                await pay_invoice(desk.connection, desk.partner, desk.now, "HOUSE", row["invoice_number"], paid)

    async def invoices(self, customer: int) -> list[Invoice]:
        rows = await self.desk.connection.fetch(
            """
            select invoice_date, kind, net_minor + vat_minor + fees_minor as total, status
            from invoice where customer_number = $1 order by invoice_number
            """,
            customer,
        )
        return [(str(row["invoice_date"]), row["total"] / 100, row["status"]) for row in rows]

    async def told(self, customer: int) -> list[Told]:
        rows = await self.desk.connection.fetch(
            """
            select occurred_at from event
            where partner_id = 1 and type = 'subscription' and data ->> 'customerNumber' = $1::text
            order by event_id
            """,
            str(customer),
        )
        events = await self.desk.events(customer)
        days = [str(day_of(row["occurred_at"], ZONE)) for row in rows]
        return [
            (day, status, str(end) if end is not None else None)
            for day, (status, _, end) in zip(days, events, strict=True)
        ]

    async def state(self, customer: int) -> tuple[str, str | None]:
        """Its state, and the last paid day."""
        row = await self.desk.connection.fetchrow(
            """
            select state, case when isfinite(paid_until) then paid_until end as paid_until
            from subscription where customer_number = $1
            """,
            customer,
        )
        assert row is not None
        paid = row["paid_until"]
        return row["state"], str(day_of(paid - timedelta(seconds=1), ZONE)) if paid is not None else None


# The months of the two years, as 2027-01.
MONTHS = [f"{year}-{month:02}" for year in (2027, 2028, 2029) for month in range(1, 13)]


def renewed(first: str, last: str, every: int) -> list[Told]:
    """Renewals on the first of months; the new period, of so many months, begins on the 15th."""
    months = MONTHS[MONTHS.index(first) : MONTHS.index(last) + 1 : every]
    return [(f"{month}-01", "renew", f"{MONTHS[MONTHS.index(month) + every]}-14") for month in months]


def asked(first: str, last: str, every: int, total: float) -> list[Invoice]:
    """Invoices on the first of months."""
    return [(f"{month}-01", total, "paid") for month in MONTHS[MONTHS.index(first) : MONTHS.index(last) + 1 : every]]


INVOICES: Mapping[int, list[Invoice]] = {
    MONTHLY: [("2027-01-15", 1.0, "paid"), *asked("2027-02", "2029-01", 1, 299.0)],
    # 59.00 of each is for bringing it.
    QUARTERLY: [("2027-01-15", 1058.0, "paid"), *asked("2027-04", "2029-01", 3, 1258.0)],
    # 100.00 with 25 % VAT on top, and 59.00 for bringing it. The last one is not due yet.
    YEARLY: [("2027-01-15", 184.0, "paid"), ("2028-01-01", 184.0, "paid"), ("2029-01-01", 184.0, "open")],
    TRIAL: [],
    GIVEN: [],
    GIVER: [("2027-01-15", 2990.0, "paid"), ("2028-01-01", 2990.0, "paid"), ("2029-01-01", 2990.0, "paid")],
    ENDLESS: [],
    STOPPED: [("2027-01-15", 1.0, "paid"), *asked("2027-02", "2027-06", 1, 299.0)],
    PAUSED: [("2027-01-15", 2990.0, "paid"), ("2028-01-31", 2990.0, "paid")],
    # Two fees of 38.00 each. What was not delivered any more is not asked for.
    NEVER: [
        ("2027-01-15", 77.0, "open"),
        ("2027-02-01", 375.0, "open"),
        ("2027-03-01", 375.0, "open"),
        ("2027-04-01", 299.0, "credited"),
        ("2027-04-09", -299.0, "credited"),
    ],
    LATE: [("2027-01-15", 3066.0, "paid"), ("2028-01-17", 3066.0, "paid")],
}
EVENTS: Mapping[int, list[Told]] = {
    MONTHLY: [("2027-01-15", "start", "2027-02-14"), *renewed("2027-02", "2029-01", 1)],
    QUARTERLY: [("2027-01-15", "start", "2027-04-14"), *renewed("2027-04", "2029-01", 3)],
    YEARLY: [("2027-01-15", "start", "2028-01-14"), *renewed("2028-01", "2028-01", 12), YEAR_AFTER],
    TRIAL: [("2027-01-15", "start", "2027-01-28"), ("2027-01-29", "stop", "2027-01-28")],
    GIVEN: [("2027-01-15", "start", "2028-01-14"), *renewed("2028-01", "2028-01", 12), YEAR_AFTER],
    GIVER: [],
    ENDLESS: [("2027-01-15", "start", None)],
    STOPPED: [
        ("2027-01-15", "start", "2027-02-14"),
        *renewed("2027-02", "2027-06", 1),
        ("2027-07-15", "stop", "2027-07-14"),
    ],
    # Thirty days are given back.
    PAUSED: [
        ("2027-01-15", "start", "2028-01-14"),
        ("2027-07-10", "stop", "2028-01-14"),
        ("2027-08-09", "stop_reset", "2028-02-13"),
        ("2028-01-31", "renew", "2029-02-13"),
    ],
    NEVER: [
        ("2027-01-15", "start", "2027-02-14"),
        *renewed("2027-02", "2027-04", 1),
        ("2027-04-09", "stop", "2027-04-09"),
    ],
    # The sixteen days up to the payment are given back, each time.
    LATE: [
        ("2027-01-15", "start", "2028-01-14"),
        ("2027-04-09", "stop", "2027-04-09"),
        ("2027-04-25", "stop_reset", "2028-01-30"),
        ("2028-01-17", "renew", "2029-01-30"),
        ("2028-04-10", "stop", "2028-04-10"),
        ("2028-04-26", "stop_reset", "2029-02-15"),
    ],
}
STATES: Mapping[int, tuple[str, str | None]] = {
    MONTHLY: ("active", "2029-02-14"),
    QUARTERLY: ("active", "2029-04-14"),
    YEARLY: ("active", "2029-01-14"),
    TRIAL: ("stopped", "2027-01-28"),
    GIVEN: ("active", "2030-01-14"),
    ENDLESS: ("active", None),
    STOPPED: ("stopped", "2027-07-14"),
    PAUSED: ("active", "2029-02-13"),
    NEVER: ("stopped", None),
    LATE: ("active", "2029-02-15"),
}


async def test_two_years_of_ten_subscribers_come_to_these_invoices_and_events(desk: Desk) -> None:
    years = Years(desk)
    await years.begin()
    for day in range(1, DAYS + 1):
        desk.go_to(start_of_day(BEGINNING + timedelta(days=day), ZONE) + timedelta(hours=6))
        await years.a_day()
    assert {customer: await years.invoices(customer) for customer in INVOICES} == INVOICES
    assert {customer: await years.told(customer) for customer in EVENTS} == EVENTS
    assert {customer: await years.state(customer) for customer in STATES} == STATES
    await all_is_in_order(desk)


async def all_is_in_order(desk: Desk) -> None:
    """What must hold of everybody: numbers and periods without gaps, and nothing that is due is left."""
    numbers = await desk.connection.fetch("select invoice_number from invoice order by invoice_number")
    first = numbers[0]["invoice_number"]
    assert [row["invoice_number"] for row in numbers] == list(range(first, first + len(numbers)))
    assert not await desk.connection.fetch(
        """
        select from subscription_period p
        join subscription_period n using (partner_id, customer_number, subscription_id)
        where n.period_number = p.period_number + 1 and n.start_time is distinct from p.end_time
        """
    )
    assert not await desk.connection.fetch("select from subscription where change_at <= $1 or renew_at <= $1", desk.now)
    # Every line of money is of a period, and its payer is not always who has it.
    assert not await desk.connection.fetch("select from invoice_line where subscription_id is null")


async def test_living_through_the_same_day_again_changes_nothing(desk: Desk) -> None:
    years = Years(desk)
    await years.begin()
    desk.go_to(start_of_day(date(2027, 2, 12), ZONE))
    assert (await live_through(desk.connection, desk.partner, desk.now)).anything
    before = await everything(desk)
    assert not (await live_through(desk.connection, desk.partner, desk.now)).anything
    assert await everything(desk) == before


async def everything(desk: Desk) -> list[list[Any]]:
    tables = ("subscription", "subscription_period", "subscription_change", "invoice", "invoice_reminder", "event")
    return [await desk.connection.fetch(f"select * from {table} order by 1, 2, 3, 4") for table in tables]
