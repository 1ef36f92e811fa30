"""Wire shapes of Reward."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer, CustomerNumber, RequestBody

RewardId = Annotated[str, Meta(min_length=1, max_length=36, description="The reward partner's id of the reward.")]


class RewardRequest(RequestBody):
    """Which reward."""

    reward_id: RewardId
    reward_partner_id: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Number of the reward partner.")]


class RewardAnswer(Answer):
    """The reward, or nothing."""

    customer_number: CustomerNumber | None = None
    product: Annotated[str, Meta(max_length=12, description="Product code of the reward.")] | None = None
    reward_id: RewardId | None = None
