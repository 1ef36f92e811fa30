"""Check the price of a coupon, and list coupons."""

from datetime import datetime

import msgspec

from kolofon.catalogue.offers import Coupon, Offers
from kolofon.engine.calls import Read
from kolofon.engine.pricing.rules import Place, Priced, business_day, coupon_price, is_on_sale, price_coupon
from kolofon.order_management.coupon.schemas import (
    Coupons,
    ExtraProduct,
    ListedCoupon,
    Marketing,
    PriceAnswer,
    PriceRequest,
    Renewal,
)
from kolofon.platform.callers import ClientCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.money import amount


def check_coupon_price(call: Read[ClientCaller], request: PriceRequest) -> PriceAnswer:
    """What a coupon's first period costs. Raises InvalidRequest for a coupon that may not be used now."""
    offers, now = call.partner.offers, call.clock.now()
    coupon = offers.coupons.get((request.coupon_code, request.coupon_number))
    if coupon is None:
        raise InvalidRequest(f"couponNumber: there is no coupon {request.coupon_code} {request.coupon_number}")
    if not is_on_sale(offers, coupon, now):
        raise InvalidRequest(f"couponNumber: nothing is sold with {request.coupon_code} {request.coupon_number} now")
    place = _place(request)
    if place is not None and place.postal_code is None:
        # Distribution is told when both country and postal code are (documented), VAT by the country alone.
        offers = msgspec.structs.replace(offers, distribution_prices=())
    priced = price_coupon(offers, coupon, now, place=place, day=business_day(offers, now))
    product = offers.products[coupon.product_code or ""]
    return PriceAnswer(
        company_code=product.company_code,
        product=product.product_code,
        price=amount(priced.unit_price_minor, priced.currency),
        vat_amount=amount(priced.vat_minor, priced.currency),
        vatpercent=float(priced.vat_percent),
        vat_include=priced.vat_included,
        currency=priced.currency,
        dist_amount=amount(_distribution(priced), priced.currency),
        dist_amountvat=amount(priced.distribution_vat_minor, priced.currency),
        customer_number=request.customer_number,
    )


def list_coupons(call: Read[ClientCaller], product_code: str, marketing: bool) -> Coupons:
    """The coupons that sell a product to everybody now."""
    offers, now = call.partner.offers, call.clock.now()
    sold = [coupon for coupon in offers.coupons_of(product_code) if not coupon.voucher_only]
    found = [coupon for coupon in sold if is_on_sale(offers, coupon, now)]
    return Coupons(coupons=[_listed(offers, coupon, now, marketing) for coupon in found])


def list_coupon(call: Read[ClientCaller], coupon_code: str, coupon_number: int, marketing: bool) -> Coupons:
    """One coupon, if it may be used now: to order with, or as the marketing coupon of an order."""
    offers, now = call.partner.offers, call.clock.now()
    coupon = offers.coupons.get((coupon_code, coupon_number))
    usable = coupon is not None and (
        coupon.is_valid(now) if coupon.kind == "marketing" else is_on_sale(offers, coupon, now)
    )
    found = [coupon] if coupon is not None and usable else []
    return Coupons(coupons=[_listed(offers, each, now, marketing) for each in found])


def _place(request: PriceRequest) -> Place | None:
    country = (request.country_code or "").strip().upper()
    if not country:
        return None
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise InvalidRequest("countryCode: expected two letters of ISO 3166, such as NO")
    return Place(country, (request.postal_code or "").strip() or None)


def _distribution(priced: Priced) -> int:
    """Distribution in the same terms as the price."""
    return priced.distribution_net_minor + (priced.distribution_vat_minor if priced.vat_included else 0)


def _listed(offers: Offers, coupon: Coupon, now: datetime, marketing: bool) -> ListedCoupon:
    price = coupon_price(coupon, now)
    return ListedCoupon(
        coupon_code=coupon.coupon_code,
        coupon_number=coupon.coupon_number,
        start_time=None if coupon.start_time is None else epoch_milliseconds(coupon.start_time),
        end_time=None if coupon.end_time is None else epoch_milliseconds(coupon.end_time),
        description=coupon.description,
        coupon_price=None if price is None else amount(price.price_minor, price.currency),
        period_length=None if price is None else price.period.length,
        period_type=None if price is None else price.period.type,
        product_delivery_plan_id=coupon.delivery_plan_id,
        extra_products=[_extra(offers, code) for code in coupon.extra_products] or None,
        renewal=_renewal(coupon, now),
        marketing=_marketing(coupon) if marketing else None,
    )


def _extra(offers: Offers, product_code: str) -> ExtraProduct:
    product = offers.products.get(product_code)
    return ExtraProduct(product_id=product_code, description=product_code if product is None else product.name)


def _renewal(coupon: Coupon, now: datetime) -> Renewal | None:
    price = coupon_price(coupon, now)
    if price is None or price.renewal_price_minor is None or price.renewal_period is None:
        return None
    return Renewal(
        renewal_price=amount(price.renewal_price_minor, price.currency),
        period_length=price.renewal_period.length,
        period_type=price.renewal_period.type,
    )


def _marketing(coupon: Coupon) -> Marketing:
    return Marketing(
        project=coupon.project, market=coupon.market, activity=coupon.activity, sales_method=coupon.sales_method
    )
