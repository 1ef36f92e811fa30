"""The invoice of an order, with the prices that it was made with."""

from collections.abc import Mapping, Sequence
from typing import Any

from kolofon.engine.billing.rules import BY_HAND
from kolofon.engine.billing.service import Draft, DraftLine, Paid
from kolofon.engine.orders.handover_queries import FulfilledOrder, OrderLine
from kolofon.engine.subscriptions.service import StartedPeriod

_KINDS: Mapping[str, Any] = {"coupon": "subscription", "product": "product", "issue": "issue", "article": "article"}
# What providers call their payments, the likeliest first.
_REFERENCES = ("transactionId", "klarnaOrderId", "paymentId", "agreementRef")


def draft_of(
    order: FulfilledOrder,
    lines: Sequence[OrderLine],
    payer_number: int,
    receivers: Mapping[int, int],
    periods: Mapping[int, StartedPeriod],
) -> Draft | None:
    """The invoice to the payer; None when there is nothing to pay. Receivers and periods are by line."""
    if order.amount_minor == 0:
        return None
    drafted: list[DraftLine] = []
    for line in lines:
        receiver = receivers[line.line_number]
        # A period that costs nothing hangs on no invoice: it is not stopped when the rest is not paid.
        period = periods.get(line.line_number) if line.total_minor else None
        drafted += _lines_of(line, receiver if receiver != payer_number else None, period)
    paid = _paid(order)
    is_paid = paid is not None and paid.amount_minor >= order.amount_minor
    return Draft(
        customer_number=payer_number,
        company_code=order.company_code,
        currency=order.currency,
        # Nobody charges what is left by itself.
        payment_method=order.payment_method if is_paid else BY_HAND,
        lines=tuple(drafted),
        order_id=order.order_id,
        customer_reference=order.customer_reference,
        paid=paid,
    )


def _lines_of(line: OrderLine, receiver: int | None, period: StartedPeriod | None) -> list[DraftLine]:
    subscription_id = period.subscription_id if period is not None else None
    goods = DraftLine(
        kind=_KINDS[line.product_spec_type],
        product_code=line.product_code,
        description=line.description,
        quantity=line.quantity,
        price_minor=line.unit_price_minor * line.quantity - line.discount_minor,
        vat_included=line.vat_included,
        vat_percent=line.vat_percent,
        share_minor=(line.net_minor, line.vat_minor),
        receiver_customer_number=receiver,
        subscription_id=subscription_id,
        period_number=period.period_number if period is not None else None,
        order_id=line.order_id,
        order_line_number=line.line_number,
    )
    if line.distribution_minor == 0:
        return [goods]
    distribution = DraftLine(
        kind="distribution",
        product_code=line.product_code,
        description=line.description,
        quantity=line.quantity,
        # Whatever the price list says, the order knows what it comes to with VAT.
        price_minor=line.distribution_minor,
        vat_included=True,
        vat_percent=line.vat_percent,
        share_minor=(line.distribution_net_minor, line.distribution_vat_minor),
        receiver_customer_number=receiver,
        subscription_id=subscription_id,
        period_number=goods.period_number,
        order_id=line.order_id,
        order_line_number=line.line_number,
    )
    return [goods, distribution]


def _paid(order: FulfilledOrder) -> Paid | None:
    """What was paid before the order was handed over; of an invoice nothing."""
    amount_minor = order.prepaid_minor if order.prepaid_minor is not None else order.amount_minor
    if order.payment_method == BY_HAND or amount_minor == 0:
        return None
    info = order.payment_info or {}
    named = (str(info[name]) for name in _REFERENCES if info.get(name))
    return Paid(
        amount_minor=amount_minor,
        reference=next(named, f"order {order.order_id}"),
        paid_at=order.order_time,
        payment_method=order.payment_method,
    )
