"""Check the discounts that a customer has on a product."""

from kolofon.engine.calls import Read
from kolofon.engine.customers.service import check_customer
from kolofon.engine.pricing.service import applying_dependencies
from kolofon.platform.callers import ClientCaller
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.money import amount
from kolofon.product_services.product_dependency.schemas import DiscountAnswer, DiscountRequest, ProductDependency


async def check_discount(call: Read[ClientCaller], request: DiscountRequest) -> DiscountAnswer:
    """The discounts for the customer's subscriptions. Raises NotFound, and InvalidRequest for an unknown product."""
    partner = call.partner
    await check_customer(call.database, partner.partner_id, request.customer_number)
    if request.product not in partner.offers.products:
        raise InvalidRequest(f"product: there is no product {request.product}")
    found = await applying_dependencies(
        call.database, partner, request.customer_number, request.product, call.clock.now()
    )
    return DiscountAnswer(
        product=request.product,
        discount=bool(found),
        product_dependencies=[
            ProductDependency(
                product=dependency.required_product_code,
                discount_percent=float(dependency.discount_percent),
                discount_amount=amount(dependency.discount_amount_minor, partner.offers.currency),
            )
            for dependency in found
        ],
    )
