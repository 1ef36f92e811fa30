"""Making invoices, in the caller's transaction. Everything is one statement, however many invoices are made."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing import queries
from kolofon.engine.billing.drafts import Draft, DraftLine, MadeInvoice, Paid
from kolofon.engine.billing.kid import payment_reference
from kolofon.engine.billing.number_queries import take_numbers
from kolofon.engine.billing.paying import pay_invoice
from kolofon.engine.billing.queries import NewInvoice, NewLine, NewPayment
from kolofon.engine.billing.rules import due_date
from kolofon.engine.pricing.rules import share_vat
from kolofon.engine.subscriptions.service import periods_paid
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of
from kolofon.platform.errors import Conflict, NotFound

__all__ = [
    "Draft",
    "DraftLine",
    "MadeInvoice",
    "Paid",
    "credit_invoice",
    "make_invoices",
    "pay_invoice",
    "write_off",
]


class _Priced(msgspec.Struct, frozen=True):
    draft: Draft
    shares: list[tuple[int, int]]  # net and VAT of each line

    @property
    def total_minor(self) -> int:
        return sum(net + vat for net, vat in self.shares)

    @property
    def is_paid(self) -> bool:
        return self.total_minor <= (self.draft.paid.amount_minor if self.draft.paid is not None else 0)


async def make_invoices(
    connection: Connection, partner: PartnerCatalogue, now: datetime, drafts: Sequence[Draft]
) -> list[MadeInvoice]:
    """Make invoices, in the order of the drafts; each has the next number of its company.

    Call it last: from here on nobody else makes invoices of these companies until the transaction ends. An invoice to
    be paid by hand is sent by the dunning run. What is paid beforehand counts as paid at once. Raises DoesNotFit.
    """
    priced = [_Priced(draft, _shares(draft)) for draft in drafts]
    numbers = await _numbers(connection, partner.partner_id, drafts)
    day = day_of(now, partner.offers.time_zone)
    due = due_date(partner.offers, day)
    invoices = [_invoice(partner, each, number) for each, number in zip(priced, numbers, strict=True)]
    await queries.add_invoices(connection, partner.partner_id, now, (day, due), invoices)
    lines = _lines(priced, numbers)
    await queries.add_lines(connection, partner.partner_id, lines)
    await queries.tell_periods(connection, partner.partner_id, lines)
    await queries.add_payments(connection, partner.partner_id, _payments(priced, numbers))
    for each, number in zip(priced, numbers, strict=True):
        if each.is_paid and any(line.subscription_id is not None for line in each.draft.lines):
            draft = each.draft
            await periods_paid(connection, partner.partner_id, draft.company_code, draft.customer_number, number, now)
    return [
        MadeInvoice(invoice.company_code, invoice.invoice_number, invoice.kid, each.total_minor, due)
        for each, invoice in zip(priced, invoices, strict=True)
    ]


async def credit_invoice(
    connection: Connection, partner: PartnerCatalogue, now: datetime, company_code: str, invoice_number: int
) -> MadeInvoice:
    """Take an invoice back as a whole, by a credit note with a number of its own. What was paid on it stays noted.

    Raises NotFound, and Conflict for what is taken back already, written off, or a credit note itself.
    """
    partner_id = partner.partner_id
    company = partner.offers.companies.get(company_code)
    if company is None:
        raise NotFound(f"there is no company {company_code}")
    invoice = await queries.lock_invoice(connection, partner_id, company_code, invoice_number)
    if invoice is None:
        raise NotFound(f"there is no invoice {invoice_number} of {company_code}")
    if invoice.kind != "invoice" or invoice.status not in ("open", "paid"):
        raise Conflict(f"invoice {invoice_number} of {company_code} cannot be credited: {_words(invoice)}")
    number = await take_numbers(connection, partner_id, company_code, 1)
    day = day_of(now, partner.offers.time_zone)
    kid = payment_reference(company, invoice.customer_number, number)
    await queries.add_credit_note(connection, partner_id, now, day, invoice, number, kid)
    await queries.close_invoice(connection, partner_id, invoice, "credited")
    return MadeInvoice(company_code, number, kid, -invoice.net_minor - invoice.vat_minor, day)


async def write_off(connection: Connection, partner: PartnerCatalogue, company_code: str, invoice_number: int) -> None:
    """Give up the money of an open invoice. Raises NotFound and Conflict."""
    invoice = await queries.lock_invoice(connection, partner.partner_id, company_code, invoice_number)
    if invoice is None:
        raise NotFound(f"there is no invoice {invoice_number} of {company_code}")
    if invoice.kind != "invoice" or invoice.status != "open":
        raise Conflict(f"invoice {invoice_number} of {company_code} cannot be written off: {_words(invoice)}")
    await queries.close_invoice(connection, partner.partner_id, invoice, "writtenOff")


def _words(invoice: queries.Invoice) -> str:
    return "it is a credit note" if invoice.kind == "creditNote" else f"it is {invoice.status}"


def _shares(draft: Draft) -> list[tuple[int, int]]:
    """Net and VAT of each line."""
    unknown = [line for line in draft.lines if line.share_minor is None]
    reckoned = iter(share_vat([(line.vat_percent, line.vat_included, line.price_minor) for line in unknown]))
    return [next(reckoned) if line.share_minor is None else line.share_minor for line in draft.lines]


async def _numbers(connection: Connection, partner_id: int, drafts: Sequence[Draft]) -> list[int]:
    """The number of each draft. Companies take turns in one order, so that nobody waits for each other."""
    places = sorted(range(len(drafts)), key=lambda place: drafts[place].company_code)
    numbers = [0] * len(drafts)
    for company_code, found in groupby(places, key=lambda place: drafts[place].company_code):
        of_company = list(found)
        first = await take_numbers(connection, partner_id, company_code, len(of_company))
        for offset, place in enumerate(of_company):
            numbers[place] = first + offset
    return numbers


def _invoice(partner: PartnerCatalogue, priced: _Priced, number: int) -> NewInvoice:
    draft = priced.draft
    company = partner.offers.companies[draft.company_code]
    return NewInvoice(
        customer_number=draft.customer_number,
        company_code=draft.company_code,
        invoice_number=number,
        kid=payment_reference(company, draft.customer_number, number),
        currency=draft.currency,
        net_minor=sum(net for net, _ in priced.shares),
        vat_minor=sum(vat for _, vat in priced.shares),
        paid_minor=0 if draft.paid is None else draft.paid.amount_minor,
        is_paid=priced.is_paid,
        payment_method=draft.payment_method,
        order_id=draft.order_id,
        customer_reference=draft.customer_reference,
    )


def _lines(priced: list[_Priced], numbers: list[int]) -> list[NewLine]:
    return [
        NewLine(each.draft.customer_number, each.draft.company_code, number, line_number, line, *share)
        for each, number in zip(priced, numbers, strict=True)
        for line_number, (line, share) in enumerate(zip(each.draft.lines, each.shares, strict=True), 1)
    ]


def _payments(priced: list[_Priced], numbers: list[int]) -> list[NewPayment]:
    return [
        NewPayment(
            each.draft.customer_number, each.draft.company_code, number, each.draft.payment_method, each.draft.paid
        )
        for each, number in zip(priced, numbers, strict=True)
        if each.draft.paid is not None
    ]
