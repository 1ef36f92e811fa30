"""SQL of what is shown of a customer at the command line: what it has, and what was changed by whom."""

from datetime import date, datetime
from typing import Any

import msgspec

from kolofon.platform.database import Connection


class HeldSubscription(msgspec.Struct, frozen=True):
    """A subscription; `payer` None: whoever has it."""

    subscription_id: int
    product_code: str
    state: str
    start_time: datetime
    end_time: datetime | None
    payer: int | None


class OpenInvoice(msgspec.Struct, frozen=True):
    """An invoice that is not paid yet."""

    company_code: str
    invoice_number: int
    due_date: date
    open_minor: int
    currency: str


class Recorded(msgspec.Struct, frozen=True):
    """A change in the audit log."""

    occurred_at: datetime
    actor: str
    action: str
    subject: str
    before: Any
    after: Any


async def list_subscriptions(connection: Connection, partner_id: int, customer_number: int) -> list[HeldSubscription]:
    """What a customer subscribes to, or did."""
    rows = await connection.fetch(
        """
        select subscription_id, product_code, state, start_time, end_time, payer_customer_number
        from subscription
        where partner_id = $1 and customer_number = $2
        order by start_time, subscription_id
        """,
        partner_id,
        customer_number,
    )
    return [HeldSubscription(*row) for row in rows]


async def list_open_invoices(connection: Connection, partner_id: int, customer_number: int) -> list[OpenInvoice]:
    """What a customer has to pay, due longest first."""
    rows = await connection.fetch(
        """
        select company_code, invoice_number, due_date, net_minor + vat_minor + fees_minor - paid_minor, currency
        from invoice
        where partner_id = $1 and customer_number = $2 and status = 'open'
        order by due_date, company_code, invoice_number
        """,
        partner_id,
        customer_number,
    )
    return [OpenInvoice(*row) for row in rows]


async def list_references(connection: Connection, partner_id: int, customer_number: int) -> list[tuple[str, str, bool]]:
    """What other systems call a customer: reference code, id, and whether it is a former one."""
    rows = await connection.fetch(
        """
        select reference_code, external_id, former
        from customer_external_reference
        where partner_id = $1 and customer_number = $2
        order by former, reference_code, external_id
        """,
        partner_id,
        customer_number,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def list_merged_numbers(connection: Connection, partner_id: int, customer_number: int) -> list[int]:
    """The numbers that were merged into a customer."""
    rows = await connection.fetch(
        """
        select merged_number from customer_merge
        where partner_id = $1 and customer_number = $2
        order by merged_at, merged_number
        """,
        partner_id,
        customer_number,
    )
    return [row["merged_number"] for row in rows]


async def list_changes(
    connection: Connection, partner_id: int, customer_numbers: list[int], most: int
) -> list[Recorded]:
    """The newest changes of customers, the newest first."""
    rows = await connection.fetch(
        """
        select found.occurred_at, found.actor, found.action, found.subject, found.before, found.after
        from unnest($2::text[]) as wanted (subject)
        cross join lateral (
            select l.audit_id, l.occurred_at, l.actor, l.action, l.subject, l.before, l.after
            from audit_log l
            where l.partner_id = $1 and l.subject = wanted.subject
            order by l.occurred_at desc
            limit $3
        ) found
        order by found.occurred_at desc, found.audit_id desc
        limit $3
        """,
        partner_id,
        [f"customer:{number}" for number in customer_numbers],
        most,
    )
    return [Recorded(*row) for row in rows]
