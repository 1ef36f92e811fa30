"""What is asked of an order as a whole, as far as the catalogue in memory knows it."""

from datetime import timedelta
from typing import Any

import msgspec

from kolofon.engine.customers.checking import checked_party
from kolofon.engine.orders.methods import METHODS, check_method
from kolofon.order_management.order.intake import Head, Intake
from kolofon.order_management.order.schemas import OrderRequest
from kolofon.platform.dates import read_time
from kolofon.platform.errors import InvalidRequest, camel_case
from kolofon.platform.schemas import without_blanks

_NEED_NO_PROVIDER = ("invoice", "free")
# Clocks of clients are not all right, and a date alone may be of a day that has not begun here.
_ORDERED_AHEAD = timedelta(days=1)
# Which member of a payment's object names the payment, and which one is needed to charge again.
_PAYMENT_ID = {
    "paymentInfoPayex": ("transactionId", "recurrenceToken"),
    "paymentInfoSwishPayex": ("transactionId", None),
    "paymentInfoVippsRecurring": ("agreementRef", "agreementRef"),
    "paymentInfoVippsEcommerce": ("transactionId", None),
    "paymentInfoKco": ("klarnaOrderId", "recurringToken"),
    "paymentInfoNexi": ("paymentId", "subscriptionId"),
    "paymentInfoOther": ("transactionId", None),
}


def checked_head(intake: Intake, request: OrderRequest) -> Head:
    """The order without its lines; of use when there are no problems."""
    _check_currency(intake, request)
    _check_seller(intake, request)
    recurring = _recurring(request)
    _check_method(intake, request, recurring)
    return Head(
        external_order_id=request.external_order_id,
        order_time=intake.now if request.order_date is None else _order_time(intake, request.order_date),
        payment_method=request.payment_method,
        recurring=recurring,
        prepaid=request.prepaid,
        merchant_id=request.merchant_id,
        marketing_coupon=_marketing_coupon(intake, request),
        campaign_parameters=request.campaign_parameters,
        customer_reference=request.customer_reference,
        seller=request.seller,
        sales_method=request.sales_method,
        payer=checked_party(request.payer, intake.partner, "payer.", intake.problems),
        payment_info=_payment_info(intake, request, recurring),
    )


def _order_time(intake: Intake, order_date: int | str) -> Any:
    try:
        time = read_time(order_date, intake.offers.time_zone)
    except ValueError:
        intake.problems.add("orderDate", "expected milliseconds since 1970, yyyy-mm-dd or a time of ISO 8601")
        return intake.now
    if time > intake.now + _ORDERED_AHEAD:
        intake.problems.add("orderDate", "expected a time that has been")
    return time


def _check_currency(intake: Intake, request: OrderRequest) -> None:
    currency = intake.offers.currency
    if request.currency is not None and request.currency.upper() != currency:
        intake.problems.add("currency", f"expected {currency}")


def _check_seller(intake: Intake, request: OrderRequest) -> None:
    offers = intake.offers
    if request.company_code is not None and request.company_code not in offers.companies:
        intake.problems.add("companyCode", f"there is no company {request.company_code}")
    if request.sales_method is not None and request.sales_method not in offers.sales_methods:
        intake.problems.add("salesMethod", f"there is no sales method {request.sales_method}")
    if request.seller is not None and offers.sellers and request.seller not in offers.sellers:
        intake.problems.add("seller", f"there is no seller {request.seller}")


def _marketing_coupon(intake: Intake, request: OrderRequest) -> tuple[str, int] | None:
    code, number = request.marketing_coupon_code, request.marketing_coupon_number
    if code is None and number is None:
        return None
    if code is None or number is None:
        missing = "marketingCouponCode" if code is None else "marketingCouponNumber"
        intake.problems.add(missing, "expected together with the other: marketingCouponCode and marketingCouponNumber")
        return None
    coupon = intake.offers.coupons.get((code, number))
    if coupon is None or coupon.kind != "marketing":
        intake.problems.add("marketingCouponCode", f"there is no marketing coupon {code} {number}")
    elif not coupon.is_valid(intake.now):
        intake.problems.add("marketingCouponCode", f"the marketing coupon {code} {number} is not of this time")
    return code, number


def _recurring(request: OrderRequest) -> bool:
    if request.recurring is not None:
        return request.recurring
    # A method that is nothing but recurring need not be told so.
    return False not in METHODS[request.payment_method].recurring


def _check_method(intake: Intake, request: OrderRequest, recurring: bool) -> None:
    method = request.payment_method
    if method not in _NEED_NO_PROVIDER and method not in intake.offers.payment_methods:
        intake.problems.add("paymentMethod", f"{method} is not set up here")
        return
    try:
        check_method(method, recurring, request.prepaid)
    except InvalidRequest as refused:
        field, _, text = refused.message.partition(": ")
        intake.problems.add(field, text)


def _payment_info(intake: Intake, request: OrderRequest, recurring: bool) -> dict[str, Any] | None:
    infos = {camel_case(name): getattr(request, name) for name in request.__struct_fields__ if "_info" in name}
    sent = {name: msgspec.to_builtins(without_blanks(info)) for name, info in infos.items() if info is not None}
    expected = METHODS[request.payment_method].payment_info if request.prepaid else None
    for name in sent:
        if name != expected:
            belongs = f"with paymentMethod {request.payment_method} and prepaid {str(request.prepaid).lower()}"
            intake.problems.add(name, f"does not go {belongs}")
    if expected is None:
        return None
    info: dict[str, Any] = sent.get(expected, {})
    payment_id, token = _PAYMENT_ID[expected]
    for member in {payment_id, token if recurring else payment_id}:
        if member is not None and not info.get(member):
            intake.problems.add(f"{expected}.{member}", "missing; it is needed when the order is prepaid")
    return info
