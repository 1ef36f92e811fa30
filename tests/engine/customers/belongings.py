"""Customers who have one of everything, for tests of merging; and seeing where it all is."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.merging.service import Merged, merge_customers
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.conftest import SECRETS
from tests.playground import WEB, Playground

GOES, STAYS = 1001, 1002
ACTOR = "command-line:test"
FRIEND = 3000  # has what somebody else pays for, and pays for somebody else
EVERYWHERE = """
    select c.table_name::text, c.column_name::text
    from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.column_name ~ '(customer|merged)_number$'
    order by 1, 2
"""


async def insert(connection: Connection, table: str, **values: Any) -> Any:
    """Insert a row of partner 1; returns its first column."""
    values = {"partner_id": 1} | values
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    names = ", ".join(values)
    return await connection.fetchval(
        f"insert into {table} ({names}) values ({places}) returning {table}", *values.values()
    )


class Belongings:
    """Gives customers of partner 1 what a customer can have."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.connection = playground.connection
        self.now = playground.clock.now()
        self.today: date = self.now.date()

    async def friend(self) -> None:
        """The customer on the other side of gifts."""
        await self.playground.add_reader("friend@example.no", FRIEND)

    async def give(self, number: int, **columns: Any) -> None:
        """One of everything; the number's last digit tells whose a thing is. Columns are the customer's own."""
        await self.playground.add_reader(f"user{number}@example.no", number)
        names = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 2))
        if columns:
            await self.connection.execute(
                f"update customer set {names} where customer_number = $1", number, *columns.values()
            )
        await self.contacts(number)
        await self.permissions(number)
        await self.sold(number)
        await self.notes(number)
        await self.index(number)

    async def contacts(self, number: int) -> None:
        """Addresses and numbers, one of each shared with everybody who is given everything."""
        put = self.connection, "customer_email"
        for position, email in enumerate(("both@example.no", f"own{number}@example.no"), 1):
            await insert(*put, customer_number=number, email=email, position=position)
        put = self.connection, "customer_phone_number"
        for position, phone in enumerate(("+4790000000", f"+479000{number}"), 1):
            await insert(*put, customer_number=number, phone_number=phone, position=position)
        await self.address(number, date(2020, 1, 1), street=f"Street {number}")
        await self.address(number, self.today + timedelta(10), self.today + timedelta(20), "PAPER")
        await insert(
            self.connection,
            "customer_category",
            customer_number=number,
            category_code="SKI",
            free_value=f"free {number}",
            changed_at=self.now,
        )

    async def address(
        self,
        number: int,
        valid_from: date,
        valid_until: date | None = None,
        product: str | None = None,
        **columns: Any,
    ) -> None:
        """Where it is found."""
        values = {"postal_code": "0150", "country_code": "NO", "created_at": self.now} | columns
        await insert(
            self.connection,
            "customer_address",
            customer_number=number,
            valid_from=valid_from,
            valid_until=valid_until,
            product_code=product,
            **values,
        )

    async def permissions(self, number: int) -> None:
        """A purpose and a channel that are permitted."""
        level = {"customer_number": number, "enterprise_code": "NEWS", "changed_at": self.now}
        await insert(self.connection, "privacy_permission", purpose="DM", **level)
        await insert(self.connection, "marketing_permission", channel="DM", permission="PERMISSION", **level)

    async def sold(self, number: int) -> None:
        """An order with its invoice, subscription, access and reward, and one for each other with the friend."""
        order_id = await self.order(number, number)
        subscription_id = await self.subscription(number, None)
        await self.invoice(number, number, number, subscription_id)
        await insert(
            self.connection,
            "customer_access",
            customer_number=number,
            kind="article",
            code=f"a-{number}",
            start_time=self.now,
            end_time=self.now + timedelta(1),
            order_id=order_id,
        )
        await insert(
            self.connection,
            "customer_reward",
            reward_partner_id=7,
            reward_id=str(number),
            order_id=order_id,
            line_number=1,
            customer_number=number,
            given_at=self.now,
        )
        given = await self.subscription(FRIEND, number)
        await self.order(number, FRIEND, 100_000)
        await self.invoice(number, FRIEND, number + 100_000, given)
        got = await self.subscription(number, FRIEND)
        await self.order(FRIEND, number, 200_000)
        await self.invoice(FRIEND, number, number + 200_000, got)

    async def order(self, payer: int, receiver: int, offset: int = 0) -> int:
        """An order that is handed over; its id is the payer's or receiver's number and the offset."""
        order_id = (payer if payer != FRIEND else receiver) + offset
        await insert(
            self.connection,
            "customer_order",
            order_id=order_id,
            client_id=WEB,
            status="transferred",
            registered_at=self.now,
            order_time=self.now,
            payment_method="invoice",
            recurring=False,
            prepaid=False,
            company_code="HOUSE",
            currency="NOK",
            amount_minor=29900,
            vat_minor=0,
            payer={"lastName": "Nordmann", "customerNumber": payer},
            customer_number=payer,
            expires_at=self.now + timedelta(3),
        )
        await insert(
            self.connection,
            "order_line",
            order_id=order_id,
            line_number=1,
            product_spec_type="coupon",
            coupon_code="DIGI",
            coupon_number=1,
            product_code="DIGI",
            description="DIGI",
            quantity=1,
            vat_included=True,
            unit_price_minor=29900,
            net_minor=29900,
            vat_percent=0,
            vat_minor=0,
            receiver={"lastName": "Friend"} if payer != receiver else None,
            receiver_customer_number=receiver,
        )
        return order_id

    async def subscription(self, number: int, payer: int | None) -> int:
        """One of DIGI with its period and what led to it; returns its id."""
        start, end = self.now - timedelta(10), self.now + timedelta(20)
        row = await self.connection.fetchrow(
            """
            insert into subscription (partner_id, customer_number, product_code, state, start_time, end_time,
                paid_until, payer_customer_number, category_code, renew_at)
            values (1, $1, 'DIGI', 'active', $2, $3, $3, $4, 'SKI', $3)
            returning subscription_id
            """,
            number,
            start,
            end,
            payer,
        )
        assert row is not None
        key = {"customer_number": number, "subscription_id": row[0]}
        await insert(self.connection, "subscription_period", period_number=1, start_time=start, end_time=end, **key)
        await insert(
            self.connection,
            "subscription_change",
            changed_at=start,
            state="active",
            cause="ordered",
            actor="worker",
            **key,
        )
        return int(row[0])

    async def invoice(self, payer: int, receiver: int, number: int, subscription_id: int) -> None:
        """An invoice of a period, half paid and reminded of."""
        key = {"customer_number": payer, "company_code": "HOUSE", "invoice_number": number}
        await insert(
            self.connection,
            "invoice",
            kind="invoice",
            kid=f"{payer:07}{number:07}0",
            currency="NOK",
            created_at=self.now,
            invoice_date=self.today,
            due_date=self.today + timedelta(14),
            net_minor=20000,
            vat_minor=9900,
            paid_minor=14950,
            status="open",
            payment_method="invoice",
            remind_at=self.now + timedelta(28),
            reminder_number=0,
            **key,
        )
        await insert(self.connection, "invoice_look_up", **key)
        await insert(
            self.connection,
            "invoice_line",
            line_number=1,
            kind="subscription",
            product_code="DIGI",
            description="DIGI",
            quantity=1,
            net_minor=20000,
            vat_percent=0,
            vat_minor=9900,
            receiver_customer_number=receiver,
            subscription_id=subscription_id,
            period_number=1,
            **key,
        )
        await insert(
            self.connection,
            "invoice_payment",
            amount_minor=14950,
            paid_at=self.now,
            payment_method="invoice",
            reference=f"bank {number}",
            **key,
        )
        await insert(
            self.connection,
            "invoice_reminder",
            reminder_number=0,
            kind="invoice",
            sent_at=self.now,
            due_date=self.today + timedelta(14),
            fee_minor=0,
            **key,
        )

        await self.connection.execute(
            """
            update subscription_period set company_code = 'HOUSE', invoice_number = $2
            where subscription_id = $1 and period_number = 1
            """,
            subscription_id,
            number,
        )

    async def notes(self, number: int) -> None:
        """What others keep of it."""
        reference = {"reference_code": "CRM", "external_id": str(number), "customer_number": number}
        await insert(self.connection, "customer_external_reference", registered_at=self.now, **reference)
        await insert(self.connection, "external_reference_look_up", **reference)
        await insert(
            self.connection,
            "customer_metadata",
            customer_number=number,
            client_id=WEB,
            metadata=f'{{"of": {number}}}',
            changed_at=self.now,
        )
        case_id = await self.connection.fetchval(
            """
            insert into customer_case (partner_id, customer_number, client_id, status, opened_at, changed_at)
            values (1, $1, $2, 'waiting', $3, $3)
            returning case_id
            """,
            number,
            WEB,
            self.now,
        )
        await insert(
            self.connection,
            "customer_case_message",
            case_id=case_id,
            message_number=1,
            direction="IN",
            content="Where is it?",
            written_at=self.now,
            actor="user:x",
        )
        await insert(
            self.connection,
            "customer_merge",
            customer_number=number,
            merged_number=number + 500,
            merged_at=self.now,
            actor="command-line:test",
        )

    async def index(self, number: int) -> None:
        """It can be searched for."""
        await self.connection.execute(
            "insert into customer_search values (1, $1, array_to_tsvector(array['x'])) on conflict do nothing", number
        )


