"""List what the partner sells."""

from datetime import datetime

from kolofon.catalogue.offers import Offers, Product, ProductType, version_at
from kolofon.engine.calls import Read
from kolofon.engine.pricing.rules import business_day, vat_percent
from kolofon.platform.callers import ClientCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.money import amount
from kolofon.product_services.product.schemas import ProductCheck, Products, SoldProduct


def list_sold_products(
    call: Read[ClientCaller], *, product_id: str | None, shop: bool, product_type: ProductType | None = None
) -> Products:
    """The products that have not been taken from sale."""
    found = [
        product
        for product in call.partner.offers.products.values()
        if not product.retired
        and product_type in (None, product.product_type)
        and product_id in (None, "", product.product_code)
    ]
    return _answer(call, found, shop)


def check_sold_products(call: Read[ClientCaller], request: ProductCheck, *, shop: bool) -> Products:
    """The products by when they changed and whether they are sold now; also those that were taken from sale."""
    now = call.clock.now()
    found = [
        product
        for product in call.partner.offers.products.values()
        if (request.changed_after is None or _changed_at(product, now) > request.changed_after)
        and (product.is_active(now) or not request.only_active)
    ]
    return _answer(call, found, shop)


def _answer(call: Read[ClientCaller], found: list[Product], shop: bool) -> Products:
    wanted = [product for product in found if product.shop or not shop]
    wanted.sort(key=lambda product: product.product_code)
    return Products(products=[_sold(call.partner.offers, product, call.clock.now()) for product in wanted])


def _sold(offers: Offers, product: Product, now: datetime) -> SoldProduct:
    price = version_at(product.prices, now)
    percent = vat_percent(offers, product.vat_kind, offers.country_code, business_day(offers, now))
    return SoldProduct(
        company_code=product.company_code,
        product=product.product_code,
        description=product.name,
        product_type=product.product_type,
        weight=None if product.weight is None else float(product.weight),
        campaigns=product.campaigns,
        currency=None if price is None else price.currency,
        web_offer_price=None if price is None else _amount(price.web_offer_price_minor, price.currency),
        retail_price=None if price is None else _amount(price.retail_price_minor, price.currency),
        vat_percent=float(percent),
        digital=product.digital,
        start_time=_milliseconds(product.start_time),
        end_time=_milliseconds(_end(product)),
    )


def _changed_at(product: Product, now: datetime) -> int:
    """When the product changed last; a price may have been loaded long before it came into force."""
    price = version_at(product.prices, now)
    moments = [product.changed_at] if price is None else [product.changed_at, price.valid_from]
    return epoch_milliseconds(max(moments))


def _end(product: Product) -> datetime | None:
    """A product that was taken from sale ended then: nothing else would tell who keeps a copy."""
    if not product.retired:
        return product.end_time
    return product.changed_at if product.end_time is None else min(product.end_time, product.changed_at)


def _amount(minor: int | None, currency: str) -> float | None:
    return None if minor is None else amount(minor, currency)


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else epoch_milliseconds(time)
