"""All SQL of Reward."""

import msgspec

from kolofon.platform.database import Reader


class GivenReward(msgspec.Struct, frozen=True):
    """A reward that an order has taken."""

    customer_number: int | None
    product_code: str | None


async def find_reward(database: Reader, partner_id: int, reward_partner_id: int, reward_id: str) -> GivenReward | None:
    """The reward of a reward partner; None when no order has taken it."""
    row = await database.fetchrow(
        """
        select customer_number, product_code
        from customer_reward
        where partner_id = $1 and reward_partner_id = $2 and reward_id = $3
        """,
        partner_id,
        reward_partner_id,
        reward_id,
    )
    return None if row is None else GivenReward(*row)
