"""The payment methods: what an order may be with each, how it is completed, and who takes the money."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from kolofon.platform.errors import InvalidRequest

_EITHER = frozenset({True, False})
_YES = frozenset({True})
_NO = frozenset({False})
# What a payment came to, as the browser is told.
Outcome = Literal["success", "cancel", "error", "unknown"]


class PaymentMethod(msgspec.Struct, frozen=True, kw_only=True):
    """One method. `by_page` and `by_api`: how its orders are completed.

    `is_interactive`: somebody has to pay with a provider before the order is complete, unless it is prepaid.
    `payment_info`: the member of the order that holds the provider's ids of a payment made beforehand.
    """

    recurring: frozenset[bool]
    prepaid: frozenset[bool]
    is_interactive: bool = False
    by_page: bool = True
    by_api: bool = True
    payment_info: str | None = None


METHODS: Mapping[str, PaymentMethod] = {
    "invoice": PaymentMethod(recurring=_EITHER, prepaid=_NO),
    "free": PaymentMethod(recurring=_NO, prepaid=_NO),
    "sms": PaymentMethod(recurring=_NO, prepaid=_NO, is_interactive=True, by_page=False),
    "smsPay": PaymentMethod(recurring=_NO, prepaid=_NO, is_interactive=True, by_api=False),
    "vippsRecurring": PaymentMethod(
        # By its table prepaid is not for this one, yet the guide speaks of such orders.
        recurring=_YES,
        prepaid=_EITHER,
        is_interactive=True,
        payment_info="paymentInfoVippsRecurring",
    ),
    "vippsEcommerce": PaymentMethod(
        recurring=_NO, prepaid=_EITHER, is_interactive=True, payment_info="paymentInfoVippsEcommerce"
    ),
    "kco": PaymentMethod(recurring=_EITHER, prepaid=_EITHER, is_interactive=True, payment_info="paymentInfoKco"),
    "creditcardPayex": PaymentMethod(
        recurring=_EITHER, prepaid=_EITHER, is_interactive=True, payment_info="paymentInfoPayex"
    ),
    "swishPayex": PaymentMethod(
        recurring=_NO, prepaid=_EITHER, is_interactive=True, payment_info="paymentInfoSwishPayex"
    ),
    "nexi": PaymentMethod(recurring=_EITHER, prepaid=_EITHER, is_interactive=True, payment_info="paymentInfoNexi"),
    "other": PaymentMethod(recurring=_NO, prepaid=_YES, by_page=False, payment_info="paymentInfoOther"),
}


def check_method(method: str, recurring: bool, prepaid: bool) -> None:
    """Raises InvalidRequest when there is no such method, or it does not support what the order wants of it."""
    known = METHODS.get(method)
    if known is None:
        raise InvalidRequest(f"paymentMethod: expected one of {', '.join(METHODS)}")
    for name, wanted, supported in (("recurring", recurring, known.recurring), ("prepaid", prepaid, known.prepaid)):
        if wanted not in supported:
            raise InvalidRequest(f"{name}: expected {str(not wanted).lower()} with paymentMethod {method}")


def needs_payer(method: str, prepaid: bool) -> bool:
    """Whether somebody has to pay with a provider before the order is complete."""
    return METHODS[method].is_interactive and not prepaid


class ToPay(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose money a provider is to take."""

    order_id: int
    partner_id: int
    merchant_id: str | None
    currency: str
    amount_minor: int
    recurring: bool


class PaymentProvider(Protocol):
    """Takes the money of orders that are paid in the browser. No connection of the pool is held meanwhile.

    What it has begun it writes down itself, before it calls the provider.
    """

    async def start(self, order: ToPay, come_back_url: str) -> str:
        """Begin a payment, or go on with the one that was begun; returns where the browser pays."""
        ...

    async def outcome(self, order: ToPay) -> Outcome:
        """What the payment of an order came to."""
        ...


# By payment method; the one place where providers are plugged in.
PaymentProviders = Mapping[str, PaymentProvider]
