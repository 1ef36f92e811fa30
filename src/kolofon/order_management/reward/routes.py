"""Reward: one operation."""

from litestar import post
from litestar.params import JSONBody

from kolofon.engine.calls import ClientReads
from kolofon.order_management.reward.schemas import RewardAnswer, RewardRequest
from kolofon.order_management.reward.service import check_reward

TAG = "Reward"


@post(
    "/v1/client/reward/check",
    operation_id="checkRewardClient",
    summary="Check reward - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "reward"},
)
async def check(data: JSONBody[RewardRequest], client_reads: ClientReads) -> RewardAnswer:
    """Whether a reward has been given, and whose it is; an empty object when it has not."""
    return await check_reward(client_reads, data)


HANDLERS = [check]
