"""SQL of payments."""

from collections.abc import Sequence
from datetime import date, datetime

from kolofon.engine.billing.drafts import Paid
from kolofon.engine.billing.queries import Invoice
from kolofon.platform.database import Connection, rows_changed


async def lock_subscriptions(
    connection: Connection, partner_id: int, company_code: str, invoice_numbers: Sequence[int]
) -> None:
    """Until the transaction ends, nobody else changes the subscriptions that invoices are for, and their customers."""
    receivers: list[tuple[int, int]] | None = None
    while receivers != (found := await _find_receivers(connection, partner_id, company_code, invoice_numbers)):
        receivers = found
        if await _lock_receivers(connection, partner_id, receivers):
            return
        # One of the customers was merged into another meanwhile: the lines name that one now. Where they say the same
        # as before they name nobody, whom there is no need to wait for.


async def _find_receivers(
    connection: Connection, partner_id: int, company_code: str, invoice_numbers: Sequence[int]
) -> list[tuple[int, int]]:
    """Customer and subscription of what invoices are for."""
    rows = await connection.fetch(
        """
        select distinct coalesce(line.receiver_customer_number, line.customer_number) as customer_number,
            line.subscription_id
        from invoice_look_up
        join invoice_line line using (partner_id, company_code, invoice_number, customer_number)
        where partner_id = $1 and company_code = $2 and invoice_number = any($3) and line.subscription_id is not null
        order by customer_number, subscription_id
        """,
        partner_id,
        company_code,
        invoice_numbers,
    )
    return [(row[0], row[1]) for row in rows]


async def _lock_receivers(connection: Connection, partner_id: int, receivers: list[tuple[int, int]]) -> bool:
    """Lock customers, then subscriptions; False when one of the customers is not there."""
    customers, subscriptions = [customer for customer, _ in receivers], [each for _, each in receivers]
    locked = rows_changed(
        await connection.execute(
            """
            select from customer where partner_id = $1 and customer_number = any($2)
            order by customer_number
            for no key update
            """,
            partner_id,
            customers,
        )
    )
    await connection.execute(
        """
        select from subscription
        where partner_id = $1 and (customer_number, subscription_id) in (
            select wanted.* from unnest($2::bigint[], $3::bigint[]) as wanted
        )
        order by customer_number, subscription_id
        for no key update
        """,
        partner_id,
        customers,
        subscriptions,
    )
    return locked == len(set(customers))


async def add_payment(connection: Connection, partner_id: int, invoice: Invoice, paid: Paid) -> bool:
    """Write a payment down; False when its reference is there already."""
    added = await connection.fetchval(
        """
        insert into invoice_payment (partner_id, customer_number, company_code, invoice_number, amount_minor, paid_at,
            payment_method, reference)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (partner_id, customer_number, company_code, invoice_number, payment_method, reference) do nothing
        returning true
        """,
        partner_id,
        invoice.customer_number,
        invoice.company_code,
        invoice.invoice_number,
        paid.amount_minor,
        paid.paid_at,
        paid.payment_method or invoice.payment_method,
        paid.reference,
    )
    return added is not None


async def note_paid(connection: Connection, partner_id: int, paid: Invoice, remind_at: datetime | None) -> None:
    """What is paid of an invoice in all. `remind_at`: when reminding begins again, if it has become unpaid.

    Of one that is paid nobody is reminded; of one that is not, as before.
    """
    await connection.execute(
        """
        update invoice set paid_minor = $5, status = $6,
            remind_at = case when $6 = 'open' then coalesce($7, remind_at) end
        where partner_id = $1 and customer_number = $2 and company_code = $3 and invoice_number = $4
        """,
        partner_id,
        paid.customer_number,
        paid.company_code,
        paid.invoice_number,
        paid.paid_minor,
        paid.status,
        remind_at,
    )


async def find_last_due_date(connection: Connection, partner_id: int, invoice: Invoice) -> date | None:
    """Until when what was sent last gave to pay; None: nothing was sent."""
    day: date | None = await connection.fetchval(
        """
        select max(due_date) from invoice_reminder
        where partner_id = $1 and customer_number = $2 and company_code = $3 and invoice_number = $4
        """,
        partner_id,
        invoice.customer_number,
        invoice.company_code,
        invoice.invoice_number,
    )
    return day
