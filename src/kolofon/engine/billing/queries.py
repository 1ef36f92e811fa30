"""SQL of invoices: making, numbering and taking them back. Payments and reminders have files of their own."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from kolofon.engine.billing.drafts import DraftLine, Paid
from kolofon.platform.database import Connection


class NewInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice to be written."""

    customer_number: int
    company_code: str
    invoice_number: int
    kid: str
    currency: str
    net_minor: int
    vat_minor: int
    paid_minor: int
    is_paid: bool
    payment_method: str
    order_id: int | None
    customer_reference: str | None


class NewLine(msgspec.Struct, frozen=True):
    """A line of an invoice, with its share of net and VAT."""

    customer_number: int
    company_code: str
    invoice_number: int
    line_number: int
    line: DraftLine
    net_minor: int
    vat_minor: int


class NewPayment(msgspec.Struct, frozen=True):
    """What was paid of an invoice before it was made."""

    customer_number: int
    company_code: str
    invoice_number: int
    payment_method: str
    paid: Paid


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as it stands."""

    customer_number: int
    company_code: str
    invoice_number: int
    kind: str
    kid: str
    currency: str
    invoice_date: date
    due_date: date
    net_minor: int
    vat_minor: int
    fees_minor: int
    paid_minor: int
    status: str
    payment_method: str
    reminder_number: int | None

    @property
    def principal_minor(self) -> int:
        """What was asked for, without fees of reminders."""
        return self.net_minor + self.vat_minor

    @property
    def is_settled(self) -> bool:
        """Whether that is paid."""
        return self.paid_minor >= self.principal_minor

    @property
    def open_minor(self) -> int:
        """What is still to be paid; negative: too much was."""
        return self.principal_minor + self.fees_minor - self.paid_minor


_LOCK_INVOICE = """
    select customer_number, company_code, invoice_number, kind, kid, currency, invoice_date, due_date, net_minor,
        vat_minor, fees_minor, paid_minor, status, payment_method, reminder_number
    from invoice
    where partner_id = $1 and company_code = $2 and invoice_number = $3 and customer_number = (
        select customer_number from invoice_look_up
        where partner_id = $1 and company_code = $2 and invoice_number = $3
    )
    for no key update
