"""Making invoices in a test, and seeing what became of them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec

from kolofon.engine.billing.dunning import remind
from kolofon.engine.billing.renewal import RenewalBatch, renew_batch
from kolofon.engine.billing.service import Draft, DraftLine, MadeInvoice, Paid, make_invoices, pay_invoice
from kolofon.engine.subscriptions.service import StartedPeriod
from tests.engine.subscriptions.desk import Desk

MONTH = DraftLine(
    kind="subscription",
    product_code="DIGI",
    description="DIGI",
    quantity=1,
    price_minor=29900,
    vat_included=True,
    vat_percent=Decimal(0),
)
MUG = DraftLine(
    kind="product",
    product_code="MUG",
    description="MUG",
    quantity=1,
    price_minor=19900,
    vat_included=True,
    vat_percent=Decimal(25),
)


def draft(*lines: DraftLine, customer_number: int = 1001, **members: Any) -> Draft:
    """An invoice of HOUSE to be paid by hand."""
    values: dict[str, Any] = {"company_code": "HOUSE", "currency": "NOK", "payment_method": "invoice"} | members
    return Draft(customer_number=customer_number, lines=lines or (MONTH,), **values)


class Counter:
    """Where a partner's customers are asked for money."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.connection = desk.connection

    async def make(self, *drafts: Draft) -> list[MadeInvoice]:
        async with self.connection.transaction():
            return await make_invoices(self.connection, self.desk.partner, self.desk.now, drafts or [draft()])

    async def sell(self, customer_number: int = 1001, coupon: tuple[str, int] = ("DIGI", 1), **members: Any) -> Any:
        """A first period with its invoice; returns what was started and the invoice."""
        started: StartedPeriod = await self.desk.order(customer_number, coupon, **members)
        line = msgspec.structs.replace(
            MONTH,
            receiver_customer_number=customer_number,
            subscription_id=started.subscription_id,
            period_number=started.period_number,
        )
        payer = members.get("payer_customer_number") or customer_number
        [made] = await self.make(draft(line, customer_number=payer))
        return started, made

    async def pay(self, number: int, amount: int = 29900, reference: str = "bank 1") -> bool:
        paid = Paid(amount_minor=amount, reference=reference, paid_at=self.desk.now)
        async with self.connection.transaction():
            return await pay_invoice(self.connection, self.desk.partner, self.desk.now, "HOUSE", number, paid)

    async def renew(self, most: int = 10_000) -> RenewalBatch:
        return await renew_batch(self.connection, self.desk.partner, self.desk.now, most)

    async def remind(self) -> int:
        """All that is due now, one step of each invoice."""
        return await remind(self.connection, self.desk.partner, self.desk.now)

    async def invoice(self, number: int, partner_id: int = 1) -> asyncpg.Record:
        row = await self.connection.fetchrow(
            "select * from invoice where partner_id = $1 and invoice_number = $2", partner_id, number
        )
        assert row is not None
        return row

    async def lines(self, number: int) -> list[tuple[str, str, int, int]]:
        """Kind, product, net and VAT."""
        rows = await self.connection.fetch(
            """
            select kind, product_code, net_minor, vat_minor from invoice_line
            where partner_id = 1 and invoice_number = $1 order by line_number
            """,
            number,
        )
        return [tuple(row) for row in rows]

    async def numbers(self, partner_id: int = 1) -> list[int]:
        rows = await self.connection.fetch(
            "select invoice_number from invoice where partner_id = $1 order by 1", partner_id
        )
        return [row["invoice_number"] for row in rows]

    async def mails(self) -> list[asyncpg.Record]:
        """In the order in which they were written."""
        return await self.connection.fetch("select recipient, subject, text, html from message order by created_at")

    async def reminders(self, number: int) -> list[tuple[int, str, date, int, str | None]]:
        """Number, kind, due date, fee and recipient of what was sent of an invoice."""
        rows = await self.connection.fetch(
            """
            select reminder_number, kind, due_date, fee_minor, recipient from invoice_reminder
            where invoice_number = $1 order by reminder_number
            """,
            number,
        )
        return [tuple(row) for row in rows]

    async def email(self, *emails: str, customer_number: int = 1001) -> None:
        await self.connection.executemany(
            "insert into customer_email (partner_id, customer_number, email, position) values (1, $1, $2, $3)",
            [(customer_number, email, position) for position, email in enumerate(emails)],
        )

    async def live_somewhere(
        self,
        customer_number: int,
        postal_code: str | None,
        country_code: str | None = "NO",
        since: date = date(2020, 1, 1),
    ) -> None:
        await self.connection.execute(
            "update customer_address set valid_until = $2 where customer_number = $1 and valid_until is null",
            customer_number,
            since,
        )
        await self.connection.execute(
            """
            insert into customer_address
                (partner_id, customer_number, postal_code, country_code, valid_from, created_at)
            values (1, $1, $2, $3, $4, $5)
            """,
            customer_number,
            postal_code,
            country_code,
            since,
            self.desk.now,
        )


def columns(row: asyncpg.Record, names: Sequence[str]) -> tuple[Any, ...]:
    """Some columns of a row."""
    return tuple(row[name] for name in names)
