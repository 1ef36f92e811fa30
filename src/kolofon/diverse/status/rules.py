"""The words of what is told to customers."""

from datetime import date

from babel.dates import format_date

from kolofon.platform.i18n import translations

_LOCALES = {"nb": "nb_NO", "sv": "sv_SE", "en": "en_GB"}


def overdue_words(language: str, company: str, invoice_number: int, due_date: date) -> str:
    """What is said of an invoice that was due before today."""
    text = translations(language).gettext(
        "Invoice %(number)s from %(company)s was due on %(day)s and has not been paid yet."
    )
    day = format_date(due_date, "long", locale=_LOCALES[language])
    return text % {"number": invoice_number, "company": company, "day": day}
