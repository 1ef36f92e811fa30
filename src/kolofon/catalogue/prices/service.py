"""Bringing prices to what the file says: what has changed gets a new version, valid from now."""

from datetime import datetime

import msgspec

from kolofon.catalogue.changes import Change, KindChanges, kind_of
from kolofon.catalogue.prices import queries
from kolofon.catalogue.prices.queries import ArticlePriceRow, CouponPriceRow, DistributionPriceRow, ProductPriceRow
from kolofon.catalogue.publisher_file.offers import Coupon
from kolofon.catalogue.publisher_file.products import Product
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.values import bare_postal_code, minor_units, period
from kolofon.platform.database import Connection


class NewPrices(msgspec.Struct, frozen=True):
    """What changed, and the products and coupons that thereby have changed too."""

    kinds: tuple[KindChanges, ...]
    products: set[str]
    coupons: set[tuple[str, int]]


async def put_prices(connection: Connection, partner_id: int, publisher: PublisherFile, now: datetime) -> NewPrices:
    """Add versions of all prices that have changed. Products and coupons are there already."""
    currency = publisher.partner.currency
    product_rows = [_product_row(product, currency) for product in publisher.products]
    article_rows = [row for product in publisher.products for row in _article_rows(product, currency)]
    coupon_rows = [_coupon_row(coupon, currency) for coupon in publisher.coupons if coupon.kind == "subscription"]
    codes = [product.code for product in publisher.products]
    products = await queries.put_product_prices(connection, partner_id, now, product_rows)
    articles = await queries.put_article_prices(connection, partner_id, now, codes, article_rows)
    coupons = await queries.put_coupon_prices(connection, partner_id, now, coupon_rows)
    places = await queries.put_distribution_prices(connection, partner_id, now, _distribution_rows(publisher))
    kinds = (
        _kind("product prices", sum(_has_price(row) for row in product_rows), products),
        _kind("article prices", len(article_rows), [f"{product} {category}".strip() for product, category in articles]),
        _kind("coupon prices", len(coupon_rows), [f"{code} {number}" for code, number in coupons]),
        _kind("distribution prices", len(publisher.distribution_prices), places),
    )
    return NewPrices(kinds, {*products, *(product for product, _ in articles)}, set(coupons))


def _kind(kind: str, wanted: int, codes: list[str]) -> KindChanges:
    # What is gone from the file has a new version too, so there may be more of these than the file has prices.
    return kind_of(kind, max(wanted, len(codes)), [Change("added", code) for code in codes])


def _has_price(row: ProductPriceRow) -> bool:
    return row.web_offer_price_minor is not None or row.retail_price_minor is not None


def _product_row(product: Product, currency: str) -> ProductPriceRow:
    runs_for = period(product.period) if product.period is not None else None
    return ProductPriceRow(
        product_code=product.code,
        currency=currency,
        vat_included=product.vat_included,
        web_offer_price_minor=_minor(product.web_offer_price, currency),
        retail_price_minor=_minor(product.retail_price, currency),
        period_length=runs_for.length if runs_for is not None else None,
        period_type=runs_for.type if runs_for is not None else None,
    )


def _article_rows(product: Product, currency: str) -> list[ArticlePriceRow]:
    return [
        ArticlePriceRow(
            product_code=product.code,
            article_category=entry.category or "",
            currency=currency,
            vat_included=product.vat_included,
            price_minor=minor_units(entry.price, currency),
        )
        for entry in product.article_prices
    ]


def _coupon_row(coupon: Coupon, currency: str) -> CouponPriceRow:
    if coupon.price is None or coupon.period is None:
        raise ValueError(f"the coupon {coupon.code} {coupon.number} was not checked")
    runs_for = period(coupon.period)
    renewal = period(coupon.renewal_period) if coupon.renewal_period is not None else None
    return CouponPriceRow(
        coupon_code=coupon.code,
        coupon_number=coupon.number,
        currency=currency,
        vat_included=coupon.vat_included,
        price_minor=minor_units(coupon.price, currency),
        period_length=runs_for.length,
        period_type=runs_for.type,
        renewal_price_minor=_minor(coupon.renewal_price, currency),
        renewal_period_length=renewal.length if renewal is not None else None,
        renewal_period_type=renewal.type if renewal is not None else None,
    )


def _distribution_rows(publisher: PublisherFile) -> list[DistributionPriceRow]:
    currency = publisher.partner.currency
    return [
        DistributionPriceRow(
            product_code=entry.product or "",
            country_code=entry.country,
            postal_code_from=bare_postal_code(entry.postal_code_from or ""),
            postal_code_to=bare_postal_code(entry.postal_code_to or ""),
            currency=currency,
            vat_included=entry.vat_included,
            price_minor=minor_units(entry.price, currency),
        )
        for entry in publisher.distribution_prices
    ]


def _minor(text: str | None, currency: str) -> int | None:
    return minor_units(text, currency) if text is not None else None
