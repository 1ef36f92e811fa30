"""What an invoice and its reminders say: a mail with text and HTML, in the language of the partner's country."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import msgspec
from babel.dates import format_date, format_interval
from babel.numbers import format_currency, format_decimal

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing.kid import account_words
from kolofon.engine.billing.queries import Invoice
from kolofon.events.outbox.service import Message
from kolofon.platform.dates import day_of
from kolofon.platform.i18n import language_of, translations
from kolofon.platform.money import decimals
from kolofon.platform.templating import environment, one_line

Kind = Literal["invoice", "reminder", "warning"]
_LOCALES = {"nb": "nb_NO", "sv": "sv_SE", "en": "en_GB"}
# A reminder that arrives later than this would not be believed.
_SENT_WITHIN = timedelta(days=7)


class Line(msgspec.Struct, frozen=True):
    """A line as the reader sees it. Of a subscription with its period; `end_time` None: it never ends."""

    kind: str
    description: str
    quantity: int
    net_minor: int
    vat_percent: Decimal
    vat_minor: int
    start_time: datetime | None = None
    end_time: datetime | None = None

    @property
    def amount_minor(self) -> int:
        """What it comes to, with VAT."""
        return self.net_minor + self.vat_minor


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent: an invoice, or a reminder of it, with its own due date and all fees up to now."""

    kind: Kind
    invoice: Invoice
    lines: Sequence[Line]
    payer: str  # a name, perhaps empty
    due_date: date


def letter_message(partner: PartnerCatalogue, now: datetime, recipient: str, letter: Letter) -> Message:
    """The mail that brings a letter. Raises ValueError for a recipient that nothing can be sent to."""
    invoice = letter.invoice
    language = language_of(partner.offers.country_code)
    company = partner.offers.companies[invoice.company_code]
    values: dict[str, object] = {
        "language": language,
        "kind": letter.kind,
        "company": company.name,
        "organisation_number": company.organisation_number,
        "account": None if company.account_number is None else account_words(company.account_number),
        "number": invoice.invoice_number,
        "kid": invoice.kid,
        "lines": [
            {
                "words": _line_words(line, language),
                "period": _period(line, partner.offers.time_zone, language),
                "amount": _money(line.amount_minor, invoice, language),
            }
            for line in letter.lines
        ],
        "rates": _rates(letter, language),
        "customer": f"{one_line(letter.payer)} ({invoice.customer_number})".strip(),
        "fees": _money(invoice.fees_minor, invoice, language),
        "paid": _money(invoice.paid_minor, invoice, language),
        "to_pay": _money(invoice.open_minor, invoice, language),
        "due": _day(letter.due_date, language),
        "invoice_day": _day(invoice.invoice_date, language),
    }
    templates = environment("kolofon.engine.billing", language)
    # Rendered as text, and so escaped when the HTML has them.
    for name in ("subject", "words"):
        values[name] = one_line(templates.get_template(f"{name}.txt").render(values))
    return Message(
        kind="mail",
        recipient=recipient,
        subject=str(values["subject"]),
        text=templates.get_template("mail.txt").render(values),
        html=templates.get_template("mail.html").render(values),
        expires_at=now + _SENT_WITHIN,
    )


def _line_words(line: Line, language: str) -> str:
    gettext = translations(language).gettext
    words = one_line(line.description)
    if line.kind == "distribution":
        words = gettext("Delivery of %(name)s") % {"name": words}
    return f"{line.quantity} x {words}" if line.quantity > 1 else words


def _period(line: Line, time_zone: str, language: str) -> str:
    """The days of a subscription's period, the last one included; empty for what has none."""
    if line.kind != "subscription" or line.start_time is None or line.end_time is None:
        return ""
    first, after = (day_of(time, time_zone) for time in (line.start_time, line.end_time))
    last = max(first, after - timedelta(days=1))
    return str(format_interval(first, last, "yMMMd", locale=_LOCALES[language]))


def _rates(letter: Letter, language: str) -> list[dict[str, str]]:
    """What of the invoice has which rate of VAT, and how much that is."""
    rates = []
    for percent in sorted({line.vat_percent for line in letter.lines}):
        lines = [line for line in letter.lines if line.vat_percent == percent]
        net, vat = sum(line.net_minor for line in lines), sum(line.vat_minor for line in lines)
        rates.append(
            {
                "percent": str(format_decimal(percent, locale=_LOCALES[language])),
                "net": _exactly(net, letter.invoice, language),
                "vat": _exactly(vat, letter.invoice, language),
            }
        )
    return rates


def _money(minor: int, invoice: Invoice, language: str) -> str:
    """An amount such as '299,00 kr'; empty for none."""
    return _exactly(minor, invoice, language) if minor else ""


def _exactly(minor: int, invoice: Invoice, language: str) -> str:
    exact = Decimal(minor).scaleb(-decimals(invoice.currency))
    return str(format_currency(exact, invoice.currency, locale=_LOCALES[language]))


def _day(day: date, language: str) -> str:
    return str(format_date(day, "long", locale=_LOCALES[language]))