"""


async def find_invoice(
    connection: Connection, partner_id: int, company_code: str, invoice_number: int
) -> Invoice | None:
    """An invoice as it stands now."""
    row = await connection.fetchrow(
        """
        select customer_number, company_code, invoice_number, kind, kid, currency, invoice_date, due_date, net_minor,
            vat_minor, fees_minor, paid_minor, status, payment_method, reminder_number
        from invoice_look_up
        join invoice using (partner_id, company_code, invoice_number, customer_number)
        where partner_id = $1 and company_code = $2 and invoice_number = $3
        """,
        partner_id,
        company_code,
        invoice_number,
    )
    return None if row is None else Invoice(**dict(row))


async def lock_invoice(
    connection: Connection, partner_id: int, company_code: str, invoice_number: int
) -> Invoice | None:
    """The same, and nobody else changes it until the transaction ends."""
    key = (partner_id, company_code, invoice_number)
    row = await connection.fetchrow(_LOCK_INVOICE, *key)
    while row is None and await find_invoice(connection, *key) is not None:
        # While it was waited for, its customer was merged into another one, and it is that one's now.
        row = await connection.fetchrow(_LOCK_INVOICE, *key)
    return None if row is None else Invoice(**dict(row))


async def add_invoices(
    connection: Connection, partner_id: int, now: datetime, days: tuple[date, date], invoices: Sequence[NewInvoice]
) -> None:
    """Write invoices; `days` are their date and when they are due. The dunning run sends what is paid by hand."""
    await connection.execute(
        """
        with wanted as (
            select * from unnest($5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::bigint[],
                $11::bigint[], $12::bigint[], $13::boolean[], $14::text[], $15::bigint[], $16::text[])
                as wanted (customer_number, company_code, invoice_number, kid, currency, net_minor, vat_minor,
                    paid_minor, is_paid, payment_method, order_id, customer_reference)
        ), looked_up as (
            insert into invoice_look_up (partner_id, company_code, invoice_number, customer_number)
            select $1, company_code, invoice_number, customer_number from wanted
        )
        insert into invoice (partner_id, customer_number, company_code, invoice_number, kind, kid, currency, created_at,
            invoice_date, due_date, net_minor, vat_minor, paid_minor, status, payment_method, order_id,
            customer_reference, remind_at)
        select $1, customer_number, company_code, invoice_number, 'invoice', kid, currency, $2::timestamptz, $3, $4,
            net_minor, vat_minor, paid_minor, case when is_paid then 'paid' else 'open' end, payment_method, order_id,
            customer_reference, case when payment_method = 'invoice' and not is_paid then $2::timestamptz end
        from wanted
        """,
        partner_id,
        now,
        *days,
        [invoice.customer_number for invoice in invoices],
        [invoice.company_code for invoice in invoices],
        [invoice.invoice_number for invoice in invoices],
        [invoice.kid for invoice in invoices],
        [invoice.currency for invoice in invoices],
        [invoice.net_minor for invoice in invoices],
        [invoice.vat_minor for invoice in invoices],
        [invoice.paid_minor for invoice in invoices],
        [invoice.is_paid for invoice in invoices],
        [invoice.payment_method for invoice in invoices],
        [invoice.order_id for invoice in invoices],
        [invoice.customer_reference for invoice in invoices],
    )


async def add_lines(connection: Connection, partner_id: int, lines: Sequence[NewLine]) -> None:
    """Write the lines of invoices."""
    await connection.execute(
        """
        insert into invoice_line (partner_id, customer_number, company_code, invoice_number, line_number, kind,
            product_code, description, quantity, net_minor, vat_percent, vat_minor, receiver_customer_number,
            subscription_id, period_number, order_id, order_line_number)
        select $1, wanted.* from unnest($2::bigint[], $3::text[], $4::bigint[], $5::smallint[], $6::text[], $7::text[],
            $8::text[], $9::integer[], $10::bigint[], $11::numeric[], $12::bigint[], $13::bigint[], $14::bigint[],
            $15::integer[], $16::bigint[], $17::smallint[]) as wanted
        """,
        partner_id,
        [line.customer_number for line in lines],
        [line.company_code for line in lines],
        [line.invoice_number for line in lines],
        [line.line_number for line in lines],
        [line.line.kind for line in lines],
        [line.line.product_code for line in lines],
        [line.line.description for line in lines],
        [line.line.quantity for line in lines],
        [line.net_minor for line in lines],
        [line.line.vat_percent for line in lines],
        [line.vat_minor for line in lines],
        [line.line.receiver_customer_number for line in lines],
        [line.line.subscription_id for line in lines],
        [line.line.period_number for line in lines],
        [line.line.order_id for line in lines],
        [line.line.order_line_number for line in lines],
    )


async def tell_periods(connection: Connection, partner_id: int, lines: Sequence[NewLine]) -> None:
    """Note at the periods of subscriptions where they are asked for."""
    of_periods = [line for line in lines if line.line.period_number is not None]
    if not of_periods:
        return
    await connection.execute(
        """
        update subscription_period p set company_code = line.company_code, invoice_number = line.invoice_number
        from unnest($2::bigint[], $3::bigint[], $4::integer[], $5::text[], $6::bigint[])
            as line (customer_number, subscription_id, period_number, company_code, invoice_number)
        where p.partner_id = $1 and p.customer_number = line.customer_number
            and p.subscription_id = line.subscription_id and p.period_number = line.period_number
        """,
        partner_id,
        [line.line.receiver_customer_number or line.customer_number for line in of_periods],
        [line.line.subscription_id for line in of_periods],
        [line.line.period_number for line in of_periods],
        [line.company_code for line in of_periods],
        [line.invoice_number for line in of_periods],
    )


async def add_payments(connection: Connection, partner_id: int, payments: Sequence[NewPayment]) -> None:
    """Write down what was paid beforehand."""
    if not payments:
        return
    await connection.execute(
        """
        insert into invoice_payment (partner_id, customer_number, company_code, invoice_number, amount_minor, paid_at,
            payment_method, reference)
        select $1, wanted.* from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[],
            $7::text[], $8::text[]) as wanted
        """,
        partner_id,
        [payment.customer_number for payment in payments],
        [payment.company_code for payment in payments],
        [payment.invoice_number for payment in payments],
        [payment.paid.amount_minor for payment in payments],
        [payment.paid.paid_at for payment in payments],
        [payment.paid.payment_method or payment.payment_method for payment in payments],
        [payment.paid.reference for payment in payments],
    )


async def add_credit_note(
    connection: Connection, partner_id: int, now: datetime, day: date, credited: Invoice, number: int, kid: str
) -> None:
    """Write the credit note of an invoice: the same lines, with the opposite sign."""
    await connection.execute(
        """
        insert into invoice_look_up (partner_id, company_code, invoice_number, customer_number)
        values ($1, $2, $3, $4)
        """,
        partner_id,
        credited.company_code,
        number,
        credited.customer_number,
    )
    await connection.execute(
        """
        insert into invoice (partner_id, customer_number, company_code, invoice_number, kind, kid, currency, created_at,
            invoice_date, due_date, net_minor, vat_minor, status, payment_method, order_id, customer_reference,
            credited_invoice_number)
        select partner_id, customer_number, company_code, $5, 'creditNote', $6, currency, $7, $8, $8, -net_minor,
            -vat_minor, 'credited', payment_method, order_id, customer_reference, invoice_number
        from invoice
        where partner_id = $1 and customer_number = $2 and company_code = $3 and invoice_number = $4
        """,
        partner_id,
        credited.customer_number,
        credited.company_code,
        credited.invoice_number,
        number,
        kid,
        now,
        day,
    )
    await connection.execute(
        """
        insert into invoice_line (partner_id, customer_number, company_code, invoice_number, line_number, kind,
            product_code, description, quantity, net_minor, vat_percent, vat_minor, receiver_customer_number,
            subscription_id, period_number, order_id, order_line_number)
        select partner_id, customer_number, company_code, $5, line_number, kind, product_code, description, quantity,
            -net_minor, vat_percent, -vat_minor, receiver_customer_number, subscription_id, period_number, order_id,
            order_line_number
        from invoice_line
        where partner_id = $1 and customer_number = $2 and company_code = $3 and invoice_number = $4
        """,
        partner_id,
        credited.customer_number,
        credited.company_code,
        credited.invoice_number,
        number,
    )


async def close_invoice(connection: Connection, partner_id: int, invoice: Invoice, status: str) -> None:
    """Nothing more is asked for."""
    await connection.execute(
        """
        update invoice set status = $5, remind_at = null
        where partner_id = $1 and customer_number = $2 and company_code = $3 and invoice_number = $4
        """,
        partner_id,
        invoice.customer_number,
        invoice.company_code,
        invoice.invoice_number,
        status,
    )