class Merger:
    """Merges customers of partner 1, each time in a transaction of its own."""

    def __init__(self, connection: Connection, partner: PartnerCatalogue, clock: Clock) -> None:
        self.connection = connection
        self.partner = partner
        self.clock = clock

    async def __call__(self, merged: int = GOES, into: int = STAYS, **members: Any) -> Merged:
        members = {"secrets": SECRETS} | members
        async with self.connection.transaction():
            return await merge_customers(
                self.connection, self.partner, self.clock.now(), merged, into, ACTOR, **members
            )


async def named(connection: Connection, number: int) -> dict[str, int]:
    """In how many rows each column of customer numbers names a customer, 0 too."""
    found = {}
    for table, column in await connection.fetch(EVERYWHERE):
        found[f"{table}.{column}"] = await connection.fetchval(
            f"select count(*) from {table} where partner_id = 1 and {column} = $1", number
        )
    return found


async def rows(connection: Connection, table: str, numbers: dict[int, int] | None = None) -> Counter[str]:
    """The rows of a table with their counts, as texts. `numbers`: what customer numbers are to be read as."""
    found: Counter[str] = Counter()
    for (row,) in await connection.fetch(f"select to_jsonb(t) from {table} t"):
        read = {
            name: (numbers or {}).get(value, value) if name.endswith("customer_number") else value
            for name, value in row.items()
        }
        found[msgspec.json.encode(read, order="sorted").decode()] += 1
    return found
