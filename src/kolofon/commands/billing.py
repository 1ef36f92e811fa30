"""What the commands about money do in the database, one function a command."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.engine.billing import queries
from kolofon.engine.billing.dunning_queries import list_lines
from kolofon.engine.billing.kid import account_words, invoice_number_of, kid_length
from kolofon.engine.billing.renewal import RenewalBatch, renew_batch
from kolofon.engine.billing.renewal_preview import Expected, preview
from kolofon.engine.billing.renewal_queries import count_due
from kolofon.engine.billing.renewal_terms import RenewalTerms
from kolofon.engine.billing.service import Paid, credit_invoice, pay_invoice, write_off
from kolofon.engine.calls import partner_clock
from kolofon.failures import Failure
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.errors import ApiError
from kolofon.platform.money import LARGEST_MINOR, decimals

LONGEST_NUMBER = 16  # digits that a payment reference may have for it
# Partner's code (None: the only one that has the company), company, number.
InvoiceName = tuple[str | None, str, int]


class NewPayment(msgspec.Struct, frozen=True):
    """A payment that somebody types in."""

    partner_code: str | None
    company_code: str
    number_or_kid: str
    amount: Decimal
    reference: str


class Shown(msgspec.Struct, frozen=True):
    """An invoice in words: its members by name, its lines."""

    members: list[tuple[str, str]]
    lines: list[tuple[str, ...]]


async def preview_renewal(
    connection: Connection, clock: Clock, partner_code: str | None
) -> dict[str, list[tuple[str, ...]]]:
    """What a renewal run would do, in words, by partner and product."""
    found = {}
    for partner in await _partners(connection, partner_code):
        rows = await preview(connection, partner, partner_clock(partner, clock).now())
        found[partner.code] = [_preview_words(partner, row) for row in rows]
    return found


def _preview_words(partner: PartnerCatalogue, row: Expected) -> tuple[str, ...]:
    counts = [f"{number:,}" for number in (row.periods, row.ending, row.invoices)]
    money = (row.net_minor, row.vat_minor, row.net_minor + row.vat_minor)
    return (row.product_code, *counts, *(_money(minor, partner.offers.currency) for minor in money))


async def renew(
    connection: Connection, clock: Clock, partner_code: str | None, progress: Callable[[int, int], None], actor: str
) -> list[str]:
    """Renew all that is due; returns a line for each partner. `progress` gets how many are done, and of how many."""
    lines = []
    for partner in await _partners(connection, partner_code):
        now = partner_clock(partner, clock).now()
        due = await count_due(connection, partner.partner_id, now)
        change = audit.Change(action="renew", subject=f"partner:{partner.code}", after={"due": due})
        await audit.record_command(connection, clock, partner.partner_id, actor, change)
        total = await _renew(connection, partner, now, due, progress)
        net, vat = (_money(minor, partner.offers.currency) for minor in (total.net_minor, total.vat_minor))
        lines.append(
            f"{partner.code}: {total.renewed:,} periods, {total.stopping:,} subscriptions are not renewed, "
            f"{total.invoices:,} invoices, net {net}, VAT {vat}"
        )
    return lines


async def _renew(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    due: int,
    progress: Callable[[int, int], None],
) -> RenewalBatch:
    terms = RenewalTerms(partner, now)
    total = RenewalBatch(0)
    while (batch := await renew_batch(connection, partner, now, terms=terms)).taken:
        total = RenewalBatch(*(a + b for a, b in zip(*map(msgspec.structs.astuple, (total, batch)), strict=True)))
        # Who is behind by several periods comes several times.
        progress(total.taken, max(total.taken, due))
    return total


async def show_invoice(
    connection: Connection, partner_code: str | None, company_code: str, invoice_number: int
) -> Shown:
    """An invoice in words."""
    partner = await _partner_of(connection, partner_code, company_code)
    invoice = await queries.find_invoice(connection, partner.partner_id, company_code, invoice_number)
    if invoice is None:
        raise Failure(f"there is no invoice {invoice_number} of {company_code}")
    lines = await list_lines(connection, partner.partner_id, [invoice])
    company = partner.offers.companies[company_code]
    money = {
        "net": invoice.net_minor,
        "VAT": invoice.vat_minor,
        "fees": invoice.fees_minor,
        "paid": invoice.paid_minor,
        "open": invoice.open_minor if invoice.status == "open" else 0,
    }
    members = [
        ("customer", str(invoice.customer_number)),
        ("kind", invoice.kind),
        ("status", invoice.status),
        ("date", invoice.invoice_date.isoformat()),
        ("due", invoice.due_date.isoformat()),
        ("KID", invoice.kid),
        ("account", account_words(company.account_number or "")),
        ("reminders", str(invoice.reminder_number or 0)),
        *((name, _money(minor, invoice.currency)) for name, minor in money.items()),
    ]
    return Shown(
        members,
        [
            (f"{line.kind} {line.description}", str(line.quantity), _money(line.amount_minor, invoice.currency))
            for line in lines[company_code, invoice_number]
        ],
    )


async def pay(connection: Connection, clock: Clock, new: NewPayment, actor: str) -> str:
    """Take a payment; returns what came of it."""
    partner = await _partner_of(connection, new.partner_code, new.company_code)
    number = await _number_of(connection, partner, new)
    minor = new.amount.scaleb(decimals(partner.offers.currency))
    if minor != int(minor) or abs(minor) > LARGEST_MINOR:
        raise Failure(f"AMOUNT: expected less than a billion with at most {decimals(partner.offers.currency)} decimals")
    now = partner_clock(partner, clock).now()
    paid = Paid(amount_minor=int(minor), reference=new.reference, paid_at=now)
    async with connection.transaction():
        try:
            is_new = await pay_invoice(connection, partner, now, new.company_code, number, paid)
        except ApiError as error:
            raise Failure(error.message) from None
        invoice = await queries.find_invoice(connection, partner.partner_id, new.company_code, number)
        if invoice is None or not is_new:
            return f"the payment {new.reference} was taken before"
        after = {"amount": str(new.amount), "reference": new.reference}
        await _record(connection, clock, partner, actor, "invoicePay", (new.company_code, number), after)
    open_minor = invoice.open_minor
    rest = f"{_money(abs(open_minor), invoice.currency)} {'open' if open_minor >= 0 else 'too much'}"
    return f"invoice {number} of {new.company_code} is {invoice.status}, {rest}"


async def credit(connection: Connection, clock: Clock, name: InvoiceName, actor: str) -> int:
    """Take an invoice back; returns the number of the credit note."""
    partner_code, company_code, number = name
    partner = await _partner_of(connection, partner_code, company_code)
    async with connection.transaction():
        try:
            made = await credit_invoice(connection, partner, partner_clock(partner, clock).now(), company_code, number)
        except ApiError as error:
            raise Failure(error.message) from None
        after = {"creditNote": made.invoice_number}
        await _record(connection, clock, partner, actor, "invoiceCredit", (company_code, number), after)
    return made.invoice_number


async def give_up(connection: Connection, clock: Clock, name: InvoiceName, actor: str) -> None:
    """Write an invoice off."""
    partner_code, company_code, number = name
    partner = await _partner_of(connection, partner_code, company_code)
    async with connection.transaction():
        try:
            await write_off(connection, partner, company_code, number)
        except ApiError as error:
            raise Failure(error.message) from None
        await _record(connection, clock, partner, actor, "invoiceWriteOff", (company_code, number), None)


async def _record(
    connection: Connection,
    clock: Clock,
    partner: PartnerCatalogue,
    actor: str,
    action: str,
    invoice: tuple[str, int],
    after: object,
) -> None:
    company_code, number = invoice
    change = audit.Change(action=action, subject=f"invoice:{company_code}/{number}", after=after)
    await audit.record_command(connection, clock, partner.partner_id, actor, change)


async def _number_of(connection: Connection, partner: PartnerCatalogue, new: NewPayment) -> int:
    """The number of the invoice that is paid. What is as long as a payment reference is one."""
    company = partner.offers.companies[new.company_code]
    if len(new.number_or_kid) == kid_length(company):
        number = invoice_number_of(company, new.number_or_kid)
        if number is None:
            raise Failure(f"NUMBER_OR_KID: the check digit of {new.number_or_kid} is wrong")
        invoice = await queries.find_invoice(connection, partner.partner_id, new.company_code, number)
        # The reference has the customer too: both have to be right.
        if invoice is None or invoice.kid != new.number_or_kid:
            raise Failure(f"NUMBER_OR_KID: no invoice has the payment reference {new.number_or_kid}")
        return number
    is_number = new.number_or_kid.isascii() and new.number_or_kid.isdigit()
    if not is_number or len(new.number_or_kid) > LONGEST_NUMBER:
        raise Failure(f"NUMBER_OR_KID: expected an invoice number, or a payment reference of {kid_length(company)}")
    return int(new.number_or_kid)


async def _partners(connection: Connection, partner_code: str | None) -> list[PartnerCatalogue]:
    partners = (await read_catalogue(connection)).partners
    found = [partner for partner in partners if partner_code in (None, partner.code)]
    if partner_code is not None and not found:
        raise Failure(f"--partner: there is no partner {partner_code}")
    return found


async def _partner_of(connection: Connection, partner_code: str | None, company_code: str) -> PartnerCatalogue:
    found = [p for p in await _partners(connection, partner_code) if company_code in p.offers.companies]
    if not found:
        raise Failure(f"COMPANY: there is no company {company_code}")
    if len(found) > 1:
        raise Failure(f"--partner: needed, since several partners have a company {company_code}")
    return found[0]


def _money(minor: int, currency: str) -> str:
    return f"{Decimal(minor).scaleb(-decimals(currency)):,} {currency}"
