"""Check the price of an article."""

from datetime import date

from kolofon.catalogue.offers import Offers, Product
from kolofon.engine.calls import Read
from kolofon.engine.customers.queries import find_customer_number, find_place
from kolofon.engine.pricing.rules import Place, business_day, price_article
from kolofon.order_management.article.schemas import ArticlePriceAnswer, ArticlePriceRequest
from kolofon.platform.callers import UserCaller
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.money import amount


async def check_article_price(call: Read[UserCaller], request: ArticlePriceRequest) -> ArticlePriceAnswer:
    """The price of one article for the user. Raises InvalidRequest for what is not sold."""
    offers, now = call.partner.offers, call.clock.now()
    product = _product(offers, request)
    if not product.is_active(now):
        raise InvalidRequest(f"product: {request.product} is not sold at present")
    day = business_day(offers, now)
    place = await _place(call, day)
    priced = price_article(offers, product, request.article_category, now, place=place, day=day)
    if priced is None:
        raise InvalidRequest(
            f"articleCategory: articles of the category {request.article_category} are not sold"
            if request.article_category
            else "articleCategory: expected a category, since the price hangs on it"
        )
    return ArticlePriceAnswer(
        company_code=request.company_code,
        product=request.product,
        article_ref=request.article_ref,
        price=amount(priced.unit_price_minor, priced.currency),
        vat_amount=amount(priced.vat_minor, priced.currency),
        vatpercent=float(priced.vat_percent),
        vat_include=priced.vat_included,
        currency=priced.currency,
    )


async def _place(call: Read[UserCaller], day: date) -> Place | None:
    """Where the user's customer is found; None when nobody knows."""
    partner_id = call.caller.partner_id
    number = await find_customer_number(call.database, partner_id, call.caller.unique_id)
    found = await find_place(call.database, partner_id, number, day) if number is not None else None
    return Place(found[0], None) if found is not None and found[0] is not None else None


def _product(offers: Offers, request: ArticlePriceRequest) -> Product:
    if request.company_code not in offers.companies:
        raise InvalidRequest(f"companyCode: there is no company {request.company_code}")
    product = offers.products.get(request.product)
    if product is None or product.company_code != request.company_code:
        raise InvalidRequest(f"product: {request.company_code} has no product {request.product}")
    if product.product_type != "article":
        raise InvalidRequest(
            f"product: expected a product of type article, {request.product} is {product.product_type}"
        )
    return product
