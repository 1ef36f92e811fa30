"""Doing things to subscriptions in a test, and seeing what came of them."""

from datetime import date, datetime, timedelta
from typing import Any

import asyncpg

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.catalogue.offers import version_at
from kolofon.engine.subscriptions.running import change_states
from kolofon.engine.subscriptions.service import Start, StartedPeriod, start_or_extend
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of, start_of_day
from tests.playground import Playground

ZONE = "Europe/Oslo"
ACTOR = "client:no.example.web"


class Desk:
    """A partner's customers and their subscriptions, on the movable clock."""

    def __init__(self, playground: Playground, partner: PartnerCatalogue) -> None:
        self.connection: Connection = playground.connection
        self.clock: Clock = playground.clock
        self.partner = partner

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def today(self) -> date:
        return day_of(self.now, ZONE)

    def day(self, after: int = 0) -> datetime:
        """The beginning of a day that is so many days from today."""
        return start_of_day(self.today + timedelta(days=after), ZONE)

    def go_to(self, moment: datetime) -> None:
        self.clock.move(moment - self.now)

    async def customer(self, number: int) -> int:
        await self.connection.execute(
            "insert into customer (partner_id, customer_number, created_at) values ($1, $2, $3) on conflict do nothing",
            self.partner.partner_id,
            number,
            self.now,
        )
        return number

    async def order(self, customer_number: int, coupon: tuple[str, int] = ("DIGI", 2), **members: Any) -> StartedPeriod:
        """Start or extend what a coupon sells."""
        async with self.connection.transaction():
            return await start_or_extend(
                self.connection, self.partner, self.now, self.start(customer_number, coupon, **members), ACTOR
            )

    def start(self, customer_number: int, coupon: tuple[str, int] = ("DIGI", 2), **members: Any) -> Start:
        offer = self.partner.offers.coupons[coupon]
        price = version_at(offer.prices, self.now)
        assert price is not None
        assert offer.product_code is not None
        values: dict[str, Any] = {
            "customer_number": customer_number,
            "payer_customer_number": None,
            "product": self.partner.offers.products[offer.product_code],
            "coupon": offer,
            "period": price.period,
            "start_time": None,
        }
        return Start(**(values | members))

    async def live(self) -> int:
        """Let happen what happens by itself up to now; returns how many changes that were."""
        changes = 0
        while done := await change_states(self.connection, self.partner, self.now):
            changes += done
        return changes

    async def row(self, subscription_id: int) -> asyncpg.Record:
        row = await self.connection.fetchrow("select * from subscription where subscription_id = $1", subscription_id)
        assert row is not None
        return row

    async def periods(self, subscription_id: int) -> list[tuple[date, date | None]]:
        """The days from and to which its periods go."""
        rows = await self.connection.fetch(
            """
            select start_time, end_time from subscription_period
            where subscription_id = $1 and not cancelled order by period_number
            """,
            subscription_id,
        )
        return [
            (day_of(row["start_time"], ZONE), day_of(row["end_time"], ZONE) if row["end_time"] else None)
            for row in rows
        ]

    async def causes(self, subscription_id: int) -> list[tuple[str | None, str, str]]:
        rows = await self.connection.fetch(
            """
            select state_before, state, cause from subscription_change
            where subscription_id = $1 order by subscription_change_id
            """,
            subscription_id,
        )
        return [(row["state_before"], row["state"], row["cause"]) for row in rows]

    async def events(self, customer_number: int) -> list[tuple[str, str, date | None]]:
        """What was told of a customer's subscriptions: status, product, and the last day of the period."""
        rows = await self.connection.fetch(
            """
            select status, data from event
            where partner_id = $1 and type = 'subscription' and data ->> 'customerNumber' = $2::text
            order by event_id
            """,
            self.partner.partner_id,
            str(customer_number),
        )
        return [(row["status"], row["data"]["productCode"], _last_day(row["data"]["periodEnd"])) for row in rows]


def _last_day(milliseconds: int | None) -> date | None:
    if milliseconds is None:
        return None
    return day_of(datetime.fromtimestamp(milliseconds / 1000 - 1, start_of_day(date(2027, 1, 1), ZONE).tzinfo), ZONE)


async def open_desk(playground: Playground, partner_id: int = 1) -> Desk:
    """With the catalogue as it is now."""
    return Desk(playground, (await read_catalogue(playground.connection)).partner(partner_id))
