"""Wire shapes of ProductDeliveryPlan."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer

Day = Annotated[
    Literal["fullAccessAndDelivery", "onlyPhysicalDelivery", "onlyDigitalAccess", "noAccessOrDelivery"],
    Meta(description="What a subscriber gets on that weekday: digital access, the paper, both or neither."),
]


class ProductDeliveryPlan(Answer):
    """One plan."""

    product_delivery_plan_id: Annotated[int, Meta(description="What coupons and subscriptions refer to.")]
    plan_name: Annotated[str, Meta(max_length=12, description="Name of the plan.")]
    monday: Day
    tuesday: Day
    wednesday: Day
    thursday: Day
    friday: Day
    saturday: Day
    sunday: Day
