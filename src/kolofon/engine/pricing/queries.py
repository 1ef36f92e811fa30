"""All SQL of pricing."""

from collections.abc import Sequence
from datetime import datetime

from kolofon.platform.database import Reader


async def list_subscribed_products(
    database: Reader, partner_id: int, customer_number: int, product_codes: Sequence[str], now: datetime
) -> set[str]:
    """Which of some products a customer subscribes to at a time; a pause does not end a subscription."""
    rows = await database.fetch(
        """
        select distinct product_code
        from subscription
        where partner_id = $1 and customer_number = $2 and product_code = any($3::text[])
            and state in ('active', 'stopping', 'paused') and start_time <= $4
            and (state <> 'stopping' or end_time is null or end_time > $4)
        """,
        partner_id,
        customer_number,
        product_codes,
        now,
    )
    return {row["product_code"] for row in rows}
