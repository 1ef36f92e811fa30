"""What an invoice and its reminders say: a mail with text and HTML, in the language of the partner's country."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import msgspec
from babel.dates import format_date
from babel.numbers import format_currency

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing.kid import account_words
from kolofon.engine.billing.queries import Invoice
from kolofon.events.outbox.service import Message
from kolofon.platform.i18n import translations
from kolofon.platform.money import decimals
from kolofon.platform.templating import environment, one_line

Kind = Literal["invoice", "reminder", "warning"]
_LANGUAGES = {"NO": "nb", "SE": "sv"}
_LOCALES = {"nb": "nb_NO", "sv": "sv_SE", "en": "en_GB"}
# A reminder that arrives later than this would not be believed.
_SENT_WITHIN = timedelta(days=7)


class Line(msgspec.Struct, frozen=True):
    """A line as the reader sees it, with VAT."""

    kind: str
    description: str
    quantity: int
    amount_minor: int


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent: an invoice, or a reminder of it, with its own due date and all fees up to now."""

    kind: Kind
    invoice: Invoice
    lines: Sequence[Line]
    due_date: date


def letter_message(partner: PartnerCatalogue, now: datetime, recipient: str, letter: Letter) -> Message:
    """The mail that brings a letter. Raises ValueError for a recipient that nothing can be sent to."""
    invoice = letter.invoice
    language = _LANGUAGES.get(partner.offers.country_code, "en")
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
            {"words": _line_words(line, language), "amount": _money(line.amount_minor, invoice, language)}
            for line in letter.lines
        ],
        "vat": _money(invoice.vat_minor, invoice, language),
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


def _money(minor: int, invoice: Invoice, language: str) -> str:
    """An amount such as '299,00 kr'; empty for none."""
    if not minor:
        return ""
    exact = Decimal(minor).scaleb(-decimals(invoice.currency))
    return str(format_currency(exact, invoice.currency, locale=_LOCALES[language]))


def _day(day: date, language: str) -> str:
    return str(format_date(day, "long", locale=_LOCALES[language]))
