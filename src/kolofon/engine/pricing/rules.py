"""What things cost, as pure functions over the catalogue in memory. Money is in minor units, VAT in per cent.

Wherever a price comes from, its VAT is that of the place of delivery on a day. docs/decisions/0018 has the choices.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from kolofon.catalogue.offers import (
    Coupon,
    CouponPrice,
    Dependency,
    Offers,
    Period,
    Product,
    ProductPrice,
    version_at,
)
from kolofon.engine.pricing.distribution import distribution_price
from kolofon.platform.dates import day_of
from kolofon.platform.errors import InvalidRequest


class Place(msgspec.Struct, frozen=True):
    """Where something is delivered to."""

    country_code: str
    postal_code: str | None


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """The money of one order line."""

    currency: str
    price_version: datetime | None
    vat_included: bool
    quantity: int
    unit_price_minor: int  # of one, as in the price list
    discount_minor: int = 0  # of all, in the price list's terms (with VAT if vat_included)
    net_minor: int  # of all, after the discount, as are the next two
    vat_percent: Decimal
    vat_minor: int
    distribution_net_minor: int = 0
    distribution_vat_minor: int = 0

    @property
    def total_minor(self) -> int:
        """All that is to be paid."""
        return self.net_minor + self.vat_minor + self.distribution_net_minor + self.distribution_vat_minor


class ListPrice(msgspec.Struct, frozen=True):
    """The price of one in a price list."""

    valid_from: datetime
    currency: str
    vat_included: bool
    price_minor: int


class _Buying(msgspec.Struct, frozen=True, kw_only=True):
    """What all prices of one question have in common."""

    offers: Offers
    now: datetime
    day: date
    place: Place | None
    quantity: int


def business_day(offers: Offers, now: datetime) -> date:
    """The day it is for the partner."""
    return day_of(now, offers.time_zone)


def vat_percent(offers: Offers, vat_kind: str | None, country_code: str, day: date) -> Decimal:
    """The rate of a kind in a country on a day; where the country has none that of the partner's country, else 0."""
    for country in (country_code, offers.country_code):
        found = [r for r in offers.vat_rates if (r.vat_kind, r.country_code) == (vat_kind, country)]
        valid = [rate for rate in found if rate.valid_from <= day]
        if valid:
            return max(valid, key=lambda rate: rate.valid_from).percent
    return Decimal(0)


def coupon_price(coupon: Coupon, now: datetime) -> CouponPrice | None:
    """The price of a coupon at a time; None: it sells nothing, or nothing yet."""
    return version_at(coupon.prices, now)


def unit_price(product: Product, coupon: Coupon | None, now: datetime) -> int:
    """What one costs with a coupon, or without; 0 for what has no price."""
    listed = coupon_price(coupon, now) if coupon is not None else list_price(product, now)
    return listed.price_minor if listed is not None else 0


def is_on_sale(offers: Offers, coupon: Coupon, now: datetime) -> bool:
    """Whether a coupon that sells a product may be ordered with at a time."""
    product = offers.products.get(coupon.product_code or "")
    valid = coupon.is_valid(now) and coupon_price(coupon, now) is not None
    return valid and product is not None and product.is_active(now)


def price_coupon(
    offers: Offers,
    coupon: Coupon,
    now: datetime,
    *,
    place: Place | None,
    quantity: int = 1,
    dependency: Dependency | None = None,
    day: date,
) -> Priced:
    """What a coupon's period costs. Raises InvalidRequest for a coupon without a price at that time."""
    price = coupon_price(coupon, now)
    product = offers.products.get(coupon.product_code or "")
    if price is None or product is None:
        raise InvalidRequest(f"the coupon {coupon.coupon_code} {coupon.coupon_number} has no price")
    buying = _Buying(offers=offers, now=now, day=day, place=place, quantity=quantity)
    listed = ListPrice(price.valid_from, price.currency, price.vat_included, price.price_minor)
    return _priced(buying, product, listed, dependency)


def price_product(
    offers: Offers,
    product: Product,
    now: datetime,
    *,
    place: Place | None,
    quantity: int = 1,
    dependency: Dependency | None = None,
    day: date,
) -> Priced | None:
    """What a product costs without a coupon: its web offer, else its retail price. None: it has no price."""
    listed = list_price(product, now)
    if listed is None:
        return None
    buying = _Buying(offers=offers, now=now, day=day, place=place, quantity=quantity)
    return _priced(buying, product, listed, dependency)


def price_article(
    offers: Offers, product: Product, article_category: str | None, now: datetime, *, place: Place | None, day: date
) -> Priced | None:
    """What one article costs: the price of its category, else that of all others. None: it is not sold."""
    listed = _article_price(product, article_category or "", now) or _article_price(product, "", now)
    if listed is None:
        return None
    buying = _Buying(offers=offers, now=now, day=day, place=place, quantity=1)
    return _priced(buying, product, listed, None)


