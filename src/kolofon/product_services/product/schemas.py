"""Wire shapes of Product."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, EpochMilliseconds, RequestBody


class CustomerProduct(Answer):
    """One product and how far the customer's access to it goes."""

    product_id: Annotated[str, Meta(max_length=12, description="Product code.")]
    access_type: Annotated[
        Literal["A", "B", "D"],
        Meta(description="A: access without a set end, B: from startTime to endTime, D: no access."),
    ]
    start_time: EpochMilliseconds | None = None
    end_time: EpochMilliseconds | None = None


class CustomerProducts(Answer):
    """The products the customer has or had, those that come along with them included."""

    products: list[CustomerProduct]


class ProductCheck(RequestBody):
    """Which products; without members all of them."""

    changed_after: (
        Annotated[EpochMilliseconds, Meta(description="Only what changed after this moment, it not included.")] | None
    ) = None
    only_active: Annotated[bool, Meta(description="Only what is sold now: startTime to endTime holds now.")] | None = (
        None
    )


class SoldProduct(Answer):
    """A product. Members that may be null are always there, as existing clients know them."""

    company_code: Annotated[str, Meta(max_length=12, description="Company that sells it.")]
    product: Annotated[str, Meta(max_length=12, description="Product code.")]
    description: Annotated[str, Meta(description="Name of the product.")]
    product_type: Annotated[str, Meta(description="subscription, issue, single or article.")] | None
    weight: Annotated[float, Meta(description="In grams.")] | None
    campaigns: str | None
    currency: Annotated[str, Meta(max_length=3, description="ISO 4217, such as NOK.")] | None
    web_offer_price: Annotated[float, Meta(description="Price in the web shop.")] | None
    retail_price: Annotated[float, Meta(description="Price without an offer.")] | None
    vat_percent: Annotated[float, Meta(description="Rate of the VAT in the partner's country, in per cent.")]
    digital: Annotated[bool, Meta(description="Nothing is brought anywhere.")]
    start_time: Annotated[EpochMilliseconds, Meta(description="The product is active from.")] | None
    end_time: Annotated[EpochMilliseconds, Meta(description="The product is active until.")] | None


class Products(Answer):
    """Products by their codes."""

    products: list[SoldProduct]
