"""The subscriptions that a line of an order starts or prolongs."""

from datetime import datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.offers import Coupon, CouponPrice, Product, version_at
from kolofon.engine.billing.rules import BY_HAND
from kolofon.engine.orders.handover_queries import FulfilledOrder, OrderLine
from kolofon.engine.subscriptions.service import Start, StartedPeriod, start_or_extend
from kolofon.platform.database import Connection
from kolofon.platform.dates import start_of_day

_ACTOR = "worker"


async def start_line(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    order: FulfilledOrder,
    line: OrderLine,
    customers: tuple[int, int],
) -> StartedPeriod:
    """Start what a coupon sells, and what comes with it; returns the period of what it sells.

    `customers` are the payer and the receiver. The period is that of the price the order was made with.
    """
    payer, receiver = customers
    coupon = partner.offers.coupons[str(line.coupon_code), int(line.coupon_number or 0)]
    product = partner.offers.products[line.product_code]
    price = _price_of(coupon, line.price_version or order.registered_at)
    start = Start(
        customer_number=receiver,
        payer_customer_number=payer if payer != receiver else None,
        product=product,
        coupon=coupon,
        period=price.period,
        copies=line.quantity,
        start_time=_start_time(partner, product, line, now),
        category_code=line.category_code,
        order_id=order.order_id,
        line_number=line.line_number,
        delivery_plan_id=coupon.delivery_plan_id,
        sales_person=order.seller,
        customer_reference=order.customer_reference,
        # Nobody has agreed to be charged again for an order that is not recurring.
        payment_method=order.payment_method if order.recurring else BY_HAND,
        costs=line.total_minor > 0,
    )
    started = await start_or_extend(connection, partner, now, start, _ACTOR)
    for product_code in coupon.extra_products:
        await _start_extra(connection, partner, now, start, started, product_code)
    return started


async def _start_extra(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    start: Start,
    started: StartedPeriod,
    product_code: str,
) -> None:
    """Start what comes with a coupon. It lasts as long as what was bought, costs nothing, and is not renewed alone."""
    extra = Start(
        customer_number=start.customer_number,
        payer_customer_number=start.payer_customer_number,
        product=partner.offers.products[product_code],
        coupon=None,
        period=None,
        end_time=started.end_time,
        copies=start.copies,
        start_time=started.start_time,
        order_id=start.order_id,
        line_number=start.line_number,
        sales_person=start.sales_person,
        payment_method=start.payment_method,
        costs=False,
    )
    await start_or_extend(connection, partner, now, extra, _ACTOR)


def _price_of(coupon: Coupon, time: datetime) -> CouponPrice:
    price = version_at(coupon.prices, time)
    if price is None:
        raise ValueError(f"the coupon {coupon.coupon_code} {coupon.coupon_number} had no price")
    return price


def _start_time(partner: PartnerCatalogue, product: Product, line: OrderLine, now: datetime) -> datetime | None:
    """When it is to start; None: now, as when the wanted time has gone by meanwhile."""
    wanted = line.start_time
    issue = product.issues.get(line.start_issue or "")
    if wanted is None and issue is not None:
        wanted = start_of_day(issue.publication_date, partner.offers.time_zone)
    return wanted if wanted is not None and wanted > now else None
