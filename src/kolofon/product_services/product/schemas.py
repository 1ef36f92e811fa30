"""Wire shapes of Product."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, EpochMilliseconds


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
