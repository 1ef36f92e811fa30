"""What an invoice is made of, and what comes of it. Money is in minor units."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

LineKind = Literal["subscription", "product", "issue", "article", "distribution"]


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as a bank or provider tells of it; `reference` is its own name for it. Negative: given back."""

    amount_minor: int
    reference: str
    paid_at: datetime
    payment_method: str | None = None  # None: that of the invoice


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line to be invoiced. `price_minor` is of all copies, after discounts, with VAT if `vat_included`.

    With subscription and period it is what that period of the receiver costs. `share_minor`: net and VAT, if they are
    known, as of an order, whose lines together come to what was ordered; None: they are reckoned with the invoice.
    """

    kind: LineKind
    product_code: str
    description: str
    quantity: int
    price_minor: int
    vat_included: bool
    vat_percent: Decimal
    share_minor: tuple[int, int] | None = None
    receiver_customer_number: int | None = None  # None: who pays
    subscription_id: int | None = None
    period_number: int | None = None
    order_id: int | None = None
    order_line_number: int | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice to be made. `paid`: what was paid beforehand."""

    customer_number: int
    company_code: str
    currency: str
    payment_method: str
    lines: tuple[DraftLine, ...]
    order_id: int | None = None
    customer_reference: str | None = None
    paid: Paid | None = None


class MadeInvoice(msgspec.Struct, frozen=True):
    """An invoice that was made."""

    company_code: str
    invoice_number: int
    kid: str
    total_minor: int
    due_date: date
