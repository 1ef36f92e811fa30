"""Payments of invoices."""

from datetime import datetime

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing import paying_queries as queries
from kolofon.engine.billing.drafts import Paid
from kolofon.engine.billing.queries import Invoice, lock_invoice
from kolofon.engine.billing.rules import BY_HAND, next_reminder_at
from kolofon.engine.subscriptions.service import periods_paid
from kolofon.platform.database import Connection
from kolofon.platform.errors import NotFound


async def pay_invoice(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    company_code: str,
    invoice_number: int,
    paid: Paid,
) -> bool:
    """Take a payment for an invoice, whole or in part; what is too much is kept. False: it was taken before.

    The same reference of a method is taken once. An invoice is paid when what it asked for itself is: its periods
    count as paid, what non-payment stopped opens again, and nobody is reminded of a fee that may be left. Raises
    NotFound.
    """
    partner_id = partner.partner_id
    # Customers and subscriptions are locked before invoices, everywhere.
    await queries.lock_subscriptions(connection, partner_id, company_code, [invoice_number])
    invoice = await lock_invoice(connection, partner_id, company_code, invoice_number)
    if invoice is None or invoice.kind != "invoice":
        raise NotFound(f"there is no invoice {invoice_number} of {company_code}")
    if not await queries.add_payment(connection, partner_id, invoice, paid):
        return False
    after = msgspec.structs.replace(invoice, paid_minor=invoice.paid_minor + paid.amount_minor)
    after = msgspec.structs.replace(after, status=_status(after))
    remind_at = await _remind_at(connection, partner, after) if invoice.status == "paid" else None
    await queries.note_paid(connection, partner_id, after, remind_at)
    if after.status == "paid" and invoice.status != "paid":
        await periods_paid(connection, partner_id, company_code, invoice.customer_number, invoice_number, now)
    return True


def _status(invoice: Invoice) -> str:
    """What was taken back stays so; what was written off and is paid after all is paid."""
    if invoice.status == "credited":
        return invoice.status
    if invoice.is_settled:
        return "paid"
    return "writtenOff" if invoice.status == "writtenOff" else "open"


async def _remind_at(connection: Connection, partner: PartnerCatalogue, invoice: Invoice) -> datetime | None:
    """When reminding goes on, as a payment was given back; None: nobody was ever to be reminded."""
    if invoice.status != "open" or invoice.payment_method != BY_HAND:
        return None
    last_due = await queries.find_last_due_date(connection, partner.partner_id, invoice) or invoice.due_date
    return next_reminder_at(partner.offers, invoice.reminder_number or 0, invoice.due_date, last_due)
