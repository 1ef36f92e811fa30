"""The shape of the terms of selling in a publisher file: VAT, who sells how, how it is paid, and reminders."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from kolofon.catalogue.publisher_file.types import Amount, Code, Country, File, LongCode, Name, Percent


class VatRate(File, kw_only=True):
    """A rate of a kind of product in a country, the partner's own if none is given, from a day on."""

    kind: Code
    country: Country | None = None
    valid_from: date
    percent: Percent


class Seller(File):
    """Who sells subscriptions for the partner."""

    code: LongCode
    name: Name


class SalesMethod(File):
    """A way of selling, such as by telephone."""

    code: Code
    name: Name


# Besides invoice and free, which need no provider.
PaymentMethod = Literal[
    "sms",
    "smsPay",
    "vippsRecurring",
    "vippsEcommerce",
    "kco",
    "creditcardPayex",
    "swishPayex",
    "nexi",
    "other",
]


class ReminderRule(File, kw_only=True):
    """A reminder of what is not paid, for what becomes due from a day on.

    The days after due count from the due date of the invoice, or of the reminder before.
    """

    number: Annotated[int, Meta(ge=1, le=9)]
    kind: Literal["reminder", "warning"] = "reminder"
    valid_from: date
    days_after_due: Annotated[int, Meta(ge=1, le=365)]
    days_to_pay: Annotated[int, Meta(ge=1, le=365)]
    fee: Amount = "0"