def price_renewal(
    offers: Offers,
    coupon: Coupon | None,
    product: Product,
    now: datetime,
    *,
    place: Place | None,
    quantity: int = 1,
    day: date,
) -> tuple[Priced, Period] | None:
    """What the next period costs and how long it is, by the coupon or else the product. None: it does not renew."""
    found = _product_renewal(product, now) if coupon is None else _coupon_renewal(coupon, now)
    if found is None:
        return None
    listed, period = found
    buying = _Buying(offers=offers, now=now, day=day, place=place, quantity=quantity)
    return _priced(buying, product, listed, None), period


def discounted(dependency: Dependency, unit_price_minor: int, quantity: int) -> int:
    """The discount of all copies, in the terms of the price; never more than the price."""
    if dependency.discount_percent:
        share = Decimal(unit_price_minor * quantity) * dependency.discount_percent / 100
        return int(share.quantize(Decimal(1), ROUND_HALF_UP))
    return min(dependency.discount_amount_minor, unit_price_minor) * quantity


def share_vat(lines: Sequence[tuple[Decimal, bool, int]]) -> list[tuple[int, int]]:
    """Net and VAT of each line, from (per cent, whether VAT is included, price of the line, which is not negative).

    VAT is reckoned for each rate from the sum of its lines, rounded half up, and shared out to the lines with the
    largest remainders, so that the lines add up to it.
    """
    shares: list[tuple[int, int]] = [(0, 0)] * len(lines)
    for percent in {line[0] for line in lines}:
        indexes = [index for index, line in enumerate(lines) if line[0] == percent]
        vats = _vat_of_rate(percent, [lines[index][1:] for index in indexes])
        for index, vat in zip(indexes, vats, strict=True):
            _, included, price = lines[index]
            shares[index] = (price - vat if included else price, vat)
    return shares


def _vat_of_rate(percent: Decimal, lines: list[tuple[bool, int]]) -> list[int]:
    """The VAT of lines of one rate. Whole numbers of one denominator: exact, and faster than fractions."""
    rate = int(percent * 100)
    gross = 10_000 + rate
    denominator = 10_000 * gross
    exact = [price * rate * (10_000 if included else gross) for included, price in lines]
    vats = [numerator // denominator for numerator in exact]
    missing = (2 * sum(exact) + denominator) // (2 * denominator) - sum(vats)
    by_remainder = sorted(range(len(exact)), key=lambda index: -(exact[index] % denominator))
    for index in by_remainder[:missing]:
        vats[index] += 1
    return vats


def _priced(buying: _Buying, product: Product, listed: ListPrice, dependency: Dependency | None) -> Priced:
    full = listed.price_minor * buying.quantity
    discount = 0 if dependency is None else discounted(dependency, listed.price_minor, buying.quantity)
    country = buying.offers.country_code if buying.place is None else buying.place.country_code
    percent = vat_percent(buying.offers, product.vat_kind, country, buying.day)
    goods = (percent, listed.vat_included, full - discount)
    (net, vat), (distribution_net, distribution_vat) = share_vat(
        [goods, _distribution(buying, product, listed, percent)]
    )
    return Priced(
        currency=listed.currency,
        price_version=listed.valid_from,
        vat_included=listed.vat_included,
        quantity=buying.quantity,
        unit_price_minor=listed.price_minor,
        discount_minor=discount,
        net_minor=net,
        vat_percent=percent,
        vat_minor=vat,
        distribution_net_minor=distribution_net,
        distribution_vat_minor=distribution_vat,
    )


def _distribution(buying: _Buying, product: Product, listed: ListPrice, percent: Decimal) -> tuple[Decimal, bool, int]:
    """The line that brings the copies: each of them costs the same, with the VAT of the product."""
    place = buying.place
    price = None
    if place is not None:
        price = distribution_price(buying.offers, product, place.country_code, place.postal_code, buying.now)
    # What is asked for in another currency cannot be added.
    if price is None or price.price_minor is None or price.currency != listed.currency:
        return percent, listed.vat_included, 0
    return percent, price.vat_included, price.price_minor * buying.quantity


def list_price(product: Product, now: datetime) -> ListPrice | None:
    """The price of a product without a coupon; None: it is not sold so."""
    price = version_at(product.prices, now)
    if price is None or price.price_minor is None:
        return None
    return ListPrice(price.valid_from, price.currency, price.vat_included, price.price_minor)


def _article_price(product: Product, category: str, now: datetime) -> ListPrice | None:
    price = version_at(product.article_prices.get(category, ()), now)
    # A category whose price was taken back is one of the others again.
    if price is None or price.price_minor is None:
        return None
    return ListPrice(price.valid_from, price.currency, price.vat_included, price.price_minor)


def _coupon_renewal(coupon: Coupon, now: datetime) -> tuple[ListPrice, Period] | None:
    price = coupon_price(coupon, now)
    if price is None or price.renewal_price_minor is None or price.renewal_period is None:
        return None
    listed = ListPrice(price.valid_from, price.currency, price.vat_included, price.renewal_price_minor)
    return listed, price.renewal_period


def _product_renewal(product: Product, now: datetime) -> tuple[ListPrice, Period] | None:
    price: ProductPrice | None = version_at(product.prices, now)
    listed = list_price(product, now)
    if price is None or listed is None or price.period is None:
        return None
    return listed, price.period
