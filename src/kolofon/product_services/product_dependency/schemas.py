"""Wire shapes of ProductDependency."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer, Code, CustomerNumber, RequestBody


class DiscountRequest(RequestBody):
    """Who buys what."""

    customer_number: CustomerNumber
    product: Annotated[Code, Meta(description="Product about to be bought.")]


class ProductDependency(Answer):
    """A discount that the customer has: per cent, or an amount for each copy."""

    product: Annotated[str, Meta(max_length=12, description="The product whose subscription gives the discount.")]
    discount_percent: Annotated[float, Meta(description="0 when it is an amount.")]
    discount_amount: Annotated[float, Meta(description="In the terms of the price list; 0 when it is per cent.")]


class DiscountAnswer(Answer):
    """All discounts that apply. An order is given the best of them."""

    product: Annotated[str, Meta(max_length=12, description="Product about to be bought.")]
    discount: Annotated[bool, Meta(description="Whether any applies.")]
    product_dependencies: list[ProductDependency]
