"""SQL that connects invoices and the periods they ask for."""

from datetime import datetime

import msgspec

from kolofon.engine.subscriptions.queries import Held
from kolofon.platform.database import Connection

Invoice = tuple[str, int, int]  # company, payer's customer number, number


class Days(msgspec.Struct, frozen=True):
    """How a partner reckons days."""

    time_zone: str
    renewal_days: int


class SoldPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A period of a subscription. `unpaid`: its invoice is not paid. `credited`: that was taken back."""

    period_number: int
    start_time: datetime
    end_time: datetime | None
    company_code: str | None
    invoice_number: int | None
    unpaid: bool
    credited: bool


async def find_days(connection: Connection, partner_id: int) -> Days:
    """A partner's time zone, and how long before its end a period is followed by the next."""
    row = await connection.fetchrow("select time_zone, renewal_days from partner where partner_id = $1", partner_id)
    if row is None:
        raise LookupError(f"there is no partner {partner_id}")
    return Days(*row)


async def list_subscriptions(connection: Connection, partner_id: int, invoice: Invoice) -> list[tuple[int, int]]:
    """The subscriptions an invoice asks for, each with its customer, in the order in which they are locked."""
    rows = await connection.fetch(
        """
        select distinct coalesce(receiver_customer_number, customer_number) as receiver, subscription_id
        from invoice_line
        where partner_id = $1 and company_code = $2 and customer_number = $3 and invoice_number = $4
            and subscription_id is not null
        order by receiver, subscription_id
        """,
        partner_id,
        *invoice,
    )
    return [(row["receiver"], row["subscription_id"]) for row in rows]


async def list_periods(
    connection: Connection, partner_id: int, held: Held, paid: tuple[str, int] | None
) -> list[SoldPeriod]:
    """The periods of the present unbroken subscription. `paid`: an invoice that counts as paid."""
    company_code, invoice_number = paid if paid is not None else (None, None)
    rows = await connection.fetch(
        """
        select p.period_number, p.start_time, p.end_time, p.company_code, p.invoice_number,
            p.invoice_number is not null and (p.company_code, p.invoice_number) is distinct from ($5, $6)
                and i.status is distinct from 'paid' as unpaid,
            i.status is not distinct from 'credited' as credited
        from subscription_period p
        left join invoice_look_up k on k.partner_id = p.partner_id and k.company_code = p.company_code
            and k.invoice_number = p.invoice_number
        left join invoice i on i.partner_id = k.partner_id and i.customer_number = k.customer_number
            and i.company_code = k.company_code and i.invoice_number = k.invoice_number
        where p.partner_id = $1 and p.customer_number = $2 and p.subscription_id = $3 and p.start_time >= $4
            and not p.cancelled
        order by p.period_number
        """,
        partner_id,
        held.customer_number,
        held.subscription_id,
        held.standing.start_time,
        company_code,
        invoice_number,
    )
    return [SoldPeriod(**dict(row)) for row in rows]


async def cancel_periods(
    connection: Connection, partner_id: int, held: Held, numbers: list[int]
) -> list[tuple[str, int]]:
    """Note that periods will never begin; returns the open invoices that ask for nothing else."""
    await connection.execute(
        """
        update subscription_period set cancelled = true
        where partner_id = $1 and customer_number = $2 and subscription_id = $3 and period_number = any($4::integer[])
        """,
        partner_id,
        held.customer_number,
        held.subscription_id,
        numbers,
    )
    rows = await connection.fetch(
        """
        select distinct c.company_code, c.invoice_number
        from subscription_period c
        join invoice_look_up o on o.partner_id = c.partner_id and o.company_code = c.company_code
            and o.invoice_number = c.invoice_number
        join invoice i on i.partner_id = o.partner_id and i.customer_number = o.customer_number
            and i.company_code = o.company_code and i.invoice_number = o.invoice_number and i.status = 'open'
        where c.partner_id = $1 and c.customer_number = $2 and c.subscription_id = $3
            and c.period_number = any($4::integer[]) and not exists (
                select from invoice_look_up k
                join invoice_line l on l.partner_id = k.partner_id and l.customer_number = k.customer_number
                    and l.company_code = k.company_code and l.invoice_number = k.invoice_number
                left join subscription_period p on p.partner_id = l.partner_id
                    and p.customer_number = coalesce(l.receiver_customer_number, l.customer_number)
                    and p.subscription_id = l.subscription_id and p.period_number = l.period_number
                where k.partner_id = c.partner_id and k.company_code = c.company_code
                    and k.invoice_number = c.invoice_number and p.cancelled is not true
            )
        """,
        partner_id,
        held.customer_number,
        held.subscription_id,
        numbers,
    )
    return [(row["company_code"], row["invoice_number"]) for row in rows]


async def save_paid_until(connection: Connection, partner_id: int, held: Held, paid_until: datetime | None) -> None:
    """Note how far a subscription is paid."""
    await connection.execute(
        """
        update subscription set paid_until = $4
        where partner_id = $1 and customer_number = $2 and subscription_id = $3
        """,
        partner_id,
        held.customer_number,
        held.subscription_id,
        paid_until,
    )
