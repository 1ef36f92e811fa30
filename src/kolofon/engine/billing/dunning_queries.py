"""SQL of reminding: all invoices of a portion at once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from kolofon.engine.billing.messages import Kind, Line
from kolofon.engine.billing.queries import Invoice
from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection

Key = tuple[str, int]  # company and number


class Due(msgspec.Struct, frozen=True):
    """An invoice about which something is to be done. `reminder_number`: of what was sent last; None: nothing was."""

    company_code: str
    invoice_number: int
    reminder_number: int | None
    due_date: date


class Chased(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that is taken, with what was sent of it: until when that gives to pay, how many fees it had."""

    invoice: Invoice
    last_due_date: date
    fees: int
    payer: str
    recipient: str | None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent of an invoice. `next_at`: when the next step is due."""

    invoice: Invoice
    reminder_number: int
    kind: Kind
    payer: str
    recipient: str | None
    due_date: date
    fee_minor: int
    next_at: datetime


async def list_due(connection: Connection, partner_id: int, now: datetime, most: int) -> list[Due]:
    """Up to so many invoices about which something is to be done, due longest first. Takes nothing."""
    rows = await connection.fetch(
        """
        select company_code, invoice_number, reminder_number, due_date from invoice
        where partner_id = $1 and remind_at <= $2
        order by remind_at
        limit $3
        """,
        partner_id,
        now,
        most,
    )
    return [Due(*row) for row in rows]


async def take(connection: Connection, partner_id: int, now: datetime, due: Sequence[Due]) -> list[Chased]:
    """Take of these what is still due and nobody else works on, with the e-mail address of who pays.

    A customer without one is written to where somebody who signs in for it has shown to be reached.
    """
    rows = await connection.fetch(
        """
        with taken as materialized (
            select partner_id, customer_number, company_code, invoice_number, kind, kid, currency, invoice_date,
                due_date, net_minor, vat_minor, fees_minor, paid_minor, status, payment_method, reminder_number
            from invoice
            join unnest($2::text[], $3::bigint[]) as wanted (company_code, invoice_number)
                using (company_code, invoice_number)
            join invoice_look_up using (partner_id, company_code, invoice_number, customer_number)
            where partner_id = $1 and remind_at <= $4
            order by company_code, invoice_number
            for no key update of invoice skip locked
        )
        select taken.*, coalesce(sent.due_date, taken.due_date) as last_due_date, coalesce(sent.fees, 0) as fees,
            coalesce(company_name, concat_ws(' ', first_name, middle_name, last_name)) as payer,
            coalesce(invoice_email, (
                select email from customer_email e
                where e.partner_id = $1 and e.customer_number = taken.customer_number
                order by position
                limit 1
            ), (
                select credential
                from user_customer u
                join user_credential using (unique_id)
                where u.partner_id = $1 and u.customer_number = taken.customer_number
                    and credential_type = 'A' and verification_level = any($5::text[])
                order by linked_at, user_credential.created_at, credential
                limit 1
            )) as recipient
        from taken
        join customer using (partner_id, customer_number)
        left join lateral (
            select max(r.due_date) as due_date, count(*) filter (where r.fee_minor > 0) as fees
            from invoice_reminder r
            where r.partner_id = $1 and r.customer_number = taken.customer_number
                and r.company_code = taken.company_code and r.invoice_number = taken.invoice_number
        ) sent on true
        """,
        partner_id,
        [each.company_code for each in due],
        [each.invoice_number for each in due],
        now,
        VERIFIED_LEVELS,
    )
    return [
        Chased(
            invoice=Invoice(**{name: row[name] for name in Invoice.__struct_fields__}),
            last_due_date=row["last_due_date"],
            fees=row["fees"],
            payer=row["payer"],
            recipient=row["recipient"],
        )
        for row in rows
    ]


async def list_lines(connection: Connection, partner_id: int, invoices: Sequence[Invoice]) -> dict[Key, list[Line]]:
    """The lines of invoices."""
    rows = await connection.fetch(
        """
        select l.company_code, l.invoice_number, l.kind, l.description, l.quantity, l.net_minor, l.vat_percent,
            l.vat_minor, p.start_time, p.end_time
        from unnest($2::bigint[], $3::text[], $4::bigint[]) as wanted (customer_number, company_code, invoice_number)
        join invoice_line l using (customer_number, company_code, invoice_number)
        left join subscription_period p on p.partner_id = $1
            and p.customer_number = coalesce(l.receiver_customer_number, l.customer_number)
            and p.subscription_id = l.subscription_id and p.period_number = l.period_number
        where l.partner_id = $1
        order by l.line_number
        """,
        partner_id,
        [invoice.customer_number for invoice in invoices],
        [invoice.company_code for invoice in invoices],
        [invoice.invoice_number for invoice in invoices],
    )
    lines: dict[Key, list[Line]] = defaultdict(list)
    for row in rows:
        company_code, invoice_number, *members = row
        lines[company_code, invoice_number].append(Line(*members))
    return lines


async def note_sent(connection: Connection, partner_id: int, now: datetime, sent: Sequence[Sent]) -> None:
    """Write down what was sent, with its fees, and when the next step is due. Its key says that none is sent twice."""
    await connection.execute(
        """
        insert into invoice_reminder (partner_id, customer_number, company_code, invoice_number, reminder_number, kind,
            sent_at, recipient, due_date, fee_minor)
        select $1, customer_number, company_code, invoice_number, reminder_number, kind, $2, recipient, due_date,
            fee_minor
        from unnest($3::bigint[], $4::text[], $5::bigint[], $6::smallint[], $7::text[], $8::text[], $9::date[],
            $10::bigint[]) as sent (customer_number, company_code, invoice_number, reminder_number, kind, recipient,
                due_date, fee_minor)
        """,
        partner_id,
        now,
        [each.invoice.customer_number for each in sent],
        [each.invoice.company_code for each in sent],
        [each.invoice.invoice_number for each in sent],
        [each.reminder_number for each in sent],
        [each.kind for each in sent],
        [each.recipient for each in sent],
        [each.due_date for each in sent],
        [each.fee_minor for each in sent],
    )
    await connection.execute(
        """
        update invoice i
        set reminder_number = sent.reminder_number, fees_minor = i.fees_minor + sent.fee_minor, remind_at = sent.next_at
        from unnest($2::bigint[], $3::text[], $4::bigint[], $5::smallint[], $6::bigint[], $7::timestamptz[])
            as sent (customer_number, company_code, invoice_number, reminder_number, fee_minor, next_at)
        where i.partner_id = $1 and i.customer_number = sent.customer_number and i.company_code = sent.company_code
            and i.invoice_number = sent.invoice_number
        """,
        partner_id,
        [each.invoice.customer_number for each in sent],
        [each.invoice.company_code for each in sent],
        [each.invoice.invoice_number for each in sent],
        [each.reminder_number for each in sent],
        [each.fee_minor for each in sent],
        [each.next_at for each in sent],
    )


async def end_reminding(connection: Connection, partner_id: int, invoice: Invoice) -> None:
    """Nobody is reminded of it any more."""
    await connection.execute(
        """
        update invoice set remind_at = null
        where partner_id = $1 and customer_number = $2 and company_code = $3 and invoice_number = $4
        """,
        partner_id,
        invoice.customer_number,
        invoice.company_code,
        invoice.invoice_number,
    )
