"""Hand-made catalogues for the rules."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kolofon.catalogue.offers import (
    ArticlePrice,
    Coupon,
    CouponPrice,
    Dependency,
    DistributionPrice,
    Offers,
    Period,
    Product,
    ProductPrice,
    VatRate,
)

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = date(2026, 6, 1)
MONTH = Period(1, "months")


def product(code: str = "PAPER", **members: Any) -> Product:
    """A product that is sold and brought to people."""
    values: dict[str, Any] = {
        "product_code": code,
        "company_code": "HOUSE",
        "name": code,
        "product_type": "subscription",
        "retired": False,
        "vat_kind": "GOODS",
        "digital": False,
        "shop": True,
        "weight": None,
        "campaigns": None,
        "start_time": None,
        "end_time": None,
        "access_days": None,
        "changed_at": FIRST,
    }
    return Product(**(values | members))


def coupon(price_minor: int | None = 10000, *, included: bool = True, **members: Any) -> Coupon:
    """A coupon of PAPER."""
    prices = () if price_minor is None else (coupon_version(price_minor, included=included),)
    values: dict[str, Any] = {
        "coupon_code": "PAPER",
        "coupon_number": 1,
        "kind": "subscription",
        "product_code": "PAPER",
        "description": "Paper",
        "start_time": None,
        "end_time": None,
        "delivery_plan_id": None,
        "extra_products": (),
        "project": None,
        "market": None,
        "activity": None,
        "sales_method": None,
        "retired": False,
        "prices": prices,
    }
    return Coupon(**(values | members))


def coupon_version(price_minor: int, valid_from: datetime = FIRST, *, included: bool = True) -> CouponPrice:
    """A price of a coupon that renews at twice as much."""
    return CouponPrice(
        valid_from=valid_from,
        currency="NOK",
        vat_included=included,
        price_minor=price_minor,
        period=MONTH,
        renewal_price_minor=2 * price_minor,
        renewal_period=Period(3, "months"),
    )


def product_price(web: int | None, retail: int | None, valid_from: datetime = FIRST, **members: Any) -> ProductPrice:
    """A price of a product."""
    return ProductPrice(
        valid_from=valid_from,
        currency="NOK",
        vat_included=True,
        web_offer_price_minor=web,
        retail_price_minor=retail,
        **members,
    )


def article_price(price_minor: int | None, valid_from: datetime = FIRST) -> ArticlePrice:
    """A price of an article."""
    return ArticlePrice(valid_from=valid_from, currency="NOK", vat_included=True, price_minor=price_minor)


def distribution(price_minor: int | None, **members: Any) -> DistributionPrice:
    """A price of bringing all products anywhere in Norway."""
    values: dict[str, Any] = {
        "product_code": "",
        "country_code": "NO",
        "postal_code_from": "",
        "postal_code_to": "",
        "valid_from": FIRST,
        "currency": "NOK",
        "vat_included": True,
        "price_minor": price_minor,
    }
    return DistributionPrice(**(values | members))


def vat(percent: str, country: str = "NO", kind: str = "GOODS", valid_from: date = date(2000, 1, 1)) -> VatRate:
    """A rate."""
    return VatRate(vat_kind=kind, country_code=country, valid_from=valid_from, percent=Decimal(percent))


def percent_off(percent: str, required: str = "DIGI") -> Dependency:
    """A discount in per cent on PAPER."""
    return Dependency(
        product_code="PAPER",
        required_product_code=required,
        discount_percent=Decimal(percent),
        discount_amount_minor=0,
    )


def amount_off(minor: int, required: str = "DIGI") -> Dependency:
    """A discount of an amount for each copy of PAPER."""
    return Dependency(
        product_code="PAPER",
        required_product_code=required,
        discount_percent=Decimal(0),
        discount_amount_minor=minor,
    )


def offers(*products: Product, **members: Any) -> Offers:
    """What a Norwegian partner sells: PAPER unless something else is given."""
    sold = products or (product(),)
    values: dict[str, Any] = {
        "country_code": "NO",
        "currency": "NOK",
        "time_zone": "Europe/Oslo",
        "products": {each.product_code: each for each in sold},
        "vat_rates": (vat("25"), vat("6", "SE")),
    }
    return Offers(**(values | members))
