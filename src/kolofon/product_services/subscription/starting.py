"""Start a subscription outside of an order. It is paid by invoice."""

from datetime import UTC, datetime, timedelta

import msgspec

from kolofon.catalogue.offers import Coupon, Offers, Period, Product, version_at
from kolofon.engine.billing.service import Draft, DraftLine, make_invoices
from kolofon.engine.calls import Write
from kolofon.engine.customers.queries import find_place
from kolofon.engine.customers.service import customer_to_change
from kolofon.engine.pricing.rules import Place, Priced, price_coupon, price_product, unit_price
from kolofon.engine.pricing.service import applying_dependency
from kolofon.engine.subscriptions.periods import midnight, moved, next_midnight, period_end
from kolofon.engine.subscriptions.service import Start, StartedPeriod, start_or_extend
from kolofon.platform import audit
from kolofon.platform.callers import UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.dates import day_of
from kolofon.platform.errors import InvalidRequest
from kolofon.product_services.subscription.schemas import Started, StartRequest

_FURTHEST = timedelta(days=3660)


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be started, once it is known to be on sale."""

    product: Product
    coupon: Coupon | None
    period: Period
    copies: int
    start_time: datetime
    end_time: datetime | None


async def start_subscription(call: Write[UserCaller], request: StartRequest) -> Started:
    """Start it, with its invoice if it costs something. Raises InvalidRequest, NotFound."""
    now = call.clock.now()
    wanted = _wanted(call.partner.offers, now, request)
    customer_number = await customer_to_change(call.transaction, call.caller)
    priced = await _priced(call, now, wanted, customer_number)
    ends_early = wanted.end_time is not None
    start = Start(
        customer_number=customer_number,
        payer_customer_number=None,
        product=wanted.product,
        coupon=wanted.coupon,
        period=None if ends_early else wanted.period,
        end_time=wanted.end_time,
        copies=wanted.copies,
        start_time=wanted.start_time,
        customer_reference=request.customer_reference,
        costs=priced.total_minor > 0,
    )
    started = await start_or_extend(call.transaction, call.partner, now, start, call.caller.actor)
    if not started.is_new:
        # The customer has it up to that day already: nothing more to pay.
        return Started(status="OK")
    _check_end(call.partner.offers, wanted, priced, started)
    change = audit.Change(
        action="startSubscription",
        subject=f"customer:{customer_number}",
        after={
            "subscriptionId": started.subscription_id,
            "product": wanted.product.product_code,
            "periodNumber": started.period_number,
            "startTime": epoch_milliseconds(started.start_time),
        },
    )
    await audit.record(call.transaction, call.clock, call.caller, change)
    if priced.total_minor:
        draft = _draft(wanted, priced, started, customer_number, request.customer_reference)
        await make_invoices(call.transaction, call.partner, now, [draft])
    return Started(status="OK")


def _wanted(offers: Offers, now: datetime, request: StartRequest) -> _Wanted:
    product = offers.products.get(request.product)
    if product is None or not product.is_active(now):
        raise InvalidRequest(f"product: there is no product {request.product} on sale")
    if product.product_type != "subscription":
        raise InvalidRequest(f"product: {request.product} is not a subscription product")
    if request.company_code is not None and request.company_code != product.company_code:
        raise InvalidRequest(f"companyCode: {request.product} is not a product of {request.company_code}")
    start_time = _time("startTime", request.start_time, now)
    if start_time > now + _FURTHEST:
        raise InvalidRequest("startTime: expected a time within ten years")
    end_time = _time("endTime", request.end_time, now) if request.end_time is not None else None
    if end_time is not None and next_midnight(end_time, offers.time_zone) <= midnight(
        max(start_time, now), offers.time_zone
    ):
        raise InvalidRequest("endTime: expected a time after the start")
    coupon = _coupon(offers, now, request)
    return _Wanted(
        product=product,
        coupon=coupon,
        period=_period(product, coupon, now),
        copies=int(request.copies or 1),
        start_time=start_time,
        end_time=end_time,
    )


def _time(name: str, milliseconds: int, now: datetime) -> datetime:
    furthest = epoch_milliseconds(now + 2 * _FURTHEST)
    if not 0 <= milliseconds <= furthest:
        raise InvalidRequest(f"{name}: expected milliseconds since 1970, up to twenty years ahead")
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _coupon(offers: Offers, now: datetime, request: StartRequest) -> Coupon | None:
    if request.coupon_code is None and request.coupon_number is None:
        return None
    if request.coupon_code is None or request.coupon_number is None:
        missing = "couponCode" if request.coupon_code is None else "couponNumber"
        raise InvalidRequest(f"{missing}: expected the coupon's code and its number, or neither")
    coupon = offers.coupons.get((request.coupon_code, request.coupon_number))
    named = f"{request.coupon_code} {request.coupon_number}"
    if coupon is None or coupon.product_code != request.product:
        raise InvalidRequest(f"couponNumber: there is no coupon {named} of {request.product}")
    if not coupon.is_valid(now) or version_at(coupon.prices, now) is None:
        raise InvalidRequest(f"couponNumber: the coupon {named} cannot be used now")
    if coupon.voucher_only:
        raise InvalidRequest(f"couponNumber: the coupon {named} is for who has a voucher; it is ordered with that")
    return coupon


def _period(product: Product, coupon: Coupon | None, now: datetime) -> Period:
    if coupon is not None:
        sold = version_at(coupon.prices, now)
        if sold is not None:
            return sold.period
    own = version_at(product.prices, now)
    if own is None or own.price_minor is None or own.period is None:
        raise InvalidRequest(f"couponCode: {product.product_code} is sold by coupons only; expected one of them")
    return own.period


async def _priced(call: Write[UserCaller], now: datetime, wanted: _Wanted, customer_number: int) -> Priced:
    offers, product = call.partner.offers, wanted.product
    today = day_of(now, offers.time_zone)
    found = await find_place(call.transaction, call.partner.partner_id, customer_number, today)
    country, postal_code = found or (None, None)
    place = Place(country or offers.country_code, postal_code) if found is not None else None
    if place is None and not product.digital:
        raise InvalidRequest(f"product: {product.product_code} is delivered, and the customer has no address")
    dependency = await applying_dependency(
        call.transaction,
        call.partner,
        customer_number,
        product.product_code,
        now,
        unit_price(product, wanted.coupon, now),
    )
    if wanted.coupon is not None:
        return price_coupon(
            offers, wanted.coupon, now, place=place, quantity=wanted.copies, dependency=dependency, day=today
        )
    priced = price_product(offers, product, now, place=place, quantity=wanted.copies, dependency=dependency, day=today)
    if priced is None:
        raise InvalidRequest(f"product: {product.product_code} has no price")
    return priced


def _check_end(offers: Offers, wanted: _Wanted, priced: Priced, started: StartedPeriod) -> None:
    """What is paid for is given whole: a wished end is that of the period, or it costs nothing."""
    if wanted.end_time is None or not priced.total_minor:
        return
    anchor = day_of(started.start_time, offers.time_zone).day
    end = period_end(started.start_time, wanted.period, offers.time_zone, anchor)
    if started.end_time != end:
        last_day = day_of(moved(end, -1, offers.time_zone), offers.time_zone)
        raise InvalidRequest(f"endTime: expected the last day of the period, {last_day}, or none")


def _draft(
    wanted: _Wanted, priced: Priced, started: StartedPeriod, customer_number: int, reference: str | None
) -> Draft:
    product, coupon = wanted.product, wanted.coupon
    description = coupon.description if coupon is not None else product.name
    goods = DraftLine(
        kind="subscription",
        product_code=product.product_code,
        description=description,
        quantity=priced.quantity,
        price_minor=priced.unit_price_minor * priced.quantity - priced.discount_minor,
        vat_included=priced.vat_included,
        vat_percent=priced.vat_percent,
        subscription_id=started.subscription_id,
        period_number=started.period_number,
    )
    lines = [goods]
    distribution = priced.distribution_net_minor + priced.distribution_vat_minor
    if distribution:
        lines.append(msgspec.structs.replace(goods, kind="distribution", price_minor=distribution, vat_included=True))
    return Draft(
        customer_number=customer_number,
        company_code=product.company_code,
        currency=priced.currency,
        payment_method="invoice",
        lines=tuple(lines),
        customer_reference=reference,
    )
