"""The dunning run: sends invoices, reminds of what is not paid, and stops what stays unpaid.

Each step of an invoice is due at remind_at, and is done in one transaction with what it leads to: the mail in the
outbox, the reminder with its fee, the next step's time. Who dies in between leaves the step to the next run.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec
import structlog

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing import dunning_queries as queries
from kolofon.engine.billing.dunning_queries import Chased, Due, Sent
from kolofon.engine.billing.messages import Letter, letter_message
from kolofon.engine.billing.paying_queries import lock_subscriptions
from kolofon.engine.billing.queries import Invoice, lock_invoice
from kolofon.engine.billing.rules import next_reminder_at, reminder_due_date, reminder_fee, rule_at
from kolofon.engine.billing.service import credit_invoice
from kolofon.engine.subscriptions.service import stop_unpaid
from kolofon.events.outbox.messages import LONGEST_RECIPIENT
from kolofon.events.outbox.service import send
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of
from kolofon.platform.templating import one_line

_log = structlog.get_logger()
MOST = 500


async def remind(connection: Connection, partner: PartnerCatalogue, now: datetime, most: int = MOST) -> int:
    """Do what is due for up to `most` invoices, in a transaction of its own; returns for how many it was.

    0 when nothing is due, or when others are at work on all that is.
    """
    partner_id = partner.partner_id
    async with connection.transaction():
        due = await queries.list_due(connection, partner_id, now, most)
        if not due:
            return 0
        await _lock_what_may_stop(connection, partner, due)
        taken = await queries.take(connection, partner_id, now, due)
        sent = [_next_letter(partner, now, each) for each in taken]
        await _send(connection, partner, now, [each for each in sent if each is not None])
        void: list[tuple[str, int]] = []
        for each, letter in zip(taken, sent, strict=True):
            if letter is None:
                void += await _stop(connection, partner, now, each.invoice)
        # All of them before the first number is taken, which others wait for with an invoice in hand.
        for company_code, invoice_number in sorted(void):
            await lock_invoice(connection, partner_id, company_code, invoice_number)
        for company_code, invoice_number in sorted(void):
            await credit_invoice(connection, partner, now, company_code, invoice_number)
    return len(taken)


async def _lock_what_may_stop(connection: Connection, partner: PartnerCatalogue, due: Sequence[Due]) -> None:
    """Customers and subscriptions are locked before invoices, everywhere."""
    rules = partner.offers.reminder_rules
    stopping = [
        each
        for each in due
        if each.reminder_number is not None and rule_at(rules, each.reminder_number + 1, each.due_date) is None
    ]
    stopping.sort(key=lambda each: each.company_code)
    for company_code, found in groupby(stopping, key=lambda each: each.company_code):
        numbers = [each.invoice_number for each in found]
        await lock_subscriptions(connection, partner.partner_id, company_code, numbers)


def _next_letter(partner: PartnerCatalogue, now: datetime, chased: Chased) -> Sent | None:
    """What is to be sent of an invoice now: itself, or the next reminder. None: all were sent, and it stops."""
    offers, invoice, recipient = partner.offers, chased.invoice, _mailable(chased.recipient)
    day = day_of(now, offers.time_zone)
    if invoice.reminder_number is None:
        # Who gets it late has time to pay all the same, before being reminded.
        next_at = next_reminder_at(offers, 0, invoice.due_date, max(invoice.due_date, day))
        return Sent(
            invoice=invoice,
            reminder_number=0,
            kind="invoice",
            payer=chased.payer,
            recipient=recipient,
            due_date=invoice.due_date,
            fee_minor=0,
            next_at=next_at,
        )
    number = invoice.reminder_number + 1
    rule = rule_at(offers.reminder_rules, number, invoice.due_date)
    if rule is None:
        return None
    fee = reminder_fee(offers.country_code, rule, chased.fees, (day - chased.last_due_date).days)
    due = reminder_due_date(offers.country_code, rule, day)
    return Sent(
        invoice=invoice,
        reminder_number=number,
        kind=rule.kind,
        payer=chased.payer,
        recipient=recipient,
        due_date=due,
        # What is not sent costs nothing.
        fee_minor=0 if recipient is None else fee,
        next_at=next_reminder_at(offers, number, invoice.due_date, due),
    )


def _mailable(recipient: str | None) -> str | None:
    """The address, unless no mail could ever be sent to it: one that was brought along unchecked holds up no others."""
    is_one_line = recipient is not None and one_line(recipient) == recipient
    return recipient if is_one_line and len(recipient or "") <= LONGEST_RECIPIENT and recipient else None


async def _send(connection: Connection, partner: PartnerCatalogue, now: datetime, sent: Sequence[Sent]) -> None:
    lines = await queries.list_lines(connection, partner.partner_id, [each.invoice for each in sent])
    for each in sent:
        invoice = each.invoice
        if each.recipient is None:
            _log.info("an invoice could not be sent: no e-mail address", invoice_number=invoice.invoice_number)
            continue
        letter = Letter(
            kind=each.kind,
            invoice=msgspec.structs.replace(invoice, fees_minor=invoice.fees_minor + each.fee_minor),
            lines=lines[invoice.company_code, invoice.invoice_number],
            payer=each.payer,
            due_date=each.due_date,
        )
        await send(connection, partner.machine_time(now), letter_message(partner, now, each.recipient, letter))
    await queries.note_sent(connection, partner.partner_id, now, sent)


async def _stop(
    connection: Connection, partner: PartnerCatalogue, now: datetime, invoice: Invoice
) -> list[tuple[str, int]]:
    """Stop what is not paid; returns the invoices of what will never be delivered because of that."""
    await queries.end_reminding(connection, partner.partner_id, invoice)
    number = invoice.invoice_number
    return await stop_unpaid(connection, partner, now, invoice.company_code, invoice.customer_number, number)
