"""Check a reward."""

from kolofon.engine.calls import Read
from kolofon.order_management.reward import queries
from kolofon.order_management.reward.schemas import RewardAnswer, RewardRequest
from kolofon.platform.callers import ClientCaller


async def check_reward(call: Read[ClientCaller], request: RewardRequest) -> RewardAnswer:
    """The reward that was given; no customer is named before its order is handed over."""
    found = await queries.find_reward(
        call.database, call.caller.partner_id, request.reward_partner_id, request.reward_id
    )
    if found is None:
        return RewardAnswer()
    return RewardAnswer(customer_number=found.customer_number, product=found.product_code, reward_id=request.reward_id)
